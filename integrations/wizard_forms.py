"""One form for each step of the setup wizard. A valid form writes what it knows into the wizard's draft."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from integrations import catalogue, credentials, setup
from integrations.errors import ProjectUnavailable, PullError
from integrations.forms import LabelField, SecretField, ask_about, check_label_free, name_secret
from integrations.models import Credential, Integration, Setup
from integrations.records import FieldSpec, ProjectRef
from integrations.wizard import DATE_CHOICES, LATER, Step, Wizard
from roadmaps.models import FieldType

NEW = "new"
MANUAL = "manual"
LABEL_HELP = "So that you can tell this token from others."
LOST_HELP = (
    "What an item comes from can be deleted, moved to another project, leave the filter, or be hidden from the token. "
    "The item then stops updating and says why. It comes back to life as soon as its origin does."
)
#: Projects on one page of the step; a search finds the others.
PROJECTS_SHOWN = 50


class StepForm(forms.Form):
    """A step's form. `store` writes into the draft; the view saves it."""

    #: What the view says after the step, where there is something to say.
    said = ""

    def __init__(self, *args: Any, wizard: Wizard, step: Step, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wizard = wizard
        self.step = step
        self.prepare()

    def prepare(self) -> None:
        """Give the fields their choices and what is chosen now. May raise errors of `integrations.errors`."""

    def store(self) -> None:
        """Write the valid form into the draft."""
        raise NotImplementedError


class SettingsForm(StepForm):
    """Which connector, how often, and what happens to items whose story is lost (S14, D1, D11)."""

    def prepare(self) -> None:
        wizard, draft = self.wizard, self.wizard.draft
        #: What the account has; where there is nothing, the page says who can add it.
        self.integrations = Integration.objects.filter(account_id=wizard.roadmap.account_id)
        if wizard.link:
            self.integrations = self.integrations.filter(kind=wizard.link.kind)
        self.fields["integration"] = forms.ModelChoiceField(
            self.integrations,
            label="Connector",
            widget=forms.RadioSelect,
            empty_label=None,
            error_messages={"invalid_choice": "This connector is not in the list. Please choose one that is."},
        )
        self.fields["cadence"] = forms.ChoiceField(
            label="Automatic sync cadence",
            choices=[(_cadence(minutes), label) for minutes, label in setup.cadences().items()],
            error_messages={"invalid_choice": "This cadence is not offered. Please choose one from the list."},
        )
        self.fields["lost_items"] = forms.ChoiceField(
            label="Items whose origin is gone",
            choices=Setup.LOST_ITEMS,
            widget=forms.RadioSelect,
            help_text=LOST_HELP,
        )
        only = self.integrations[:2]
        self.initial = {
            "integration": draft.integration or (only[0] if len(only) == 1 else None),
            "cadence": _cadence(draft.cadence_minutes),
            "lost_items": draft.lost_items,
        }

    def store(self) -> None:
        draft, chosen = self.wizard.draft, self.cleaned_data
        if draft.integration is not None and draft.integration.kind != chosen["integration"].kind:
            # Another tracker: nothing that was chosen from the first one means anything there.
            draft.credential, draft.project_id, draft.project_name = None, "", ""
            self.wizard.reopen("credentials", "project", *LATER["project"])
        draft.integration = chosen["integration"]
        draft.cadence_minutes = None if chosen["cadence"] == MANUAL else int(chosen["cadence"])
        draft.lost_items = chosen["lost_items"]


class CredentialsForm(StepForm):
    """Saved credentials of the person, or new ones; asked about at the tracker either way (S15, D6, D7)."""

    def prepare(self) -> None:
        wizard = self.wizard
        own = Credential.objects.filter(
            account_id=wizard.roadmap.account_id, owner=wizard.member, kind=wizard.connector.kind
        )
        #: What can be chosen, in order: one's own, and what the link uses now.
        self.saved: list[Credential] = list(own.select_related("owner__user"))
        if wizard.link and all(one.pk != wizard.link.credential_id for one in self.saved):
            self.saved.insert(0, wizard.link.credential)
        choices = [*((str(one.pk), one.label) for one in self.saved), (NEW, "New credentials")]
        self.fields["credential"] = forms.ChoiceField(
            label="Credentials",
            choices=choices,
            widget=forms.RadioSelect,
            error_messages={
                "required": "Choose saved credentials, or enter new ones.",
                "invalid_choice": "These credentials are not in the list. Please choose some that are.",
            },
        )
        self.fields["label"] = LabelField(label="Credential Label", help_text=LABEL_HELP, required=False)
        self.fields["secret"] = SecretField(required=False)
        name_secret(self.fields["secret"], wizard.connector.kind)
        good = [str(one.pk) for one in self.saved if one.rejected_at is None]
        now = str(wizard.draft.credential_id)
        self.initial = {"credential": now if now in good else [*good, NEW][0]}

    @property
    def is_new(self) -> bool:
        """Whether new credentials are entered."""
        return self.cleaned_data.get("credential") == NEW

    def clean(self) -> dict[str, Any]:
        if self.is_new:
            self._clean_new()
        elif "credential" in self.cleaned_data:
            self._clean_saved()
        return self.cleaned_data

    def _clean_new(self) -> None:
        label, secret = self.cleaned_data.get("label", ""), self.cleaned_data.get("secret", "")
        for name, value in (("label", label), ("secret", secret)):
            if not value and name not in self.errors:
                self.add_error(name, "Please fill in this field.")
        try:
            check_label_free(self.wizard.member, label)
        except ValidationError as error:
            self.add_error("label", error)
        if self.errors:
            return
        kind = self.wizard.connector.kind
        self.identity = ask_about(self, "secret", kind=kind, secret=secret)
        if self.wizard.link and not self.errors:
            project_id = self.wizard.link.project_id
            self._see_project("secret", lambda: credentials.look_at_project(kind, secret, project_id))

    def _clean_saved(self) -> None:
        self.chosen = next(one for one in self.saved if str(one.pk) == self.cleaned_data["credential"])
        try:
            self.identity = credentials.check_saved(self.chosen)
        except PullError as error:
            self.add_error("credential", str(error))
            return
        if self.wizard.link:
            project_id = self.wizard.link.project_id
            self._see_project("credential", lambda: catalogue.describe(self.chosen, project_id))

    def _see_project(self, field: str, look: Callable[[], object]) -> None:
        """The project of a linked roadmap never changes, so the credentials must see it."""
        try:
            look()
        except ProjectUnavailable:
            self.add_error(
                field,
                f"{self.identity.name} does not see the project “{self.wizard.draft.project_name}”, which this roadmap "
                f"is linked to for good. Share it with them in {self.wizard.connector.label}, or use another token.",
            )
        except PullError as error:
            self.add_error(field, str(error))

    def store(self) -> None:
        wizard, draft = self.wizard, self.wizard.draft
        if self.is_new:
            self.chosen = credentials.save_credential(
                wizard.member,
                kind=wizard.connector.kind,
                label=self.cleaned_data["label"],
                secret=self.cleaned_data["secret"],
                identity=self.identity,
            )
        if draft.credential_id != self.chosen.pk:
            wizard.reopen("project")
        draft.credential = self.chosen
        self.said = credentials.accepted(self.identity)


class ProjectForm(StepForm):
    """One of the projects that the credentials see (S16)."""

    def prepare(self) -> None:
        self.fields["project"] = forms.ChoiceField(
            label="Project",
            choices=[(project.id, project.name) for project in self.wizard.projects],
            widget=forms.RadioSelect,
            error_messages={
                "required": "Choose the project that this roadmap shall show.",
                "invalid_choice": "The credentials do not see this project. Please choose one from the list.",
            },
        )
        self.initial = {"project": self.wizard.draft.project_id}

    def matching(self, search: str) -> list[ProjectRef]:
        """The projects whose name or id holds the words; the chosen one is always among them."""
        words = search.casefold().split()
        chosen = self["project"].value()
        return [
            project
            for project in self.wizard.projects
            if project.id == chosen or all(word in f"{project.name} {project.id}".casefold() for word in words)
        ]

    def store(self) -> None:
        draft = self.wizard.draft
        project = next(one for one in self.wizard.projects if one.id == self.cleaned_data["project"])
        if draft.project_id != project.id:
            self.wizard.reopen(*LATER["project"])
        draft.project_id, draft.project_name = project.id, project.name[:255]


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


FORMS: Mapping[str, type[StepForm]] = {
    "settings": SettingsForm,
    "credentials": CredentialsForm,
    "project": ProjectForm,
    "filter": FilterForm,
    "dates": DatesForm,
    "fields": FieldsForm,
}


def known(keys: Iterable[str], choices: Iterable[tuple[object, object]]) -> list[str]:
    """Those of the keys that can be chosen, in their own order."""
    offered = {key for key, _ in choices}
    return [key for key in keys if key in offered]


def ordinal(number: int) -> str:
    """1st choice, 2nd choice, 3rd choice, 4th choice, ..."""
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number, "th")
    return f"{number}{suffix} choice"


def _cadence(minutes: int | None) -> str:
    return MANUAL if minutes is None else str(minutes)
