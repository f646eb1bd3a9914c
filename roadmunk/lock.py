"""`make lock`: writes requirements.lock from pyproject.toml, in two parts that plain pip installs with hashes.

What the site runs on comes first, what only developers need after the marker. Versions that still fit are kept;
`make lock ARGS=--upgrade` takes the newest that pyproject.toml allows.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
HEADER = "# Made by `make lock` from pyproject.toml; plain pip installs it with --require-hashes.\n"
MARKER = "# development\n"
_OPTIONS = ("--quiet", "--generate-hashes", "--universal", "--python-version", "3.11", "--no-annotate", "--no-header")


def main() -> None:
    """Compile both parts and write the lock file; options, such as --upgrade, go to uv."""
    old_runtime, _, old_development = LOCK.read_text().partition(MARKER)
    with tempfile.TemporaryDirectory() as directory:
        runtime, everything = Path(directory, "runtime.txt"), Path(directory, "everything.txt")
        runtime.write_text(old_runtime)
        everything.write_text(old_runtime + old_development)
        _compile(runtime, *sys.argv[1:])
        _compile(everything, "--group", "dev", "--constraints", str(runtime), *sys.argv[1:])
        LOCK.write_text(join_parts(runtime.read_text(), everything.read_text()))


def join_parts(runtime: str, everything: str) -> str:
    """Return the lock file: the runtime part, the marker, and what `everything` holds beyond it."""
    known = {name_of(entry) for entry in entries(runtime)}
    beyond = [entry for entry in entries(everything) if name_of(entry) not in known]
    return HEADER + "".join(entries(runtime)) + MARKER + "".join(beyond)


def entries(text: str) -> list[str]:
    """Split a requirements file into requirements, each with the lines of its hashes."""
    found: list[str] = []
    for line in text.splitlines(keepends=True):
        if line.startswith("#") or not line.strip():
            continue
        if line[0].isspace():
            found[-1] += line
        else:
            found.append(line)
    return found


def name_of(entry: str) -> str:
    """Return the package's name: what stands before the version."""
    return entry.partition("==")[0].partition("[")[0].strip()


def _compile(output: Path, *options: str) -> None:
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "pip", "compile", "pyproject.toml", *_OPTIONS, "--output-file", str(output), *options]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit("The lock file was left as it is: uv could not resolve it, and said why above.")


if __name__ == "__main__":
    main()
