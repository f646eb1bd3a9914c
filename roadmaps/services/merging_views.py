"""Saved views ask by the names of columns; those of a field that goes must ask for the one that takes its values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from roadmaps.models import Field, View

QUERY_LENGTH = 4000


def rename_column(lose: Field, keep: Field, options: Mapping[int, int]) -> None:
    """In all saved views of the account; `options` maps list values of the one to those of the other."""
    asking = View.objects.filter(account_id=lose.account_id, query__contains=lose.column)
    changed = []
    for view in asking.select_for_update(no_key=True):
        query = renamed(view.query, lose.column, keep.column, options)
        if query != view.query and len(query) <= QUERY_LENGTH:
            view.query = query
            changed.append(view)
    View.objects.bulk_update(changed, ["query"], batch_size=500)


def renamed(query: str, old: str, new: str, options: Mapping[int, int]) -> str:
    """The query string with one column for another, in filters, orders, columns and layouts; a search stays."""
    pairs = [_pair(name, text, old, new, options) for name, text in parse_qsl(query, keep_blank_values=True)]
    return urlencode(pairs, safe=",:-")


def _pair(name: str, text: str, old: str, new: str, options: Mapping[int, int]) -> tuple[str, str]:
    column, found, operator = name.rpartition("__")
    if found and column == old:
        return f"{new}__{operator}", ",".join(_option(value, options) for value in text.split(","))
    if found or name == "q":
        return name, text
    return name, re.sub(rf"\b{re.escape(old)}\b", new, text)


def _option(value: str, options: Mapping[int, int]) -> str:
    return str(options.get(int(value), value)) if value.isdecimal() else value
