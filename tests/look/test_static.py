"""The static files are what they claim to be, fit together, and survive the renaming that production does."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.test import override_settings

from roadmunk.settings import STORAGES

STATIC = settings.BASE_DIR / "static"
CSS = sorted((STATIC / "css").glob("*.css"))
#: A row of static/vendor/README.md: file, version, licence, origin, checksum.
ROW = re.compile(r"^\| `([^`]+)` \| [^|]+ \| [^|]+ \| [^|]+ \| `([0-9a-f]{64})` \|$", re.M)


def _rules(css: str) -> str:
    return re.sub(r"/\*.*?\*/", "", css, flags=re.S)


def test_vendored_files_are_the_ones_that_were_checked_in() -> None:
    rows = dict(ROW.findall((STATIC / "vendor" / "README.md").read_text(encoding="utf-8")))
    code = {".js", ".css", ".woff2", ".ttf", ".svg"}
    vendored = {str(f.relative_to(STATIC)) for f in (STATIC / "vendor").rglob("*") if f.suffix in code}
    assert set(rows) == vendored | {"icons.svg"}
    assert {name: hashlib.sha256((STATIC / name).read_bytes()).hexdigest() for name in rows} == rows


def test_each_vendored_folder_holds_its_licence() -> None:
    folders = [folder for folder in (STATIC / "vendor").iterdir() if folder.is_dir()]
    assert folders
    assert [folder.name for folder in folders if not (folder / "LICENSE").is_file()] == []


@pytest.mark.parametrize("path", CSS, ids=lambda path: path.name)
def test_no_stylesheet_selects_by_id(path: Path) -> None:
    selectors = re.findall(r"([^{};]+)\{", _rules(path.read_text(encoding="utf-8")))
    assert [s.strip() for s in selectors if "#" in s] == []


def test_every_colour_is_a_token() -> None:
    """Only tokens.css names colours; the one exception is the shade behind a dialog, equal in both themes."""
    loose = [
        f"{path.name}: {colour}"
        for path in CSS
        if path.name != "tokens.css"
        for colour in re.findall(
            r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch)a?\([^)]*\)", _rules(path.read_text(encoding="utf-8"))
        )
    ]
    assert loose == ["surfaces.css: rgb(12 14 20 / 0.45)"]


def test_every_token_that_is_used_is_defined() -> None:
    css = _rules("\n".join(path.read_text(encoding="utf-8") for path in CSS))
    defined = set(re.findall(r"(--[a-z0-9-]+)\s*:", css))
    assert set(re.findall(r"var\((--[a-z0-9-]+)", css)) - defined == set()


def test_production_can_rename_every_file(tmp_path: Path) -> None:
    """The manifest storage follows each import and address in the stylesheets, and fails on one that is missing."""
    with override_settings(STATIC_ROOT=str(tmp_path), STORAGES=STORAGES):
        call_command("collectstatic", interactive=False, verbosity=0)
        stylesheet = staticfiles_storage.path(staticfiles_storage.stored_name("css/app.css"))
    imports = re.findall(r'url\("([^"]+)"\)', Path(stylesheet).read_text(encoding="utf-8"))
    assert len(imports) == len(CSS) - 1
    assert all(re.fullmatch(r"[a-z]+\.[0-9a-f]{12}\.css", name) for name in imports)
    assert all((tmp_path / "css" / name).is_file() for name in imports)
