"""What people type about themselves, their account and each other."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.forms import ResetPasswordForm, ResetPasswordKeyForm, SignupForm, default_token_generator
from allauth.core import context as current
from allauth.core.exceptions import ImmediateHttpResponse
from django import forms
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts import digest
from accounts.addresses import one_spelling
from accounts.audit import Filter, brief
from accounts.models import Account, AuditArea, Invitation, Membership, Role, User, time_zones
from accounts.second_factor import has_second_factor
from accounts.services import open_account, random_slug, rename_person

NAME = {"autocomplete": "name"}


class SignUpForm(SignupForm):
    """Sign-up by oneself: a person, and an account of which they are the first admin."""

    name = forms.CharField(label="Your name", max_length=120, widget=forms.TextInput(NAME))
    account_name = forms.CharField(
        label="Account name",
        max_length=80,
        help_text="Your company or team. You can change it later.",
        widget=forms.TextInput({"autocomplete": "organization"}),
    )
    field_order = ("name", "account_name", "email", "password1")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)

    def try_save(self, request: HttpRequest) -> tuple[AbstractBaseUser | None, HttpResponse | None]:
        """As long as for a new person, where somebody has the address: hashing the password is most of it."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        made: tuple[AbstractBaseUser | None, HttpResponse | None] = super().try_save(request)
        return made

    @transaction.atomic
    def save(self, request: HttpRequest) -> AbstractBaseUser:
        return super().save(request)

    def signup(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Called by allauth once the person is saved."""
        if isinstance(user, User):
            open_account(name=self.cleaned_data["account_name"], admin=user, make_slug=random_slug)


class ResetForm(ResetPasswordForm):
    """Asks for a letter with a link to a new password; it takes as long whether anybody has that address or not."""

    def clean_email(self) -> str:
        """In one spelling: the letter goes to the mailbox that is known, and not to one that was only written alike.

        Nor is it for who says that they will move to that address: allauth counts them in until they do.
        """
        email = one_spelling(super().clean_email())
        self.users = list(User.objects.filter(email=email, is_active=True))
        return email

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Send the letter: another one to an address that nobody has."""
        if not self.users:
            # What making a link costs: a look for all addresses of the person, and a hash.
            default_token_generator.make_token(User(pk=0))
        return super().save(request, **kwargs)


class NewPasswordForm(ResetPasswordKeyForm):
    """Sets the password that the link in a letter is for, once: also where two send it at the same moment."""

    @transaction.atomic
    def save(self) -> None:
        """Save it, or show that the link was used meanwhile."""
        self.user = User.objects.select_for_update(no_key=True).get(pk=self.user.pk)
        if not default_token_generator.check_token(self.user, self.temp_key):
            raise ImmediateHttpResponse(redirect(current.request.path))
        super().save()


class JoinForm(forms.Form):
    """Sign-up through an invitation: the address is known from the letter."""

    name = forms.CharField(label="Your name", max_length=120, widget=forms.TextInput(NAME))
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=128,
        help_text=password_validators_help_text_html,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, User(email=self.email, name=self.cleaned_data.get("name", "")))
        return password


class InviteForm(forms.ModelForm):  # type: ignore[type-arg]  # only the stubs know of parameters
    """Whom to invite, and as what."""

    class Meta:
        model = Invitation
        fields = ("email", "role")
        labels = {"email": "E-mail address"}
        widgets = {"email": forms.EmailInput({"autocomplete": "off", "placeholder": "name@company.com"})}

    def clean_email(self) -> str:
        """In one spelling."""
        return one_spelling(self.cleaned_data["email"])


class RoleForm(forms.Form):
    """Another role for a member."""

    role = forms.ChoiceField(choices=Role.choices)


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # only the stubs know of parameters
    """What others see of a person, and what they get by e-mail from this account."""

    weekly_digest = forms.BooleanField(
        label="Weekly e-mail",
        required=False,
        help_text="On Mondays: what appeared, moved, finished or stopped updating on the roadmaps that you look at.",
    )

    class Meta:
        model = User
        fields = ("name",)
        labels = {"name": "Your name"}
        widgets = {"name": forms.TextInput(NAME)}

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"weekly_digest": member.wants_digest})
        super().__init__(*args, **kwargs)
        self._member = member

    @transaction.atomic
    def save(self, commit: bool = True) -> User:
        user: User = self.instance
        rename_person(user, name=self.cleaned_data["name"])
        digest.want(self._member, wanted=self.cleaned_data["weekly_digest"])
        return user


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]  # only the stubs know of parameters
    """A choice of members: a name is what they say of themselves, an address is theirs alone."""

    def label_from_instance(self, member: Membership) -> str:
        return f"{brief(member)} ({member.user.email})"


class AuditForm(forms.Form):
    """What somebody looks for in the audit log."""

    area = forms.ChoiceField(required=False, choices=[("", "Everything"), *AuditArea.choices])
    member = PersonField(Membership.objects.none(), label="Who", required=False, empty_label="Everybody")
    text = forms.CharField(label="Words", required=False, max_length=200)

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = Membership.objects.filter(account=account).select_related("user")
        cast("PersonField", self.fields["member"]).queryset = members

    def wanted(self) -> Filter:
        """The filter that a valid form describes."""
        member = self.cleaned_data["member"]
        return Filter(
            area=self.cleaned_data["area"],
            member_id=member.pk if member else None,
            text=self.cleaned_data["text"],
        )


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]  # only the stubs know of parameters
    """What an admin sets for everybody in the account."""

    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=lambda: [(zone, zone.replace("_", " ")) for zone in time_zones()],
        help_text="Times are shown in this zone. Dates are dates and stay as they are.",
    )

    class Meta:
        model = Account
        fields = ("name", "time_zone", "requires_second_factor")
        labels = {"name": "Account name", "requires_second_factor": "Every member needs a second factor"}
        help_texts = {
            "requires_second_factor": "Members without one are asked to set it up before they see anything here."
        }

    def __init__(self, *args: Any, by: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by

    def clean_requires_second_factor(self) -> bool:
        wanted: bool = self.cleaned_data["requires_second_factor"]
        if wanted and not has_second_factor(self.by.user):
            raise forms.ValidationError("Set up your own second factor first, so that you don’t shut yourself out.")
        return wanted
