"""A real browser on a real site: live server, worker, queue, database, and the sandbox for Tracker.

Uses the machine's Chromium; where there is none, these tests are not collected, and the run says so. `.ci/run` makes
sure that there is one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from celery.contrib.testing.worker import start_worker
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import Account, Membership
from roadmunk.celery import app as celery_app
from tests.browser import axe
from tests.browser.everything import Things, make_everything
from tests.browser.people import Person
from tracker_sandbox.demo import build_demo
from tracker_sandbox.server import Sandbox

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
#: Without a sandbox of its own, as containers need it, and without calls to the outside.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

collect_ignore_glob = [] if CHROMIUM else ["test_*.py"]

expect.set_options(timeout=10_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a process."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def tracker(settings: Settings) -> Iterator[Sandbox]:
    """A Tracker server with the demo's projects, which every link of the test speaks to."""
    with Sandbox(build_demo()) as sandbox:
        settings.CONNECTOR_URLS = {"pivotal_tracker": sandbox.url}
        yield sandbox


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """A Celery worker that takes its messages from the real queue."""
    celery_app.control.purge()
    with start_worker(celery_app, pool="solo", perform_ping_check=False, loglevel="WARNING"):
        yield


@pytest.fixture
def open_page(
    browser: Browser, live_server: LiveServer, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Page]]:
    """Open a window of its own, signed in or not: `open_page(olga)`. Any error that a page reports fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and "status of 4" not in message.text and not axe.said(message):
            complaints.append(message.text)

    def open_(person: Person | None = None, **options: object) -> Page:
        context = browser.new_context(base_url=live_server.url, **options)  # type: ignore[arg-type]  # Playwright's own
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if person is not None:
            person.sign_in(page)
        return page

    yield open_
    _keep_pictures(request.node.name, contexts)
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def things(
    transactional_db: None, acme: Account, alice: Membership, olga: Membership, vera: Membership, tracker: Sandbox
) -> Things:
    """Acme with everything that can be on a page."""
    return make_everything(acme, alice, olga, vera, tracker)


def _keep_pictures(test: str, contexts: list[BrowserContext]) -> None:
    """With SCREENSHOTS=<folder>, what every window showed last."""
    folder = os.environ.get("SCREENSHOTS")
    for number, page in enumerate(page for context in contexts for page in context.pages):
        if folder:
            page.screenshot(path=Path(folder) / f"{test}-{number}.png")
