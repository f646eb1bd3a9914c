"""Secrets of an embedded installation: made once, kept in the data directory, readable by the owner alone."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path


def load_or_make(path: Path) -> dict[str, str]:
    """Return the installation's own secrets by name. The first start makes them."""
    if not path.exists():
        _make(path)
    lines = path.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "CREDENTIAL_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
    }
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text("".join(f"{name}={value}\n" for name, value in made.items()))
    try:
        # A link fails where the name exists, so two first starts at once agree on one set of secrets.
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
