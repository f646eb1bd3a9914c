"""A query's meaning in SQL. Together with `fields`, the only file that knows how values are stored.

Values lie in `Item.values` under "f<field id>". Conditions on list values, checkboxes and numbers use containment
(`@>`), which the GIN index answers. Column names reach this file only through `query.parse`, which knows them all.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from operator import and_, or_

from django.db.models import (
    Case,
    Count,
    DateField,
    F,
    FloatField,
    Func,
    IntegerField,
    JSONField,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import Combinable, Expression, OrderBy
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Coalesce, Collate, Left, Lower
from django.db.models.lookups import Exact

from roadmaps import item_rows
from roadmaps.columns import ROADMAP, Column
from roadmaps.item_rows import ItemRow
from roadmaps.models import Item
from roadmaps.query import Filter, Query, Sort

Operand = str | int | float | bool
#: The first and the last day of an item, the same where it has only one; NULL without a date.
FIRST_DAY = Coalesce("start_date", "end_date", output_field=DateField())
LAST_DAY = Coalesce("end_date", "start_date", output_field=DateField())
_LOST = ("deleted", "moved", "out_of_filter", "hidden", "undone")
#: Items before a page, from which on it is quicker to look for its ids first.
FAR_DOWN = 500
_LOOKUPS = {"before": "lt", "after": "gt"}


def apply(
    query: Query, items: QuerySet[Item], columns: Sequence[Column], *, group: Column | None = None
) -> QuerySet[Item]:
    """Those of `items` that the query asks for, in its order; not yet cut into pages.

    With `group`, those of one group stand together, and each has its `group_key`; without a value they come last. The
    groups go the way that the query sorts their column, else up.
    """
    if not query.archived:
        items = items.filter(archived_at=None)
    items = items.filter(condition(query, columns))
    keys = order(query, columns)
    if group is not None:
        items = items.annotate(group_key=_group_key(group))
        keys = [*_group_order(group, query), *keys]
    return items.order_by(*keys)


def condition(query: Query, columns: Sequence[Column]) -> Q:
    """What the query's search and filters ask of an item."""
    known = {column.name: column for column in columns}
    asked = [_condition(known[each.column], each) for each in query.filters]
    return reduce(and_, asked, _search(query.search) if query.search else Q())


def order(query: Query, columns: Sequence[Column]) -> list[OrderBy]:
    """What the query sorts by; last comes the id, so that no two items are equal."""
    known = {column.name: column for column in columns}
    return [*(_order(known[each.column], each) for each in query.sorts), F("id").asc()]


def fetch(page: QuerySet[Item], *, long: Sequence[str] = ()) -> list[tuple[ItemRow, str | None]]:
    """The items of a page, as `apply` gave them and cut to one, each with its group; in one query, or two far down.

    Far down a sorted list PostgreSQL sorts ids first, not whole rows. Of the long texts, those that `long` names come
    along.
    """
    if page.query.low_mark < FAR_DOWN:
        return item_rows.read_grouped(page, long=long)
    has_groups = "group_key" in page.query.annotations
    keys: dict[int, str | None] = (
        dict(page.values_list("pk", F("group_key"))) if has_groups else dict.fromkeys(page.values_list("pk", flat=True))
    )
    found = {item.pk: item for item in item_rows.read(Item.objects.filter(pk__in=keys), long=long)}
    return [(found[pk], key) for pk, key in keys.items() if pk in found]


def count_groups(items: QuerySet[Item], keys: Collection[str | None]) -> dict[str | None, int]:
    """How many of `items`, as `apply` gave them with a group, stand in each of these groups; one query."""
    asked = Q(group_key__in=[key for key in keys if key is not None])
    if None in keys:
        asked |= Q(group_key=None)
    found = items.filter(asked).order_by()
    if len(keys) == 1:  # without a sort of the whole group
        return {key: found.count() for key in keys}
    return dict(found.values_list(F("group_key")).annotate(Count("pk")))


def _group_key(column: Column) -> Combinable:
    """What is the same within a group: the place in the list, a date's month, else the value, as text."""
    if column.is_list:
        return _option_position(column)
    if column.type != "date":
        # Cast, so that what it is compared with is a text too and no JSON.
        return Cast(KeyTextTransform(column.name, "values"), TextField())
    if _is_field(column):
        return Left(KeyTextTransform(column.name, "values"), 7)
    return Func(F(column.name), Value("YYYY-MM"), function="to_char", output_field=TextField())


def _group_order(column: Column, query: Query) -> list[OrderBy]:
    down = any(each.column == column.name and each.descending for each in query.sorts)
    keys: list[Expression | F] = [_sort_key(column)] if column.type != "date" else []
    return [key.desc(nulls_last=True) if down else key.asc(nulls_last=True) for key in (*keys, F("group_key"))]


def _search(text: str) -> Q:
    return (
        Q(name__icontains=text)
        | Q(external_id__iexact=text)
        | Q(description__icontains=text)
        | Q(notes__icontains=text)
    )


