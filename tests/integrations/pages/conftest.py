"""Olga at the start of the wizard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Membership
from integrations import credentials
from integrations.http import Limits
from tests.integrations.pages.stage import Setup, Tracker, make_setup


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits in a test: a server that does not answer is given up at once."""
    limits = Limits(connect_seconds=0.3, total_seconds=0.6, tries=1, patience_seconds=0)
    monkeypatch.setattr(credentials, "IMPATIENT", limits)


@pytest.fixture
def setup(tracker: Tracker, olga: Membership, signed_in: Callable[[Membership], Client]) -> Setup:
    """Olga, signed in, before the first step."""
    return make_setup(signed_in(olga), olga, tracker)
