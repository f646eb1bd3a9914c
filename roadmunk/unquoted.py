"""Errors of the database without the rows that it quotes, which hold names, addresses and plans (W4).

It quotes them in every part of an error but the message, and in the message what it can't read as a value. Which
statement failed is told by the trace and by the names in the message, and where by what is kept of the context.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import django.db
import psycopg2  # type: ignore[import-untyped]  # it has no types

_OF_DATABASE = (django.db.Error, psycopg2.Error)
#: How the parts after the message begin.
_PART = re.compile(r"^(?:LINE \d+|DETAIL|HINT|QUERY|CONTEXT):", re.MULTILINE)
#: Of the context, what is ours and no row's.
_PLACE = re.compile(
    r"^(?:\w+:  )?(COPY \w+, line \d+(?:, column \w+)?|PL/pgSQL function [\w.]+\([\w ,.\[\]]*\) line \d+)",
    re.MULTILINE,
)
#: How the codes of errors begin that are about a value.
_OF_VALUE = "22"
_QUOTED = re.compile('".*', re.DOTALL)


def without_rows(text: str, errors: Iterable[BaseException]) -> str:
    """The text, which may repeat what these errors and their causes say, in its words or in those of `repr`."""
    told = {str(error): _told(error) for error in _with_causes(errors) if isinstance(error, _OF_DATABASE)}
    for before, after in told.items():
        if before:
            text = text.replace(before, after).replace(repr(before), repr(after))
    return text


def _with_causes(errors: Iterable[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    waiting: list[BaseException | None] = list(errors)
    while waiting:
        one = waiting.pop()
        if one is not None and not any(one is other for other in found):
            found.append(one)
            waiting += [one.__cause__, one.__context__]
    return found


def _told(error: BaseException) -> str:
    """What it says without the rows; all of it where it quotes none."""
    said = str(error)
    own = error if isinstance(error, psycopg2.Error) else error.__cause__
    if not isinstance(own, psycopg2.Error):
        return said  # one of Django's
    message = str(own.diag.message_primary or _PART.split(said)[0]).rstrip()
    if (own.pgcode or "").startswith(_OF_VALUE):
        message = _QUOTED.sub('"…"', message)
    if message == said.rstrip():
        return said
    place = _PLACE.search(said)
    where = f" ({place[1]})" if place else ""
    return f"{message}{where}\nWhat quotes rows was left out.\n"
