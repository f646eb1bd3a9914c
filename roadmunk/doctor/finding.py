"""What a check says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is. Only WRONG makes the doctor's exit status 1."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and what to do about it; nothing is to do where all is well."""

    level: Level
    text: str
    todo: str = ""


Check = Callable[[], Iterator[Finding]]


def ok(text: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, text)


def warning(text: str, todo: str) -> Finding:
    """It works, and somebody should look."""
    return Finding(Level.WARNING, text, todo)


def wrong(text: str, todo: str) -> Finding:
    """It does not work, or is not safe."""
    return Finding(Level.WRONG, text, todo)
