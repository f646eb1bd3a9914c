"""Who may know whom: imports run from right to left only, and what is dangerous has one door.

accounts <- roadmaps <- integrations; roadmunk ties them together; tracker_sandbox stands alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("accounts", "roadmaps", "integrations", "roadmunk", "tracker_sandbox")
#: Of our packages, what each may import besides itself.
MAY_IMPORT = {
    "accounts": set[str](),
    "roadmaps": {"accounts"},
    "integrations": {"accounts", "roadmaps"},
    "roadmunk": {"accounts", "roadmaps", "integrations"},
    "tracker_sandbox": set[str](),
}
#: Modules of roadmunk that start things and so must work without Django.
WITHOUT_DJANGO = ("embedded", "processes", "supervisor", "sandbox", "secrets", "probe", "lock", "sbom")
TRACKER = ROOT / "integrations" / "connectors" / "pivotal_tracker"
#: What only somebody who knows Tracker would write.
TRACKER_WORDS = re.compile(
    r"services/v5|X-TrackerToken|X-Tracker-|current_state|project_version|/projects/\{", re.IGNORECASE
)


def modules(package: str) -> list[Path]:
    return sorted(path for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts)


def imports(path: Path) -> Iterator[str]:
    """Dotted names that a file imports, at its top or anywhere in it, by statement or by name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and _name(node.func) in {"import_module", "import_string", "__import__"}:
            yield from (argument.value for argument in node.args if _is_text(argument))


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def importers(library: str) -> set[str]:
    """Our files that import a library, as paths below the checkout."""
    return {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in modules(package)
        if any(name == library or name.startswith(f"{library}.") for name in imports(path))
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_run_from_right_to_left(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(package)
        for name in imports(path)
        if name.partition(".")[0] in set(PACKAGES) - allowed
    }
    assert wrong == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_the_packages_are_there_to_be_checked(package: str) -> None:
    """An empty list would pass every check."""
    assert len(modules(package)) > 3


def test_an_import_inside_a_function_is_seen_too(tmp_path: Path) -> None:
    file = tmp_path / "sneaky.py"
    file.write_text("def f():\n    from roadmaps import models\n    import_module('integrations.vault')\n")
    assert list(imports(file)) == ["roadmaps", "roadmaps.models", "integrations.vault"]


@pytest.mark.parametrize("name", WITHOUT_DJANGO)
def test_what_starts_the_site_needs_no_django(name: str) -> None:
    known = {f"roadmunk.{each}" for each in WITHOUT_DJANGO}
    modules_named = {each for each in imports(ROOT / "roadmunk" / f"{name}.py") if each != "roadmunk"}
    ours = {".".join(each.split(".")[:2]) for each in modules_named if each.partition(".")[0] in {"django", *PACKAGES}}
    assert ours <= known


def test_secrets_are_sealed_and_opened_in_one_place() -> None:
    assert importers("cryptography") == {"integrations/vault.py"}


def test_requests_leave_by_one_door() -> None:
    """W6, W7: one session with no redirects, a size cap, a deadline and an allowed host."""
    assert importers("requests") == {"integrations/http.py", "integrations/deadline.py"}
    assert importers("integrations.deadline") == {"integrations/http.py"}
    for library in ("urllib.request", "httpx", "aiohttp"):
        assert importers(library) == set()


def test_only_the_connector_knows_tracker() -> None:
    speakers = {
        str(path.relative_to(ROOT))
        for package in ("accounts", "roadmaps", "integrations", "roadmunk")
        for path in modules(package)
        if TRACKER not in path.parents and TRACKER_WORDS.search(path.read_text())
    }
    assert speakers == set()
    assert any(TRACKER_WORDS.search(path.read_text()) for path in TRACKER.glob("*.py"))


def test_nothing_names_a_connector_by_import() -> None:
    """The registry finds connectors by their folder, so a second one edits no file."""
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for package in PACKAGES
        for path in modules(package)
        if TRACKER not in path.parents
        for name in imports(path)
        if "pivotal_tracker" in name
    }
    assert wrong == set()


def test_a_connector_sees_no_database_settings_or_vault() -> None:
    """It is plain Python: records in, records out."""
    forbidden = (
        "django",
        "accounts",
        "roadmaps",
        "roadmunk",
        "celery",
        "integrations.models",
        "integrations.vault",
        "os",
    )
    wrong = {
        f"{path.name} imports {name}"
        for path in (ROOT / "integrations" / "connectors").rglob("*.py")
        for name in imports(path)
        for each in forbidden
        if name == each or name.startswith(f"{each}.")
    }
    assert wrong == set()


@pytest.mark.parametrize(
    "path",
    [
        "integrations/sync/mapping.py",
        "integrations/sync/plan.py",
        "roadmaps/query.py",
        "integrations/connectors/pivotal_tracker/stories.py",
    ],
)
def test_what_is_difficult_is_pure(path: str) -> None:
    """No ORM, no network, no clock: cheap to test, and the same answer every time."""
    impure = ("django.db", "django.utils.timezone", "requests", "time", "integrations.http")
    found = [name for name in imports(ROOT / path) for each in impure if name == each or name.startswith(f"{each}.")]
    assert found == []
