"""Who signs in with a second factor: a code from an app, beside the password."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef

from accounts.models import User

#: Recovery codes alone are none: they stand in for an app.
_APPS = Authenticator.objects.filter(type=Authenticator.Type.TOTP)


def has_second_factor(user: User) -> bool:
    """Whether the person set up an app; one query."""
    return _APPS.filter(user=user).exists()


def of_members() -> Exists:
    """The same for each row of a queryset of memberships, as an annotation."""
    return Exists(_APPS.filter(user=OuterRef("user")))
