"""W23: docs/sbom.json lists what the site is made of, as the lock file and the checksums say, with licences."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from roadmunk import lock, sbom

ROOT = Path(__file__).parents[2]
DOCUMENT = json.loads(sbom.SBOM.read_text())
COMPONENTS = DOCUMENT["components"]
#: Licences under which the whole may be run by anybody and changed; what else comes in is looked at by a person first.
WELCOME = re.compile(
    r"0BSD|Apache|BSD|ISC|MIT|MPL-2\.0|Mozilla Public License 2\.0|OFL-1\.1|PSF|Python Software Foundation|"
    r"GNU Library or Lesser General Public License"
)


def test_it_is_what_the_lock_file_makes() -> None:
    assert sbom.build() == DOCUMENT, "Run `make sbom`."


def test_it_names_every_package_that_the_site_runs_on_at_its_locked_version() -> None:
    runtime = lock.LOCK.read_text().partition(lock.MARKER)[0]
    locked = dict(re.findall(r"^([\w.-]+)==(\S+)", runtime, re.M))
    listed = {each["name"]: each["version"] for each in COMPONENTS if each["type"] == "library"}
    assert listed == locked
    assert all(each["purl"] == f"pkg:pypi/{each['name']}@{each['version']}" for each in COMPONENTS if "purl" in each)


def test_it_names_every_copied_file_with_its_checksum() -> None:
    files = {each["name"]: each["hashes"][0]["content"] for each in COMPONENTS if each["type"] == "file"}
    assert files
    assert {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in files} == files


def test_every_licence_is_stated_and_welcome() -> None:
    licences = {each["name"]: sbom.licence_of(each) for each in COMPONENTS}
    assert {name: licence for name, licence in licences.items() if not WELCOME.search(licence)} == {}


@pytest.mark.parametrize("name", ["django", "celery", "whitenoise"])
def test_a_licence_is_what_the_package_says_of_itself(name: str) -> None:
    assert sbom.stated_licence(name)
    component = next(each for each in COMPONENTS if each["name"] == name)
    assert sbom.licence_of(component) == sbom.stated_licence(name)


def test_a_missing_package_is_an_error_and_no_blank() -> None:
    with pytest.raises(sbom.metadata.PackageNotFoundError):
        sbom.stated_licence("no-such-package")


def test_what_is_copied_in_for_tests_is_checked_by_hash_too() -> None:
    folder = ROOT / "tests" / "browser" / "vendor"
    stated = dict(re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", (folder / "README.md").read_text(), re.M))
    assert {str(path.relative_to(folder)) for path in folder.rglob("*.js")} == stated.keys()
    assert {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in stated} == stated
