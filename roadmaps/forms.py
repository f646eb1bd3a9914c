"""What people type about roadmaps, who may see them, and items. The rules are in `services`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import QueryDict

from accounts.models import Membership, Role
from roadmaps import columns
from roadmaps.columns import Column
from roadmaps.models import Item, Roadmap, Share
from roadmaps.services.items import chosen_options

#: Lists with more values than this are shown as a box to scroll in, not as one checkbox each.
MANY = 15
FROM_LIST = {"invalid_choice": "Choose somebody from the list: an active member of this account."}


def add_errors(form: forms.Form, problem: ValidationError) -> None:
    """Put each sentence at its field; one about something that the form doesn't show stands on top."""
    for name, messages in problem.message_dict.items():
        form.add_error(name if name in form.fields else None, messages)


class RoadmapForm(forms.Form):
    """A roadmap's name and description."""

    name = forms.CharField(max_length=120, widget=forms.TextInput({"autocomplete": "off"}))
    description = forms.CharField(
        required=False, max_length=500, widget=forms.Textarea({"rows": 3}), help_text="What it is for, in a sentence."
    )


class NewRoadmapForm(RoadmapForm):
    """What a new roadmap is called, and whether it has items of its own or shows those of others."""

    kind = forms.ChoiceField(
        choices=[
            (Roadmap.Kind.STANDARD, "Roadmap: items of its own, by hand or synced from another tool"),
            (Roadmap.Kind.PORTFOLIO, "Portfolio: the items of several roadmaps, together"),
        ],
        initial=Roadmap.Kind.STANDARD,
        widget=forms.RadioSelect,
        required=False,
    )

    def clean_kind(self) -> str:
        """A roadmap, where nothing was chosen."""
        return str(self.cleaned_data["kind"] or Roadmap.Kind.STANDARD)


class ViewForm(forms.Form):
    """What a view is called."""

    name = forms.CharField(max_length=80, widget=forms.TextInput({"autocomplete": "off"}))


class MemberField(forms.ModelChoiceField):  # type: ignore[type-arg]  # it is generic in the stubs only
    """A member of the account, by name and address."""

    def label_from_instance(self, obj: Membership) -> str:
        role = " (Reviewer)" if obj.role == Role.REVIEWER else ""
        return f"{obj.user.name}, {obj.user.email}{role}"


class ShareForm(forms.Form):
    """Whom to share a roadmap with."""

    member = MemberField(
        queryset=Membership.objects.none(), label="Person", empty_label="Choose a person", error_messages=FROM_LIST
    )
    level = forms.ChoiceField(label="May", choices=Share.Level.choices, initial=Share.Level.VIEWER)

    def __init__(self, *args: Any, roadmap: Roadmap, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = active_members(roadmap).exclude(shares__roadmap=roadmap)
        self.fields["member"].queryset = others  # type: ignore[attr-defined]  # a ModelChoiceField has one


class HandOverForm(forms.Form):
    """Who owns the roadmap from now on."""

    member = MemberField(
        queryset=Membership.objects.none(), label="New owner", empty_label="Choose a person", error_messages=FROM_LIST
    )

    def __init__(self, *args: Any, roadmap: Roadmap, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        able = active_members(roadmap).exclude(role=Role.REVIEWER)
        self.fields["member"].queryset = able  # type: ignore[attr-defined]  # a ModelChoiceField has one


def active_members(roadmap: Roadmap) -> QuerySet[Membership]:
    """Everybody in the roadmap's account who could get it."""
    members = Membership.objects.filter(account_id=roadmap.account_id, deactivated_at=None)
    return members.filter(~Q(pk=roadmap.owner_id)).select_related("user").order_by("user__name", "pk")


class CellField(forms.Field):
    """A value of an item; `services` parses it, so that a form, a table and a script meet the same rules."""

    def clean(self, value: Any) -> Any:
        """Whatever was typed."""
        return value


class ItemForm(forms.Form):
    """An item's columns that people may write. Those that a source keeps are not in it."""

    def __init__(self, known: Sequence[Column], *, item: Item | None = None, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.known = known
        for column in known:
            if column.editable and not columns.is_locked(item, column):
                self.fields[column.name] = _cell_field(column, item)

    def texts(self) -> dict[str, list[str]]:
        """What was sent for each column, locked ones too: `services` refuses those.

        A list of checkboxes of which none is chosen is not sent at all.
        """
        data = cast(QueryDict, self.data)
        names = [
            column.name
            for column in self.known
            if column.name in data or (column.type == "choices" and column.name in self.fields)
        ]
        return {name: data.getlist(name) for name in names}


def _cell_field(column: Column, item: Item | None) -> CellField:
    initial: object = None
    if item is not None:
        initial = getattr(item, column.name) if hasattr(item, column.name) else item.values.get(column.name)
        if isinstance(initial, bool):
            initial = "yes" if initial else "no"
    required = column.name == "name"
    field = CellField(label=column.label, required=required, initial=initial, widget=_widget(column, item))
    if column.long:
        field.help_text = "Markdown is understood."
    return field


def _widget(column: Column, item: Item | None) -> forms.Widget:
    if column.long:
        return forms.Textarea({"rows": 5})
    options = column.labels(keep=chosen_options(item, column) if item else ())
    match column.type:
        case "date":
            return forms.DateInput({"type": "date", "min": "1900-01-01", "max": "2200-12-31"}, format="%Y-%m-%d")
        case "number":
            return forms.TextInput({"inputmode": "decimal", "autocomplete": "off"})
        case "checkbox":
            return forms.Select(choices=[("", "—"), ("yes", "Yes"), ("no", "No")])
        case "choice":
            return forms.Select(choices=[("", "—"), *options.items()])
        case "choices" if len(options) <= MANY:
            return forms.CheckboxSelectMultiple(choices=list(options.items()))
        case "choices":
            return forms.SelectMultiple({"size": 8}, choices=list(options.items()))
        case "link":
            return forms.URLInput({"placeholder": "https://"})
        case _:
            return forms.TextInput({"autocomplete": "off"})
