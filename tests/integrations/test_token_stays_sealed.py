"""W4: a marked token goes through every fault that a tracker can have, and is then looked for everywhere."""

from __future__ import annotations

import logging
import os
import re
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import requests
import responses
from django.apps import apps
from django.conf import settings as django_settings
from django.core.serializers import serialize
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Membership
from integrations import auth, credentials
from integrations.auth import auth_for
from integrations.connectors.pivotal_tracker import connector
from integrations.errors import PullError
from integrations.http import Limits
from integrations.models import Credential, ProjectLink
from integrations.promotion import ensure_fields, offers
from integrations.sync import schedule
from integrations.sync.heart import Heart
from integrations.sync.run import execute
from integrations.tasks import send_letters
from roadmunk.celery import app as celery_app
from tests import factories
from tests.browser.every_page import ARGUMENTS
from tracker_sandbox.demo import build_demo
from tracker_sandbox.effects import KINDS
from tracker_sandbox.server import Sandbox

SignIn = Callable[[Membership], Client]
#: As a token looks, and as nothing else does. It is put together here, so that no source line holds it.
CANARY = "".join(["ca4a", "5e1f"] * 4)
MORE_FAULTS = [
    requests.ConnectionError(f"refused {CANARY}"),
    requests.exceptions.SSLError(f"handshake {CANARY}"),
    requests.exceptions.InvalidHeader(f"X-TrackerToken: {CANARY}"),
    requests.exceptions.ChunkedEncodingError(CANARY),
    OSError(CANARY),
]


class Heard(logging.Handler):
    """Every line that anybody logs, formatted with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        shown = logging.Formatter("%(name)s %(message)s %(args)s").format(record)
        self.lines.append(f"{shown} {record.__dict__!r}")


@pytest.fixture
def heard() -> Iterator[Heard]:
    handler, root = Heard(), logging.getLogger()
    loggers = [root, *(each for each in root.manager.loggerDict.values() if isinstance(each, logging.Logger))]
    levels = [(each, each.level, each.propagate) for each in loggers]
    for each in loggers:
        each.setLevel(logging.DEBUG)
        each.propagate = True
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)
    for each, level, propagate in levels:
        each.setLevel(level)
        each.propagate = propagate


@pytest.fixture
def tracker(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """One that is impatiently asked, and knows the marked token."""
    hasty = Limits(connect_seconds=0.5, total_seconds=0.25, tries=1, patience_seconds=0, body_bytes=4 * 1024 * 1024)
    monkeypatch.setattr(auth, "Limits", lambda **_: hasty)
    monkeypatch.setattr(credentials, "IMPATIENT", hasty)
    monkeypatch.setattr(Heart, "sleep", lambda *_: None)
    with Sandbox(build_demo(token=CANARY)) as sandbox:
        settings.CONNECTOR_URLS = {"pivotal_tracker": sandbox.url}
        yield sandbox


@pytest.fixture
def link(tracker: Sandbox, olga: Membership) -> ProjectLink:
    project = next(iter(tracker.world.projects.values()))
    credential = factories.make_credential(olga, "Marked", secret=CANARY)
    description = connector.describe(auth_for(credential), str(project.id))
    made = factories.make_link(
        factories.make_roadmap(olga, "Shop"),
        credential=credential,
        project_id=str(project.id),
        states=[state.key for state in description.states],
    )
    for key, field in ensure_fields(olga.account, connector, offers(description).values()).items():
        factories.make_mapping(made, key, field)
    return made


def pull(link: ProjectLink) -> None:
    """Ask for a sync as people do, with a message to the queue, and carry it out."""
    run = schedule.request_run(link=link, trigger="manual")
    execute(run.pk)
    ProjectLink.objects.filter(pk=link.pk).update(paused_at=None, paused_code="", paused_reason="")
    Credential.objects.update(rejected_at=None)


def type_it_in(browser: Client, link: ProjectLink, *, label: str) -> Iterator[str]:
    """What the forms answer that take a token, or ask the tracker about a saved one."""
    where = ["acme", link.credential_id]
    yield str(browser.post(reverse("integrations:credential-replace", args=where), {"secret": CANARY}).content)
    yield str(browser.post(reverse("integrations:credential-check", args=where)).content)
    add = reverse("integrations:credential-add", args=["acme", link.kind])
    yield str(browser.post(add, {"label": label, "secret": CANARY}).content)


def open_by_hand(link: ProjectLink) -> Iterator[str]:
    """What a debugger would show: the way of an error, with all that was known on it; and who carries the token."""
    opened = auth_for(link.credential)
    yield repr([opened, opened.http, link.credential, vars(link.credential), link])
    with opened.http:
        try:
            connector.describe(opened, link.project_id)
        except PullError as error:
            yield "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def everywhere(browser: Client, link: ProjectLink, letters: list[Any]) -> Iterator[tuple[str, str]]:
    """Each place that a token could have reached, and the text that is there."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT each::text FROM "{table}" AS each')  # noqa: S608  # a name from the database
            yield f"table {table}", "\n".join(row for (row,) in cursor.fetchall())
    for model in apps.get_models():
        yield f"dump of {model.__name__}", serialize("json", model._base_manager.all())
    yield "Redis", "\n".join(redis_memory())
    yield "letters", "\n".join(f"{each.subject} {each.body} {each.message()}" for each in letters)
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        if place.exists():
            yield f"arguments of {place}", place.read_text(errors="replace")
    yield "environment", repr(os.environ)
    known = {"account_slug": "acme", "roadmap_id": link.roadmap_id, "credential_id": link.credential_id}
    known |= {"run_id": link.runs.latest("pk").pk, "kind": "pivotal_tracker", "integration_id": link.integration_id}
    known |= {"item_id": link.roadmap.items.first().pk} if link.roadmap.items.exists() else {}
    for name, arguments in ARGUMENTS.items():
        answer = browser.get(reverse(name, kwargs={each: known.get(each, 1) for each in arguments}))
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        yield f"page {name}", content.decode(errors="replace") + repr(answer.headers)


