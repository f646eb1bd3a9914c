"""Who signs in with a second factor: a code from an app, beside the password."""

from __future__ import annotations

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef
from django.http import HttpRequest

from accounts.models import User

#: Recovery codes alone are none: they stand in for an app.
_APPS = Authenticator.objects.filter(type=Authenticator.Type.TOTP)


def has_second_factor(user: User) -> bool:
    """Whether the person set up an app; one query."""
    return _APPS.filter(user=user).exists()


def was_used(request: HttpRequest, user: User) -> bool:
    """Whether the person gave a code in this very session. One from before they had an app does not count."""
    return any(record["method"] == "mfa" for record in get_authentication_records(request, user))


def of_members() -> Exists:
    """The same for each row of a queryset of memberships, as an annotation."""
    return Exists(_APPS.filter(user=OuterRef("user")))
