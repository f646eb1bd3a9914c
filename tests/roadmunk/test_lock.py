"""The lock file has two parts, pins everything by hash, and agrees with pyproject.toml."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from roadmunk import lock

ROOT = Path(__file__).parents[2]
RUNTIME, DEVELOPMENT = lock.LOCK.read_text().split(lock.MARKER)


def pins(part: str) -> dict[str, str]:
    return {canonicalize_name(lock.name_of(entry)): entry for entry in lock.entries(part)}


def test_every_package_is_pinned_by_hash() -> None:
    """W23."""
    entries = lock.entries(RUNTIME) + lock.entries(DEVELOPMENT)
    assert len(entries) > 50
    assert all("==" in entry.splitlines()[0] and "--hash=sha256:" in entry for entry in entries)


def test_no_package_stands_in_both_parts() -> None:
    assert not set(pins(RUNTIME)) & set(pins(DEVELOPMENT))


def test_what_pyproject_asks_for_is_locked_in_its_part() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = {RUNTIME: project["project"]["dependencies"], RUNTIME + DEVELOPMENT: project["dependency-groups"]["dev"]}
    for part, wanted in groups.items():
        locked = pins(part)
        for line in wanted:
            requirement = Requirement(line)
            entry = locked[canonicalize_name(requirement.name)]
            version = entry.partition("==")[2].split()[0]
            assert requirement.specifier.contains(version), line


def test_the_parts_are_joined_without_doubles() -> None:
    runtime = "# by uv\na==1 \\\n    --hash=sha256:aa\nb[extra]==2 ; python_version < '3' \\\n    --hash=sha256:bb\n"
    everything = runtime + "c==3 \\\n    --hash=sha256:cc\n    # a note\n"
    joined = lock.join_parts(runtime, everything)
    assert joined.startswith(lock.HEADER)
    first, second = joined.split(lock.MARKER)
    assert [lock.name_of(entry) for entry in lock.entries(first)] == ["a", "b"]
    assert [lock.name_of(entry) for entry in lock.entries(second)] == ["c"]


def test_only_one_driver_of_the_database_is_installed() -> None:
    """Django silently prefers psycopg 3 where both are there."""
    names = set(pins(RUNTIME)) | set(pins(DEVELOPMENT))
    assert "psycopg2-binary" in names
    assert "psycopg" not in names


@pytest.mark.parametrize("name", ["Makefile", "Dockerfile"])
def test_nothing_is_installed_without_its_hash(name: str) -> None:
    """W23: neither by `make` nor into the image."""
    lines = (ROOT / name).read_text().replace("\\\n", "").splitlines()
    installs = [line for line in lines if "pip install" in line]
    assert installs
    assert [line for line in installs if "--require-hashes" not in line] == []


def test_what_is_installed_is_what_the_lock_file_says() -> None:
    """W23: the same tree. What the lock file keeps for other systems and older Pythons is not looked for."""
    locked = [Requirement(each.splitlines()[0].rstrip(" \\")) for each in lock.entries(RUNTIME + DEVELOPMENT)]
    wanted = {each.name: str(each.specifier) for each in locked if each.marker is None or each.marker.evaluate()}
    installed = {canonicalize_name(each.name): f"=={each.version}" for each in metadata.distributions()}
    assert {name: installed.get(canonicalize_name(name)) for name in wanted} == wanted