def _condition(column: Column, asked: Filter) -> Q:
    if asked.operator == "empty":
        return _is_empty(column)
    if asked.operator == "filled":
        return ~_is_empty(column)
    if column.type == "source":
        found = _any_of([_source_state(str(value)) for value in asked.values])
        return ~found if asked.operator == "not" else found
    if column.is_list:
        return _list_condition(column, asked)
    return _plain_condition(column, asked.operator, asked.values)


def _is_field(column: Column) -> bool:
    return column.name[0] == "f" and column.name[1:].isdigit()


def _is_empty(column: Column) -> Q:
    if _is_field(column):
        return ~Q(values__has_key=column.name)
    if column.name == ROADMAP:
        return Q(roadmap__isnull=True)
    if column.type == "date" or column.name == "external_id":
        return Q(**{f"{column.name}__isnull": True})
    return Q(**{column.name: ""})


def _source_state(state: str) -> Q:
    match state:
        case "own":
            return Q(origin="")
        case "current":
            return ~Q(origin="") & Q(source_state="")
        case "lost":
            return Q(source_state__in=_LOST)
        case _:
            return Q(source_state=state)


def _any_of(conditions: Sequence[Q]) -> Q:
    return reduce(or_, conditions)


def _contains(column: Column, value: Operand) -> Q:
    """`values` holds that value, or that option among several."""
    if column.name == ROADMAP:
        return Q(roadmap=value)
    return Q(values__contains={column.name: [value] if column.type == "choices" else value})


def _list_condition(column: Column, asked: Filter) -> Q:
    each = [_contains(column, value) for value in asked.values]
    if asked.operator == "contains":
        return reduce(and_, each)
    return ~_any_of(each) if asked.operator == "not" else _any_of(each)


def _plain_condition(column: Column, operator: str, values: tuple[Operand, ...]) -> Q:
    target = f"values__{column.name}" if _is_field(column) else column.name
    match operator:
        case "before" | "after":
            return Q(**{f"{target}__{_LOOKUPS[operator]}": values[0]})
        case "between":
            return Q(**{f"{target}__gte": values[0], f"{target}__lte": values[1]})
        case "contains" | "lacks":
            found = Q(**{f"{target}__icontains": values[0]})
        case _ if column.type in ("text", "link"):
            found = Q(**{f"{target}__iexact": values[0]})
        case _:
            found = _contains(column, values[0]) if _is_field(column) else Q(**{target: values[0]})
    return ~found | _is_empty(column) if operator in ("lacks", "not") else found


def _order(column: Column, asked: Sort) -> OrderBy:
    key = _sort_key(column)
    return key.desc(nulls_last=True) if asked.descending else key.asc(nulls_last=True)


def _sort_key(column: Column) -> Expression | F:
    """What PostgreSQL sorts by: no JSON, which takes three times as long to compare as numbers and plain text do."""
    if column.is_list:
        return Cast(_option_position(column), IntegerField())
    if not _is_field(column):
        return F(column.name) if column.type == "date" else Lower(column.name)
    if column.type == "number":
        return number(column)
    if column.type in ("text", "link"):
        return Lower(KeyTextTransform(column.name, "values"))
    return Collate(KeyTextTransform(column.name, "values"), "C")


def number(column: Column) -> Case:
    """The value of a number field. Exact, for `fields` lets in no number that a float can't hold."""
    value = KeyTransform(column.name, "values")
    is_number = Exact(Func(value, function="jsonb_typeof", output_field=TextField()), "number")
    return Case(When(is_number, then=Cast(value, FloatField())))


def _option_position(column: Column) -> Func:
    """Where the (first) chosen option stands in its list."""
    return _position(column, option_key(column))


def each_option_position(column: Column) -> Cast:
    """Where each of the chosen options stands in its list: a row for every one of them, one with NULL for none."""
    chosen: Combinable = option_key(column)
    if column.type == "choices":
        none = Value([None], output_field=JSONField())
        several = Coalesce(KeyTransform(column.name, "values"), none, output_field=JSONField())
        chosen = Func(several, function="jsonb_array_elements_text", output_field=TextField())
        chosen.set_returning = True
    return Cast(_position(column, chosen), IntegerField())


def _position(column: Column, key: Combinable) -> Func:
    """Where that option stands in its list: looked up in a JSON object that goes along as a value."""
    positions: Mapping[str, int] = {str(pk): place for place, pk in enumerate(column.options)}
    return Func(
        Value(json.dumps(positions), output_field=TextField()),
        key,
        template="((%(expressions)s))",
        function="",
        arg_joiner="::jsonb ->> ",
        output_field=TextField(),
    )


def option_key(column: Column) -> Combinable:
    """The id of the (first) chosen option, as text; NULL where there is none."""
    if column.name == ROADMAP:
        return Cast(F("roadmap_id"), TextField())
    if column.type == "choices":
        return KeyTextTransform("0", KeyTransform(column.name, "values"))
    return KeyTextTransform(column.name, "values")
