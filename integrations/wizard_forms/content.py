"""What comes along: states, dates and fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms

from integrations.records import FieldSpec
from integrations.wizard import DATE_CHOICES
from integrations.wizard_forms.base import StepForm, known
from roadmaps.models import FieldType


class FilterForm(StepForm):
    """Which states to pull (S17)."""

    def prepare(self) -> None:
        wizard = self.wizard
        choices = [(state.key, state.label) for state in wizard.description.states]
        self.fields["states"] = forms.MultipleChoiceField(
            label="States",
            choices=choices,
            widget=forms.CheckboxSelectMultiple,
            error_messages={
                "required": "Choose at least one state, or nothing would be pulled.",
                "invalid_choice": "The project has no state “%(value)s”. Please choose from the list.",
            },
        )
        chosen = wizard.draft.states if wizard.is_done(self.step) else wizard.description.suggested_states
        self.initial = {"states": known(chosen, choices)}

    def store(self) -> None:
        self.wizard.draft.states = self.cleaned_data["states"]


class DatesForm(StepForm):
    """What feeds Start Date and End Date: for each an ordered list, the first date that a story has wins (S18, D15)."""

    def prepare(self) -> None:
        wizard, description = self.wizard, self.wizard.description
        done = wizard.is_done(self.step)
        self._add("start", wizard.draft.start_sources if done else description.suggested_start)
        self._add("end", wizard.draft.end_sources if done else description.suggested_end)

    def _add(self, side: str, chosen: Sequence[str]) -> None:
        choices = [("", "Nothing"), *((spec.key, spec.label) for spec in self.wizard.description.dates)]
        kept = known(chosen, choices)
        # One more than is chosen, so that the list can always grow.
        for number in range(min(max(DATE_CHOICES, len(kept) + 1), len(choices) - 1)):
            name = f"{side}_{number + 1}"
            self.fields[name] = forms.ChoiceField(
                label=ordinal(number + 1),
                choices=choices,
                required=False,
                error_messages={"invalid_choice": "The project has no such date. Please choose from the list."},
            )
            self.initial[name] = kept[number] if number < len(kept) else ""

    @property
    def start(self) -> list[forms.BoundField]:
        """The choices for Start, in order."""
        return self._side("start")

    @property
    def end(self) -> list[forms.BoundField]:
        """The choices for End, in order."""
        return self._side("end")

    def _side(self, side: str) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(f"{side}_")]

    def selected(self, side: str) -> list[str]:
        """What the page shows as chosen for that side, saved or not; what the project does not offer is left out."""
        offered = {spec.key for spec in self.wizard.description.dates}
        return [str(key) for key in (field.value() for field in self._side(side)) if key in offered]

    def _chosen(self, side: str) -> list[str]:
        values = (self.cleaned_data[field.name] for field in self._side(side))
        return list(dict.fromkeys(value for value in values if value))

    def store(self) -> None:
        self.wizard.draft.start_sources, self.wizard.draft.end_sources = self._chosen("start"), self._chosen("end")


class FieldsForm(StepForm):
    """Which of the tracker's fields become fields of the account (S19, S23, S25)."""

    def prepare(self) -> None:
        wizard = self.wizard
        choices = [(spec.key, spec.label) for spec in wizard.offers.values()]
        self.fields["keys"] = forms.MultipleChoiceField(
            label="Fields",
            choices=choices,
            required=False,
            widget=forms.CheckboxSelectMultiple,
            error_messages={"invalid_choice": "The project has no field “%(value)s”. Please choose from the list."},
        )
        chosen = wizard.draft.fields if wizard.is_done(self.step) else wizard.description.suggested_fields
        self.initial = {"keys": known(chosen, choices)}

    def groups(self) -> list[tuple[str, list[FieldRow]]]:
        """The offers as the page shows them: the usual ones, all others, and dates, which arrive as text."""
        description, chosen = self.wizard.description, set(self["keys"].value() or ())
        dates = [spec.key for spec in description.dates]
        usual = [key for key in self.wizard.offers if key in description.suggested_fields and key not in dates]
        others = [key for key in self.wizard.offers if key not in (*usual, *dates)]
        named = (("Usually brought", usual), ("More fields", others), ("Dates, as read-only text", dates))
        return [(title, [self._row(key, key in chosen) for key in keys]) for title, keys in named if keys]

    def _row(self, key: str, chosen: bool) -> FieldRow:
        spec, draft = self.wizard.offers[key], self.wizard.draft
        feeds = [
            label
            for label, sources in (("Start Date", draft.start_sources), ("End Date", draft.end_sources))
            if key in sources
        ]
        return FieldRow(
            spec=spec,
            type=str(FieldType(spec.type).label),
            name=self.wizard.field_names[key],
            feeds=" and ".join(feeds),
            chosen=chosen,
        )

    def store(self) -> None:
        chosen = set(self.cleaned_data["keys"])
        self.wizard.draft.fields = [key for key in self.wizard.offers if key in chosen]


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One line of the step "Fields". `feeds`: the dates of an item that this date feeds already."""

    spec: FieldSpec
    type: str
    name: str
    feeds: str
    chosen: bool


def ordinal(number: int) -> str:
    """1st choice, 2nd choice, 3rd choice, 4th choice, ..."""
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number, "th")
    return f"{number}{suffix} choice"
