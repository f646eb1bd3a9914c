"""Where the items come from: connector, credentials and project."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from integrations import catalogue, credentials, setup
from integrations.errors import ProjectUnavailable, PullError
from integrations.forms import LABEL_HELP, LabelField, SecretField, ask_about, check_label_free, name_secret
from integrations.models import Credential, Integration, Setup
from integrations.records import ProjectRef
from integrations.wizard import LATER
from integrations.wizard_forms.base import StepForm

NEW = "new"
MANUAL = "manual"
LOST_HELP = (
    "What an item comes from can be deleted, moved to another project, leave the filter, or be hidden from the token. "
    "The item then stops updating and says why. It comes back to life as soon as its origin does."
)
#: Projects on one page of the step; a search finds the others.
PROJECTS_SHOWN = 50


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
        self.saved: list[Credential] = list(credentials.with_last_accepted(own.select_related("owner__user")))
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


def _cadence(minutes: int | None) -> str:
    return MANUAL if minutes is None else str(minutes)
