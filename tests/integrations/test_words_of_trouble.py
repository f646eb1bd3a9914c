"""Every way in which a sync can fail says what happened, what was not lost and what to do, without codes (P3); and a
thousand failures make one letter, and one more when it is over (P4).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core import mail
from django.utils import timezone

from integrations import connectors, registry, tasks
from integrations.connectors.pivotal_tracker import client
from integrations.errors import OtherHost, OwnerLeft, PullError
from integrations.models import ProjectLink, SyncRun
from integrations.status import status_of
from integrations.sync import outcome, schedule
from integrations.sync.claim import claim
from tests import factories

ROOT = Path(__file__).parents[2]
SOURCES = sorted(Path(ROOT, "integrations").rglob("*.py"))
#: What no text for people may hold: names and numbers of code, traces, markup.
FORBIDDEN = re.compile(r"Traceback|Exception|\bNone\b|\w+Error\b|\b[a-z]+_[a-z_]+\b|[<>]")
ACTS = re.compile(r"press|Move|Try|tried again|Ask|choose|Look through|Replace|Nothing for now", re.IGNORECASE)
KEPT = re.compile(r"All items (of this roadmap )?are still (here|there)")
FAILURES = 1000


def every_error(kind: type[PullError] = PullError) -> Iterator[type[PullError]]:
    for each in kind.__subclasses__():
        yield each
        yield from every_error(each)


def made(kind: type[PullError]) -> PullError:
    """As the product makes it; where the place that raises it writes the text, with one of such a text."""
    if kind is OwnerLeft:
        return OwnerLeft(owner="Olga Orlova", account="Acme")
    if kind is OtherHost:
        return OtherHost(given_for="old.example.com", asked_now="new.example.com")
    try:
        return kind()
    except TypeError:
        return kind("The tracker did what it should not.")


@pytest.fixture
def link(db: None) -> ProjectLink:
    owner = factories.make_member(factories.make_account("Acme"))
    return factories.make_link(factories.make_roadmap(owner, "Apollo"), cadence_minutes=60)


def fail(link: ProjectLink, error: PullError) -> SyncRun:
    asked = schedule.request_run(link=link, trigger=SyncRun.Trigger.SCHEDULE, send=False)
    run = claim(asked.pk)
    assert run is not None
    outcome.fail(run, error)
    return run


def lend_and_leave(link: ProjectLink) -> None:
    """The roadmap syncs with the credentials of somebody who was shut out since."""
    lender = factories.make_member(link.account)
    link.credential = factories.make_credential(lender, "Lent")
    link.save()
    lender.deactivated_at = timezone.now()
    lender.save()


ERRORS = [kind for kind in every_error() if kind.__module__.startswith("integrations.")]


@pytest.mark.parametrize("kind", ERRORS, ids=[kind.code for kind in ERRORS])
def test_page_and_letter_have_all_three_parts(kind: type[PullError], link: ProjectLink) -> None:
    error = made(kind)
    if kind is OwnerLeft:
        lend_and_leave(link)
    fail(link, error)
    fail(link, error)
    tasks.send_letters()
    link.refresh_from_db()
    status = status_of(link.roadmap)
    assert status is not None
    text = str(error) or "The tracker did what it should not."
    for advice in (status.advice, status.advice_for_editors):
        assert KEPT.search(advice) and ACTS.search(advice), advice
        assert not FORBIDDEN.search(advice)
    (letter,) = mail.outbox
    happened, kept, act = re.split(r"What was not lost:|What to do:", str(letter.body))
    assert str(error) in happened
    assert KEPT.search(kept)
    assert ACTS.search(act), act
    assert not FORBIDDEN.search(text)


def test_no_class_of_errors_is_left_out() -> None:
    assert {kind.code for kind in ERRORS} >= {
        "credential_rejected", "project_unavailable", "rate_limited", "tracker_unavailable", "inconsistent",
        "unexpected_response", "refused", "internal", "no_room", "worker_died", "secret_unreadable",
    }  # fmt: skip
    assert connectors and registry and client, "Imported, so that their errors are known."


def written_texts() -> Iterator[tuple[str, str]]:
    """Where, and what: each text that the code gives an error."""
    names = {kind.__name__ for kind in ERRORS}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = node.func.id if isinstance(node.func, ast.Name) else ""
            if called in names and (text := _text(node.args[0])):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", text


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""


TEXTS = dict(written_texts())


def test_texts_are_found() -> None:
    assert len(TEXTS) >= 15


@pytest.mark.parametrize("place", TEXTS)
def test_a_written_text_is_a_sentence_for_people(place: str) -> None:
    text = TEXTS[place]
    assert text[0].isupper() or text[0] == "…"
    assert text.endswith(".")
    assert not FORBIDDEN.search(text), text


def test_a_thousand_failures_make_one_letter_and_their_end_one_more(link: ProjectLink) -> None:
    """P4"""
    error = made(outcome.WorkerDied)
    for number in range(FAILURES):
        fail(link, error)
        if number % 100 == 1:
            tasks.send_letters()
    tasks.send_letters()
    assert len(mail.outbox) == 1
    assert ProjectLink.objects.get(pk=link.pk).failures == FAILURES
    asked = schedule.request_run(link=link, trigger=SyncRun.Trigger.SCHEDULE, send=False)
    run = claim(asked.pk)
    assert run is not None
    outcome.finish_unchanged(run)
    tasks.send_letters()
    assert [letter.subject for letter in mail.outbox] == [
        "The roadmap “Apollo” does not sync",
        "The roadmap “Apollo” syncs again",
    ]
