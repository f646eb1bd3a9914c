"""Whom a name and a password let in: the person whose confirmed address it is."""

from __future__ import annotations

from allauth.account import app_settings
from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.models import EmailAddress
from allauth.core import context as current
from allauth.core import ratelimit

from accounts.models import User
from accounts.tasks import send_confirmation


class ConfirmedAddressBackend(AuthenticationBackend):
    """allauth's own, but for addresses that nobody has confirmed: they answer as a wrong password does.

    Anybody may sign up with any address, or say that they will move to it. Were they then turned away in another way
    than with a wrong password, they would learn whether somebody else has it.
    """

    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        """One look for one person; allauth tries all who say that they will move to the address, which takes longer."""
        person = User.objects.filter(email=email.lower()).first()
        if person is None or self._check_password(person, password) is None:
            return None
        return person if _is_confirmed(person) else None


def _is_confirmed(person: User) -> bool:
    """Whether the address is theirs for sure, or need not be; else they are asked to confirm it by letter."""
    if app_settings.EMAIL_VERIFICATION != EmailVerificationMethod.MANDATORY:
        return True
    address, _ = EmailAddress.objects.get_or_create(user=person, email=person.email)
    if not address.verified and ratelimit.consume(current.request, action="confirm_email", key=address.email):
        # A worker mails it, because that takes longer than turning away a wrong password.
        send_confirmation.delay(address.pk)
    return address.verified
