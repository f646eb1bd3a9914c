"""The site that the matrix asks."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.matrix.site import Site, make_site
from tracker_sandbox.demo import build_demo
from tracker_sandbox.server import Sandbox


@pytest.fixture
def site(db: None, settings: Settings) -> Iterator[Site]:
    """Two accounts with everything in them, and a tracker that both know."""
    settings.ACCOUNT_RATE_LIMITS = False  # who asks everything asks often
    with Sandbox(build_demo()) as tracker:
        settings.CONNECTOR_URLS = {"pivotal_tracker": tracker.url}
        made = make_site(tracker)
        logging.disable(logging.CRITICAL)  # thousands of refusals, each with its traceback
        yield made
        logging.disable(logging.NOTSET)
