"""Model instances out of one statement written by hand, where a statement for each model would take too long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Model

Convert = Callable[[Any, Any, Any], Any]


class Rows:
    """Reads rows whose columns are all those of these models, one after the other, and then others."""

    def __init__(self, **models: type[Model]) -> None:
        """`models` by the alias that they have in the statement."""
        self._models = tuple(models.values())
        #: What to select.
        self.columns = ", ".join(
            f'{alias}."{field.column}"' for alias, model in models.items() for field in model._meta.concrete_fields
        )

    def read(self, row: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """An instance of each model, and what is left of the row."""
        values = iter(row)
        made = [_make(model, list(islice(values, len(model._meta.concrete_fields)))) for model in self._models]
        return made, list(values)


def _make(model: type[Model], values: list[object]) -> Model:
    fields = model._meta.concrete_fields
    for place, field in enumerate(fields):
        convert: Convert | None = getattr(field, "from_db_value", None)
        if convert is not None:
            values[place] = convert(values[place], None, connection)
    return model.from_db(connection.alias, [field.attname for field in fields], values)
