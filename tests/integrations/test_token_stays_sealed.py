"""W4: a marked token goes through every fault that a tracker can have, and is then looked for everywhere."""

from __future__ import annotations

import io
import itertools
import logging
import os
import re
import secrets
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
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
from tests.browser.everything import STEPS
from tests.roadmunk.installation import Installation
from tests.roadmunk.processes import descendants, wait_for
from tracker_sandbox.demo import build_demo
from tracker_sandbox.effects import KINDS
from tracker_sandbox.server import Sandbox

SignIn = Callable[[Membership], Client]
#: As a token looks, and as nothing else does; made anew each time, so that no file of an earlier run holds it.
CANARY = secrets.token_hex(16)
MORE_FAULTS = [
    requests.ConnectionError(f"refused {CANARY}"),
    requests.exceptions.SSLError(f"handshake {CANARY}"),
    requests.exceptions.InvalidHeader(f"X-TrackerToken: {CANARY}"),
    requests.exceptions.ChunkedEncodingError(CANARY),
    OSError(CANARY),
]


EXPORTS = [f"roadmaps:{name}" for name in ("export-csv", "export-xlsx", "timeline-svg", "timeline-png")]


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


def everywhere(link: ProjectLink, letters: list[Any], since: float) -> Iterator[tuple[str, str]]:
    """Each place that a token could have reached, besides pages, and the text that is there."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT each::text FROM "{table}" AS each')  # noqa: S608  # a name from the database
            yield f"table {table}", "\n".join(row for (row,) in cursor.fetchall())
    for model in apps.get_models():
        yield f"dump of {model.__name__}", serialize("json", model._base_manager.all())
    yield "Redis", "\n".join(redis_memory())
    yield "letters", "\n".join(f"{each.subject} {each.body} {each.message()}" for each in letters)
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        yield from process(pid)
    yield "environment", repr(os.environ)
    for folder in (Path(tempfile.gettempdir()), django_settings.DATA_DIR, django_settings.BASE_DIR):
        yield from files(folder, since)


def process(pid: int) -> Iterator[tuple[str, str]]:
    """What everybody on the machine, or its own user, sees of a process; nothing of one that has ended."""
    for name in ("cmdline", "environ"):
        try:
            yield f"{name} of process {pid}", Path(f"/proc/{pid}/{name}").read_text(errors="replace")
        except OSError:
            continue


def files(folder: Path, since: float) -> Iterator[tuple[str, str]]:
    """Files that were written since then. Others write there too, and take theirs away."""
    for place, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if each not in {".git", ".venv", "bash_jobs"}]
        for path in (Path(place, name) for name in names):
            try:
                if path.is_file() and path.stat().st_mtime >= since:
                    yield f"file {path}", path.read_bytes().decode("latin-1")
            except OSError:
                continue


def pages(browser: Client, link: ProjectLink, who: str) -> Iterator[tuple[str, str]]:
    """Every page of the site, each step of the setup, and each export, also of more than the first view."""
    known: dict[str, list[object]] = {"account_slug": ["acme"], "roadmap_id": [link.roadmap_id], "kind": [link.kind]}
    known |= {"credential_id": [link.credential_id], "integration_id": [link.integration_id]}
    known |= {"run_id": list(link.runs.values_list("pk", flat=True)[:5]), "step_name": [*STEPS, "review"]}
    known |= {"item_id": list(link.roadmap.items.values_list("pk", flat=True)[:1]), "purpose": ["dates", "plan"]}
    columns = [mapping.field.column for mapping in link.mappings.select_related("field")]
    everything = f"?archived=1&sort=name&cols={','.join(['name', 'description', 'external_id', *columns])}"
    for name, arguments in ARGUMENTS.items():
        for values in itertools.product(*(known.get(each) or [1] for each in arguments)):
            address = reverse(name, kwargs=dict(zip(arguments, values, strict=True)))
            for question in ("", everything) if name in EXPORTS else ("",):
                answer = browser.get(address + question)
                content = b"".join(answer.streaming_content) if answer.streaming else answer.content
                yield f"{answer.status_code} for {who}: {address}{question}", unpacked(content) + repr(answer.headers)


def unpacked(content: bytes) -> str:
    """The text, also of a workbook, which is a packed folder."""
    if not content.startswith(b"PK"):
        return content.decode(errors="replace")
    with zipfile.ZipFile(io.BytesIO(content)) as folder:
        return "\n".join(folder.read(name).decode(errors="replace") for name in folder.namelist())


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
    link: ProjectLink,
    tracker: Sandbox,
    alice: Membership,
    signed_in: SignIn,
    heard: Heard,
    mailoutbox: list[Any],
    capfd: pytest.CaptureFixture[str],
) -> None:
    since = time.time()
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
    # The admin, who sees the pages of the account, gets the roadmap too; the owner keeps what the setup asks for.
    factories.make_share(link.roadmap, alice, "editor")
    seen = dict([*pages(browser, link, "owner"), *pages(signed_in(alice), link, "admin")])
    said, complained = capfd.readouterr()
    found = {"answer or traceback": "\n".join(shown), "log": "\n".join(heard.lines)} | seen
    found |= {"output": said, "errors": complained} | dict(everywhere(link, mailoutbox, since))
    credentials_page = reverse("integrations:credentials", args=["acme"])
    for place in ("table integrations_credential", "dump of Credential", f"200 for owner: {credentials_page}"):
        assert "Marked" in found[place]  # so it is looked for where it would be
    setup = reverse("integrations:setup", args=["acme", link.roadmap_id])
    assert sum(place.startswith(f"200 for owner: {setup}") for place in seen) >= len(STEPS)
    for name in ("accounts:users", "accounts:audit-log", "integrations:integrations", "roadmaps:fields"):
        assert f"200 for admin: {reverse(name, args=['acme'])}" in seen
    assert sum("archived=1" in place and place.startswith("200") for place in seen) == 2 * len(EXPORTS)
    assert len(heard.lines) > 100 and len(tracker.requests) > 100
    assert [place for place, text in found.items() if CANARY in text] == []


LINKED = """
from tests import factories
owner = factories.make_member(factories.make_account("Acme"), "admin")
credential = factories.make_credential(owner, secret="%s")
factories.make_link(factories.make_roadmap(owner), credential=credential, project_id="%s")
"""
ASK = """
from integrations.models import ProjectLink
from integrations.sync import schedule
schedule.request_run(link=ProjectLink.objects.get(), trigger="manual")
"""


def test_a_worker_that_uses_the_token_does_not_show_it_to_the_machine(tracker: Sandbox, tmp_path: Path) -> None:
    """Arguments and environment of the real command and of its children, its output, and all files of the site."""
    with Installation(tmp_path, PIVOTAL_TRACKER_URL=tracker.url) as site:
        assert site.manage("migrate", "--no-input", "-v", "0").returncode == 0
        site.do(LINKED % (CANARY, next(iter(tracker.world.projects))))
        worker = site.start("worker")
        site.wait_for_words("worker", "ready.")
        site.do(ASK)
        with closing(site.connect()) as database, database.cursor() as cursor:
            database.autocommit = True

            def has_synced() -> bool:
                cursor.execute("SELECT state FROM integrations_syncrun")
                return cursor.fetchall() == [("succeeded",)]

            assert wait_for(has_synced, seconds=60), site.log_of("worker").read_text()[-3000:]
        found = dict(each for pid in (worker.pid, *descendants(worker.pid)) for each in process(pid))
        assert "CREDENTIAL_KEYS" in found[f"environ of process {worker.pid}"] and len(found) >= 4
        found |= dict(files(tmp_path, since=0))
        assert f"file {site.log_of('worker')}" in found
        assert [place for place, text in found.items() if CANARY in text] == []