def redis_memory() -> Iterator[str]:
    """All keys with all that they hold, of cache and broker."""
    server = redis.Redis.from_url(django_settings.REDIS_URL)
    reads = {
        b"string": server.get,
        b"list": lambda key: server.lrange(key, 0, -1),
        b"hash": server.hgetall,
        b"set": server.smembers,
        b"zset": lambda key: server.zrange(key, 0, -1, withscores=True),
    }
    for key in server.scan_iter():
        yield f"{key!r} {reads[server.type(key)](key)!r}"


@pytest.mark.django_db(transaction=True)
def test_a_marked_token_is_found_nowhere_after_every_fault(
    link: ProjectLink, tracker: Sandbox, alice: Membership, signed_in: SignIn, heard: Heard, mailoutbox: list[Any]
) -> None:
    celery_app.control.purge()
    browser = signed_in(link.roadmap.owner)
    pull(link)
    shown: list[str] = []
    for kind in KINDS:
        tracker.faults.add(kind, times=None, megabytes=8, seconds=0.3, status=302, body=CANARY)
        # As often as the token goes out: by a pull, by hand, and from each form that takes one.
        pull(link)
        shown += open_by_hand(link)
        shown += type_it_in(browser, link, label=kind)
        tracker.faults.clear()
    for error in MORE_FAULTS:
        with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
            mock.get(re.compile(".*"), body=error)
            pull(link)
            shown += open_by_hand(link)
    send_letters()
    assert mailoutbox
    found = [("answer or traceback", "\n".join(shown)), ("log", "\n".join(heard.lines))]
    found += everywhere(browser, link, mailoutbox)
    for place in ("table integrations_credential", "dump of Credential", "page integrations:credentials"):
        assert "Marked" in dict(found)[place]  # so it is looked for where it would be
    assert len(heard.lines) > 100 and len(tracker.requests) > 100
    assert [place for place, text in found if CANARY in text] == []
