"""Where the demo's Tracker sandbox listens. Kept in the data directory, so that every command finds the same one."""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

FILE_NAME = "sandbox.json"
#: Opens the sandbox and nothing else; it is printed at the start and shown on the demo's sign-in page.
DEMO_TOKEN = "7d1f0c3be2a94856b0d2c41e9f5a6873"  # noqa: S105  no secret: it is shown to everybody


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Address and token of the sandbox."""

    port: int
    token: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def read_sandbox(data_dir: Path) -> Sandbox | None:
    """Return the sandbox of this installation; None until the first start made one."""
    path = data_dir / FILE_NAME
    return Sandbox(**json.loads(path.read_text())) if path.exists() else None


def choose_sandbox(data_dir: Path) -> Sandbox:
    """Return the sandbox of the last start if its port is free, else one on a free port, and remember it."""
    known = read_sandbox(data_dir)
    port = known.port if known and is_free(known.port) else _free_port()
    sandbox = Sandbox(port=port, token=DEMO_TOKEN)
    path = data_dir / FILE_NAME
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(sandbox)))
    draft.rename(path)
    return sandbox


def is_free(port: int) -> bool:
    """Say whether a server could listen on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
