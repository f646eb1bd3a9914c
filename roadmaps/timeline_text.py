"""How wide a text is, so that a picture drawn by a server knows where names fit. Pure.

Widths are those of Inter at weight 500, in hundredths of its size; where another font takes its place, what was
measured as fitting may be cut by a hair, and nothing else.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate

#: Of the characters from space to tilde.
_ASCII = (
    *(27, 30, 49, 64, 65, 99, 65, 31, 37, 37, 52, 67, 30, 46, 30, 37, 65, 42, 62, 63, 66, 60, 63, 57, 63, 63, 30, 32),
    *(67, 67, 67, 53, 98, 71, 66, 73, 72, 60, 59, 75, 74, 27, 58, 69, 57, 91, 76, 77, 64, 77, 65, 65, 65, 74, 71, 100),
    *(70, 70, 64, 37, 37, 37, 48, 46, 34, 57, 62, 58, 62, 59, 38, 62, 60, 25, 25, 56, 25, 89, 60, 60, 62, 62, 39, 54),
    *(34, 60, 57, 83, 56, 58, 56, 44, 35, 44, 67),
)
_OTHER, _WIDE = 70, 100
ELLIPSIS = "…"
_ELLIPSIS_WIDTH = 91


@lru_cache(maxsize=4096)
def _advance(character: str) -> int:
    code = ord(character)
    if 32 <= code < 127:
        return _ASCII[code - 32]
    if character == ELLIPSIS:
        return _ELLIPSIS_WIDTH
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Mn"):
        return 0
    return _WIDE if unicodedata.east_asian_width(character) in "WF" else _OTHER


@lru_cache(maxsize=10_000)
def _ends(text: str) -> tuple[int, ...]:
    """Where each character ends. The same names are drawn again and again."""
    return tuple(accumulate(map(_advance, text)))


def text_width(text: str, size: float) -> float:
    """The width of one line in that size."""
    return _ends(text)[-1] * size / 100 if text else 0


def shorten(text: str, size: float, room: float) -> str:
    """The text, or as much of its beginning as fits, with an ellipsis; "" where not even that does."""
    return fit(text, size, room)[0]


def fit(text: str, size: float, room: float) -> tuple[str, float]:
    """The same, and how wide it is."""
    whole = text_width(text, size)
    if whole <= room or not text:
        return text, whole
    ends = _ends(text)
    begin = text[: bisect_right(ends, room * 100 / size - _ELLIPSIS_WIDTH)]
    if not begin:
        return "", 0
    begin = begin.rstrip()
    return begin + ELLIPSIS, ((ends[len(begin) - 1] if begin else 0) + _ELLIPSIS_WIDTH) * size / 100
