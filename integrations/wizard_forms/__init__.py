"""One form for each step of the setup wizard. A valid form writes what it knows into the wizard's draft."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.wizard_forms.base import StepForm
from integrations.wizard_forms.content import DatesForm, FieldsForm, FilterForm
from integrations.wizard_forms.source import PROJECTS_SHOWN, CredentialsForm, ProjectForm, SettingsForm

__all__ = ["FORMS", "PROJECTS_SHOWN", "DatesForm", "ProjectForm", "StepForm"]

FORMS: Mapping[str, type[StepForm]] = {
    "settings": SettingsForm,
    "credentials": CredentialsForm,
    "project": ProjectForm,
    "filter": FilterForm,
    "dates": DatesForm,
    "fields": FieldsForm,
}
