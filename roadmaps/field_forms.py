"""What people type about fields: a new one, a field and its list values, another name, and what to merge it with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.db.models import Q
from django.http import QueryDict

from roadmaps.models import Field, FieldOption, FieldType

#: The colours of list values, as people call them.
COLOURS: Mapping[int, str] = {
    1: "Blue",
    2: "Green",
    3: "Amber",
    4: "Violet",
    5: "Red",
    6: "Teal",
    7: "Pink",
    8: "Olive",
    9: "Indigo",
    10: "Orange",
    11: "Mint",
    12: "Grey",
}
EVERYWHERE, HERE = "account", "roadmap"


def name_field() -> forms.CharField:
    return forms.CharField(max_length=80, widget=forms.TextInput({"autocomplete": "off"}))


class NewFieldForm(forms.Form):
    """A field to be made; on a roadmap an admin also says whether all roadmaps get it."""

    name = name_field()
    type = forms.ChoiceField(choices=FieldType.choices, help_text="The type can't be changed later.")
    options = forms.CharField(
        label="List values",
        required=False,
        max_length=50_000,
        widget=forms.Textarea({"rows": 5}),
        help_text="For lists only: one value a line.",
    )
    scope = forms.ChoiceField(
        label="Who has it",
        choices=[(HERE, "This roadmap alone"), (EVERYWHERE, "Every roadmap of the account")],
        initial=HERE,
        required=False,
        widget=forms.RadioSelect,
    )

    def __init__(self, data: QueryDict | None = None, *, may_share: bool = False) -> None:
        super().__init__(data)
        if not may_share:
            del self.fields["scope"]

    @property
    def for_all(self) -> bool:
        """Whether every roadmap gets it."""
        return self.cleaned_data.get("scope") == EVERYWHERE

    def labels(self) -> list[str]:
        """The list values that were typed."""
        return str(self.cleaned_data["options"]).splitlines()


class FieldForm(forms.Form):
    """A field's name, those of its list values that are shown, with their colours, and more of them.

    Of a synced field only the colours are in it. What is not sent stays as it is.
    """

    def __init__(self, data: QueryDict | None = None, *, field: Field, options: Sequence[FieldOption]) -> None:
        super().__init__(data)
        self.field = field
        self.options = [option for option in options if option.archived_at is None]
        if not field.is_synced:
            self.fields["name"] = name_field()
            self.fields["name"].initial = field.name
        for option in self.options:
            self._add_option(option)
        if field.has_options and not field.is_synced:
            self.fields["options_to_add"] = forms.CharField(
                label="Add values",
                required=False,
                max_length=50_000,
                widget=forms.Textarea({"rows": 3}),
                help_text="One value a line.",
            )
        if data is not None:
            self.data = _filled(data, self.fields)

    def _add_option(self, option: FieldOption) -> None:
        if not self.field.is_synced:
            named = forms.TextInput({"aria-label": f"Name of {option.label}"})
            label = forms.CharField(label=option.label, max_length=255, initial=option.label, widget=named)
            self.fields[f"option_{option.pk}"] = label
        self.fields[f"colour_{option.pk}"] = forms.TypedChoiceField(
            label=f"Colour of {option.label}",
            choices=COLOURS.items,
            coerce=int,
            initial=option.colour,
            widget=forms.RadioSelect,
        )

    def name(self) -> str:
        """What the field is called from now on."""
        return str(self.cleaned_data.get("name", self.field.name))

    def renamed(self) -> dict[int, str]:
        """The list values that are called something else now, by id."""
        typed = {each.pk: str(self.cleaned_data.get(f"option_{each.pk}", each.label)) for each in self.options}
        return {each.pk: typed[each.pk] for each in self.options if typed[each.pk] != each.label}

    def recoloured(self) -> dict[int, int]:
        """The list values that have another colour now, by id."""
        chosen = {each.pk: self.cleaned_data[f"colour_{each.pk}"] for each in self.options}
        return {each.pk: chosen[each.pk] for each in self.options if chosen[each.pk] != each.colour}

    def labels(self) -> list[str]:
        """The list values to add."""
        return str(self.cleaned_data.get("options_to_add", "")).splitlines()

    def option_rows(self) -> list[tuple[FieldOption, forms.BoundField | None, forms.BoundField]]:
        """Each list value that is offered, with its places in the form: what it is called, and its colour."""
        return [(each, self._bound(f"option_{each.pk}"), self[f"colour_{each.pk}"]) for each in self.options]

    def _bound(self, name: str) -> forms.BoundField | None:
        return self[name] if name in self.fields else None


class PromoteForm(forms.Form):
    """What a roadmap's field is called once every roadmap has it."""

    name = name_field()


class TargetField(forms.ModelChoiceField):  # type: ignore[type-arg]  # it is generic in the stubs only
    """A field to merge into, by name and where it is."""

    def label_from_instance(self, obj: Field) -> str:
        if obj.roadmap:
            return f"{obj} (on {obj.roadmap} alone)"
        return f"{obj} ({obj.source_label})" if obj.is_synced else str(obj)


class MergeForm(forms.Form):
    """The field that another one is to be merged into."""

    into = TargetField(
        queryset=Field.objects.none(),
        label="Merge it into",
        empty_label="Choose a field",
        error_messages={"invalid_choice": "Choose a field from the list: one that is in use and has the same type."},
    )

    def __init__(self, data: QueryDict | None = None, *, lose: Field) -> None:
        super().__init__(data)
        scope = Q(roadmap=None) | Q(roadmap=lose.roadmap_id) if lose.roadmap_id else Q(roadmap=None)
        fitting = Field.objects.filter(scope, account_id=lose.account_id, type=lose.type, archived_at=None)
        others = fitting.exclude(pk=lose.pk).select_related("roadmap").order_by("name", "pk")
        self.fields["into"].queryset = others  # type: ignore[attr-defined]  # a ModelChoiceField has one


def _filled(data: QueryDict, fields: Mapping[str, Any]) -> QueryDict:
    """What was sent, and what is there already where nothing was sent."""
    filled = data.copy()
    for name, field in fields.items():
        if name not in filled and field.initial is not None:
            filled[name] = str(field.initial)
    return filled
