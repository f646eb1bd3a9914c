"""Which names of fields are so alike that somebody probably meant the same: "Team", "teams", "Team (Pivotal Tracker)".

Pure: no ORM, no clock, no network.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from roadmaps.fields import fold

#: Shorter names differ by one letter too easily: "Cost" and "Cast".
MIN_LETTERS = 5

_WORDS = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d+")


def skeleton(name: str, sources: Collection[str] = ()) -> str:
    """What is left of a name without case, blanks, punctuation, plurals and the source's name behind it."""
    folded = fold(name)
    words = _WORDS.findall(_without_source(folded, sources))
    return "".join(map(_singular, words)) or folded


def are_alike(one: str, other: str, sources: Collection[str] = ()) -> bool:
    """Whether two names look the same, or differ by one slip of the fingers. Numbers tell names apart."""
    return _are_close(skeleton(one, sources), skeleton(other, sources))


def find_alike(names: Mapping[int, str], sources: Collection[str], of: Iterable[int]) -> dict[int, list[int]]:
    """For each key in `of` the keys of all names that look like its own, nearest first, without comparing all pairs."""
    bare = {key: skeleton(name, sources) for key, name in names.items()}
    having: dict[str, list[int]] = defaultdict(list)
    for key, text in bare.items():
        for form in _forms(text):
            having[form].append(key)
    return {key: found for key in of if (found := _neighbours(key, bare, having))}


def _neighbours(key: int, bare: Mapping[int, str], having: Mapping[str, list[int]]) -> list[int]:
    met = dict.fromkeys(other for form in _forms(bare[key]) for other in having[form] if other != key)
    close = [other for other in met if _are_close(bare[key], bare[other])]
    return sorted(close, key=lambda other: bare[other] != bare[key])


def _without_source(folded: str, sources: Collection[str]) -> str:
    """A connector puts its name, and then a number, behind a name that is taken."""
    for source in map(fold, sources):
        head, found, number = folded.rpartition(f" ({source})")
        if found and (not number or number.strip().isdigit()):
            return head
    return folded


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 4 and word.endswith(("sses", "tuses", "xes", "ches", "shes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _are_close(one: str, other: str) -> bool:
    if one == other:
        return True
    if min(len(one), len(other)) < MIN_LETTERS or _DIGITS.findall(one) != _DIGITS.findall(other):
        return False
    return _is_one_slip(one, other)


def _is_one_slip(one: str, other: str) -> bool:
    """One letter more, less or different, or two neighbours that changed places."""
    short, long = sorted((one, other), key=len)
    start = next((place for place, letter in enumerate(short) if letter != long[place]), len(short))
    if len(long) - len(short) == 1:
        return short[start:] == long[start + 1 :]
    if len(long) != len(short):
        return False
    swapped = short[start : start + 2] == long[start : start + 2][::-1] and short[start + 2 :] == long[start + 2 :]
    return swapped or short[start + 1 :] == long[start + 1 :]


def _forms(text: str) -> Iterator[str]:
    """The text, and all that it becomes without one of its letters: texts that are one slip apart share a form."""
    yield text
    if len(text) >= MIN_LETTERS:
        yield from dict.fromkeys(text[:place] + text[place + 1 :] for place in range(len(text)))
