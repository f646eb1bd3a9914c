"""Forms say what is too long; the browser must not cut it off before the server sees it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from roadmaps.models import Roadmap

TOO_LONG = "Nightingale " * 400


@pytest.mark.parametrize("name", ["account_signup", "account_login", "account_reset_password"])
def test_no_form_for_strangers_cuts_what_is_pasted(client: Client, db: None, name: str) -> None:
    page = client.get(reverse(name)).content.decode()
    assert "<input" in page
    assert "maxlength" not in page


@pytest.mark.parametrize(
    "name", ["roadmaps:new", "roadmaps:field-new", "accounts:profile", "accounts:users", "accounts:audit-log"]
)
def test_no_form_inside_an_account_cuts_what_is_pasted(
    name: str, alice: Membership, signed_in: Callable[[Membership], Client]
) -> None:
    page = signed_in(alice).get(reverse(name, args=["acme"])).content.decode()
    assert "<input" in page
    assert "maxlength" not in page


def test_a_name_that_is_too_long_comes_back_whole_with_the_reason(
    alice: Membership, signed_in: Callable[[Membership], Client]
) -> None:
    page = signed_in(alice).post(reverse("roadmaps:new", args=["acme"]), {"name": TOO_LONG}).content.decode()
    assert "at most 120 characters" in page
    assert TOO_LONG.strip() in page
    assert not Roadmap.objects.exists()
