"""Where allauth asks us: what is saved of a new person, where people land, how letters are headed."""

from __future__ import annotations

import logging
import time
from typing import Any
from urllib.parse import urlsplit

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.models import EmailConfirmation
from allauth.core import context as current
from allauth.core.internal.httpkit import authenticated_user
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.forms import BaseForm
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import reverse

from accounts.access import last_membership
from accounts.addresses import one_spelling
from accounts.models import User

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """allauth's own ways, with a person's name and our addresses."""

    error_messages = DefaultAccountAdapter.error_messages | {
        # One answer for everybody, also for those whose password is right and whose address waits.
        "email_password_mismatch": "Address and password are not correct together. "
        "Just signed up? Then first open the link in our letter.",
    }

    def save_user(
        self, request: HttpRequest, user: AbstractBaseUser, form: BaseForm, commit: bool = True
    ) -> AbstractBaseUser:
        if isinstance(user, User):
            user.name = form.cleaned_data["name"]
        return super().save_user(request, user, form, commit)

    def clean_email(self, email: str) -> str:
        """One spelling for each address, and none that does not fit the column; allauth would cut it off."""
        return one_spelling(email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Say so where the mail server refuses; what the person did otherwise stands, and they can ask again."""
        context = _on_our_site(context) | {"email": email, "site": settings.SITE_URL}
        try:
            self.render_mail(template_prefix, email, context).send()
        except OSError as error:
            logger.warning("A letter (%s) could not be mailed: %s", template_prefix, type(error).__name__)
            if current.request is not None:
                messages.error(current.request, "The letter could not be sent. Please try again in a few minutes.")

    def get_email_confirmation_url(self, request: HttpRequest | None, emailconfirmation: EmailConfirmation) -> str:
        """Also for a worker, which has no request."""
        return settings.SITE_URL + reverse("account_confirm_email", args=[emailconfirmation.key])

    def format_email_subject(self, subject: str) -> str:
        return subject

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """The name alone, as the database is asked for it; allauth adds the Host header, and that is anybody’s."""
        email: str = credentials.get("email", "")
        return email.lower()

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not of who typed the password at sign-in a moment ago, where only the address is changed.

        allauth counts nothing but what it asked for afterwards, and second factors stay with that.
        """
        if app == "allauth.account" and _gave_password_just_now(current.request):
            return False
        return bool(super().is_reauthentication_required(app=app, **kwargs))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to the page that the person came from: their profile."""
        member = last_membership(request)
        return resolve_url("accounts:profile", member.account.slug) if member else resolve_url("home")


def _on_our_site(context: dict[str, Any]) -> dict[str, Any]:
    """The same links with our host: allauth makes them with the Host header, which is anybody’s."""
    places = {
        name: urlsplit(url)._replace(scheme="", netloc="").geturl()
        for name, url in context.items()
        if name.endswith("_url")
    }
    return context | {name: settings.SITE_URL + place for name, place in places.items()}


def _gave_password_just_now(request: HttpRequest) -> bool:
    since = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
    records = get_authentication_records(request, authenticated_user(request))
    return any(record["method"] == "password" and record["at"] > since for record in records)
