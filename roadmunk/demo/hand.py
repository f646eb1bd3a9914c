"""A hand that fills a roadmap as a person would, by the names on the screen; ids are looked up here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from accounts.models import Membership
from roadmaps import saved_views, scope, services
from roadmaps.columns import Column
from roadmaps.fields import fold
from roadmaps.models import Field, FieldOption, Item, Roadmap, View
from roadmaps.query import Filter, Query

#: List values with the numbers of their colours, in order.
Values = Mapping[str, int]


class Hand:
    """Somebody's hand on one roadmap. It knows the columns from its beginning on, so fields come first."""

    def __init__(self, roadmap: Roadmap, by: Membership) -> None:
        self.roadmap, self.by = roadmap, by
        self._columns = {column.label: column for column in scope.of(roadmap).columns}

    def name(self, label: str) -> str:
        """What addresses call that column."""
        return self._columns[label].name

    def item(self, name: str, start: date, end: date, values: Mapping[str, str | int], *, text: str = "") -> Item:
        """Make an item with values by the labels of their columns."""
        texts = {"name": [name], "description": [text]}
        texts |= {"start_date": [start.isoformat()], "end_date": [end.isoformat()]}
        for label, value in values.items():
            column = self._columns[label]
            texts[column.name] = [self._text(column, str(value))]
        return services.create_item(roadmap=self.roadmap, texts=texts, by=self.by, known=[*self._columns.values()])

    def view(self, name: str, layout: View.Layout, query: Query, **params: str) -> View:
        """Save a view as the last one. `params` are the layout's own."""
        kept = saved_views.to_save(query.laying_out(**params))
        return services.create_view(roadmap=self.roadmap, by=self.by, name=name, query=kept, layout=layout)

    def save_first(self, query: Query) -> None:
        """Let the view that the roadmap began with ask this."""
        first = self.roadmap.views.get()
        services.save_view(view=first, query=saved_views.to_save(query), layout=first.layout, by=self.by)

    def is_any(self, label: str, *values: str) -> Filter:
        """The filter that lets these values of a list through."""
        column = self._columns[label]
        return Filter(column.name, "is", tuple(int(self._text(column, value)) for value in values))

    def milestone(self, name: str, day: date, colour: int) -> None:
        """Give a day a name."""
        texts = {"name": name, "date": day.isoformat(), "colour": str(colour)}
        services.create_milestone(roadmap=self.roadmap, texts=texts)

    def _text(self, column: Column, value: str) -> str:
        """What a form would send."""
        if not column.is_list:
            return value
        return next(str(pk) for pk, option in column.options.items() if option.label == value)


def make_list(by: Membership, name: str, values: Values, *, roadmap: Roadmap | None = None) -> Field:
    """A list of the account, or of one roadmap, from which items have one value."""
    field = services.create_field(account=by.account, roadmap=roadmap, name=name, type_="choice", labels=values, by=by)
    colours = {option.pk: values[option.label] for option in field.options.all()}
    services.recolour_options(field=field, colours=colours)
    return field


def foresee(field: Field, values: Values) -> None:
    """Let a synced list have values before its source has brought them; the first sync then finds them there."""
    FieldOption.objects.bulk_create(
        FieldOption(
            account_id=field.account_id, field=field, label=label, key=fold(label), colour=colour, position=place
        )
        for place, (label, colour) in enumerate(values.items())
    )
