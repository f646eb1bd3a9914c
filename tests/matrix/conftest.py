"""The site that the matrix asks. One for all: whatever a request does to it is taken back."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from accounts import walls
from tests.matrix.site import Site, make_site
from tracker_sandbox.demo import build_demo
from tracker_sandbox.server import Sandbox


@pytest.fixture(scope="package")
def site(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Site]:
    """Two accounts with everything in them, and a tracker that both know. Who asks everything asks often."""
    with (
        Sandbox(build_demo()) as tracker,
        override_settings(CONNECTOR_URLS={"pivotal_tracker": tracker.url}, ACCOUNT_RATE_LIMITS=False),
        django_db_blocker.unblock(),
        walls.every_account(walls.Across.OPERATOR),
        transaction.atomic(),
    ):
        made = make_site(tracker)
        logging.disable(logging.CRITICAL)  # thousands of refusals, each with its traceback
        yield made
        logging.disable(logging.NOTSET)
        transaction.set_rollback(True)
