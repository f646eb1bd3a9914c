"""One spelling for each e-mail address, so that no two that look alike, or are alike, mean different people."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email

from accounts.models import User


def one_spelling(text: str) -> str:
    """The address in lower case, with its domain as the network writes it (`xn--...`). Raises ValidationError.

    Letters of other scripts before the @ are refused: they look like ours, and some even are ours in lower case.
    """
    name, _, domain = text.strip().rpartition("@")
    if not name.isascii():
        raise ValidationError("Before the @, please use letters from a to z, digits and signs only.")
    try:
        email = f"{name}@{domain.encode('idna').decode()}".lower()
    except UnicodeError:
        raise ValidationError("Enter a valid email address.") from None
    validate_email(email)
    limit = User._meta.get_field("email").max_length
    MaxLengthValidator(limit, f"Please use at most {limit} characters.")(email)
    return email
