"""Shapes that msgspec reads JSON into, worked out while their modules are imported.

msgspec works a shape out when it is first read into, and two threads that do so at once end the process (signal 11;
seen with msgspec 0.22 by a worker with threads that began with two runs). One thread imports a module.
"""

from __future__ import annotations

import msgspec


def prepare(*shapes: object) -> None:
    """Work these shapes out now, and all that they hold. Call it below their classes."""
    for shape in shapes:
        msgspec.json.Decoder(shape)
