"""What an answer takes once it is decoded, estimated before: 130 KB of gzip can be 1.4 GB of values (N5).

Every value begins at the beginning of its list or object, or after a comma, and these signs are counted fast. Those
within texts are counted with them, so the bound is wide: a page has at most 500 stories, and 40 labels, tasks, reviews
and the like, 200 other values, 800 commas and 8 kB of text in each of them still pass; where one of them is no good,
half as much. People's pages have a tenth of it, and lists of members, epics and iterations far less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from integrations.errors import UnexpectedResponse

#: Bytes that an answer may take, its own among them. N5 promises less than 100 MB.
_MOST: Final = 80_000_000
#: An answer of so many bytes takes less than that whatever it holds: 70 for each at the most. So most are not counted.
_LIGHT: Final = 1_000_000
#: How what is beyond 16 bits begins, such as an emoji: in UTF-8, and as an escape.
_WIDEST: Final = (b"\xf0", b"\xf1", b"\xf2", b"\xf3", b"\xf4", b"\\ud", b"\\uD")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a way to decode takes at the most, measured: how many copies of all text, and bytes for each value."""

    copies: int
    of_object: int
    of_other: int


#: Straight into a shape. The largest is a story, whose members all have their place in it, given or not.
TYPED: Final = Cost(copies=1, of_object=400, of_other=64)
#: Into dicts and lists first, from a text of its own, with a note of each member that is no good.
FORGIVING: Final = Cost(copies=2, of_object=500, of_other=170)


def refuse_heavy(body: bytes, cost: Cost) -> None:
    """Raise UnexpectedResponse where the answer may take more memory than an honest one does."""
    if len(body) <= _LIGHT:
        return
    texts = len(body) * (1 + cost.copies * _width(body))
    others = body.count(b",") + body.count(b"[")
    if texts + cost.of_object * body.count(b"{") + cost.of_other * others > _MOST:
        raise UnexpectedResponse("The tracker sent an answer that holds too much at once. Nothing was changed here.")


def _width(body: bytes) -> int:
    """The most bytes that Python keeps a character of it in: each text takes what its widest one needs."""
    if body.isascii() and b"\\u" not in body:
        return 1
    return 4 if any(sign in body for sign in _WIDEST) else 2
