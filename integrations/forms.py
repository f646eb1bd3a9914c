"""What people fill in about connectors and credentials. The forms of the wizard are in `wizard_forms`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict

from accounts.models import Membership
from integrations import credentials, moving, registry
from integrations.errors import PullError
from integrations.models import Credential, Integration
from integrations.records import Identity

NAME_LENGTH = 120
#: A secret is never longer; what is, is not even looked at.
SECRET_LENGTH = 4096
LABEL_HELP = "So that you can tell this token from others."


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: a post, be it empty, and nothing else."""
    return request.POST if request.method == "POST" else None


class LabelField(forms.CharField):
    """A name of at most 120 characters, on one line, without blanks around it."""

    def __init__(self, **kwargs: Any) -> None:
        # The widget gets no maxlength: a pasted name that is too long must be told, not cut.
        super().__init__(**kwargs)
        self.widget.attrs.setdefault("autocomplete", "off")

    def clean(self, value: Any) -> str:
        text = " ".join(str(super().clean(value)).split())
        if len(text) > NAME_LENGTH:
            raise ValidationError(f"Please use at most {NAME_LENGTH} characters; this has {len(text):,}.")
        return text


class SecretField(forms.CharField):
    """A secret: typed or pasted, never sent back, its blanks never quietly dropped."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"})
        super().__init__(strip=False, widget=widget, **kwargs)

    def clean(self, value: Any) -> str:
        if isinstance(value, str) and len(value) > SECRET_LENGTH:
            raise ValidationError("This is far too long. Copy the token alone and paste it again.")
        return str(super().clean(value))


class IntegrationForm(forms.Form):
    """The name of a connector in an account. The address is shown beside it and is no part of any request."""

    name = LabelField()

    def __init__(
        self, *args: Any, member: Membership, kind: str, instance: Integration | None = None, **kwargs: Any
    ) -> None:
        if instance:
            kwargs.setdefault("initial", {"name": instance.name})
        super().__init__(*args, **kwargs)
        others = Integration.objects.filter(account_id=member.account_id)
        self._others = others.exclude(pk=instance.pk) if instance else others
        label = registry.get(kind).label
        self.fields["name"].label = f"{label} Integration Name"
        self.fields["name"].help_text = f"How you and your team call this {label} in Roadmunk."

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if self._others.filter(name__iexact=name).exists():
            raise ValidationError("There is an integration with this name already. Please choose another one.")
        return name


class LabelForm(forms.Form):
    """The label of a credential."""

    label = LabelField(label="Credential Label", help_text=LABEL_HELP)

    def __init__(self, *args: Any, owner: Membership, instance: Credential | None = None, **kwargs: Any) -> None:
        if instance:
            kwargs.setdefault("initial", {"label": instance.label})
        super().__init__(*args, **kwargs)
        self._owner, self._instance = owner, instance

    def clean_label(self) -> str:
        label = str(self.cleaned_data["label"])
        check_label_free(self._owner, label, besides=self._instance)
        return label


class SecretForm(forms.Form):
    """A secret that the tracker is asked about before the form is valid."""

    secret = SecretField()

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        name_secret(self.fields["secret"], kind)
        #: Whose secret it is, once the form is valid.
        self.identity = Identity(id="", name="", projects=0)

    def clean(self) -> dict[str, Any]:
        secret = self.cleaned_data.get("secret")
        # Where the label is wrong the form comes back anyway, and the secret must be typed again: ask only then.
        if secret and not self.errors:
            self.identity = ask_about(self, "secret", kind=self.kind, secret=secret)
        return self.cleaned_data


class CredentialForm(LabelForm, SecretForm):
    """A new credential: label and secret."""

    field_order = ("label", "secret")


class MoveForm(forms.Form):
    """Which of the member's credentials takes over; the tracker is asked about it before the form is valid."""

    target = forms.ModelChoiceField(
        Credential.objects.none(),
        label="Move to",
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the credentials that take over."},
    )

    def __init__(self, *args: Any, credential: Credential, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._credential, self._member = credential, member
        self.fields["target"].queryset = moving.targets(credential, member)  # type: ignore[attr-defined]  # a model's

    def clean_target(self) -> Credential:
        target: Credential = self.cleaned_data["target"]
        try:
            identity = credentials.check_saved(target)
            unseen = moving.out_of_sight(self._credential, target)
        except PullError as error:
            raise ValidationError(f"“{target.label}” can’t take over, so nothing was moved. {error}") from None
        if unseen:
            raise ValidationError(
                f"{identity.name} does not see the projects of these roadmaps: {moving.named(unseen, self._member)}. "
                f"Nothing was moved. Share the projects with them in {registry.get(target.kind).label}, and try again."
            )
        return target


def name_secret(field: forms.Field, kind: str) -> None:
    """Call the secret as its tracker calls it."""
    connector = registry.get(kind)
    field.label, field.help_text = connector.secret_label, connector.secret_help


def check_label_free(owner: Membership, label: str, *, besides: Credential | None = None) -> None:
    """Raise ValidationError where the person has another credential with that label."""
    others = Credential.objects.filter(account_id=owner.account_id, owner=owner, label__iexact=label)
    if besides:
        others = others.exclude(pk=besides.pk)
    if others.exists():
        raise ValidationError("You have credentials with this label already. Please choose another one.")


def ask_about(form: forms.Form, name: str, *, kind: str, secret: str) -> Identity:
    """Whose secret it is; where the tracker does not take it or does not answer, an error on that field."""
    try:
        return credentials.check_secret(kind, secret)
    except (credentials.InvalidSecret, PullError) as error:
        form.add_error(name, str(error))
        return Identity(id="", name="", projects=0)
