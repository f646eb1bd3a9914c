"""The form of one filter, which the address `?filter=<column>` opens and which works without JavaScript.

Its answer, `op` and `value`, becomes a part of the table's own address by a redirect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from roadmaps import fields
from roadmaps.columns import Column
from roadmaps.query import OPERATORS, SOURCE_STATES, Query, make_filter, write


@dataclass(frozen=True, slots=True)
class FilterForm:
    """A filter that is being made or changed. `index` is the place of the one that it replaces, or -1."""

    column: Column
    index: int
    operators: Mapping[str, str]
    operator: str
    values: tuple[str, ...]
    #: For lists: each value that can be chosen, by what stands for it in the address.
    choices: Mapping[str, str]
    error: str = ""

    @property
    def first(self) -> str:
        return self.values[0] if self.values else ""

    @property
    def second(self) -> str:
        return self.values[1] if len(self.values) > 1 else ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the address said about a form: the form to show, or the question that it leads to."""

    form: FilterForm | None = None
    query: Query | None = None


def answer(params: Mapping[str, Sequence[str]], query: Query, known: Sequence[Column]) -> Answer:
    """Read `filter`, `change`, `op` and `value`; an unknown column opens nothing."""
    name = _first(params, "filter")
    column = next((column for column in known if column.name == name), None)
    if column is None:
        return Answer()
    index = _index(query, column, _first(params, "change"))
    if "op" not in params:
        return Answer(form=_form(column, index, query))
    operator, texts = _first(params, "op"), list(params.get("value", ()))
    try:
        made = make_filter(column, operator, texts)
    except fields.InvalidValue as problem:
        form = _form(column, index, query)
        chosen = operator if operator in form.operators else form.operator
        return Answer(form=replace(form, operator=chosen, values=tuple(texts), error=str(problem)))
    if index >= 0:
        return Answer(query=replace(query.replacing(index, made), page=1))
    return Answer(query=replace(query, filters=(*query.filters, made), page=1))


def _index(query: Query, column: Column, text: str) -> int:
    """The place of the filter to change, if it is one on that column."""
    if text.isascii() and text.isdigit() and len(text) < 3:
        index = int(text)
        if index < len(query.filters) and query.filters[index].column == column.name:
            return index
    return -1


def _form(column: Column, index: int, query: Query) -> FilterForm:
    operators = OPERATORS[column.type]
    now = query.filters[index] if index >= 0 else None
    return FilterForm(
        column=column,
        index=index,
        operators=operators,
        operator=now.operator if now else next(iter(operators)),
        values=tuple(write(value) for value in now.values) if now else (),
        choices=_choices(column),
    )


def _choices(column: Column) -> Mapping[str, str]:
    if column.type == "source":
        return SOURCE_STATES
    if column.type == "checkbox":
        return {"yes": "Yes", "no": "No"}
    return {str(pk): option.label for pk, option in column.options.items()}


def _first(params: Mapping[str, Sequence[str]], name: str) -> str:
    texts = params.get(name, ())
    return texts[0] if texts else ""
