"""Section 5, W19: a task is told an id, and enters the account of what has it. So there is no other to name.

"Tasks with another account's ids refuse" can mean no more: a message holds no account that an id could be foreign to.
What a task must not do is touch anything outside of the account that its id leads to.
"""

from __future__ import annotations

import base64
import inspect
import json
from collections.abc import Callable

import pytest
import redis
from celery import current_app
from django.conf import settings

from accounts import walls
from accounts.walls import EVERY
from integrations import preview, tasks
from integrations.models import Preview, ProjectLink, SetupDraft, SyncRun
from integrations.sync import schedule
from integrations.sync.heart import Heart
from integrations.sync.queues import Queue
from tests.browser.everything import Things
from tests.matrix.rows import all_rows
from tests.matrix.site import Site
from tests.matrix.watch import watched

pytestmark = pytest.mark.django_db

#: What the claim of a preview reads across all accounts: the rows that its id leads to. That of a run is SQL by hand.
CLAIMED = {"integrations_preview", "roadmaps_roadmap", "accounts_membership"}


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Heart, "sleep", lambda *_: None)


def a_run(things: Things) -> tuple[Callable[[int], None], int]:
    """Of the roadmap that is fed from outside."""
    link = ProjectLink.objects.get(roadmap_id=str(things["roadmap_id"]))
    SyncRun.objects.filter(link=link, state="held").delete()
    return tasks.run_link, schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False).pk


def a_preview(things: Things) -> tuple[Callable[[int], None], int]:
    """Of the roadmap that is in the wizard."""
    draft = SetupDraft.objects.get(roadmap_id=str(things["drafted"]))
    Preview.objects.filter(roadmap=draft.roadmap).delete()
    return tasks.look_ahead, preview.ask(draft, Preview.Purpose.PLAN).pk


@pytest.mark.parametrize("make", [a_run, a_preview])
@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_a_task_touches_the_account_of_its_id_alone(
    make: Callable[[Things], tuple[Callable[[int], None], int]], whose: str, site: Site
) -> None:
    here = site if whose == "ours" else site.seen_by_a_stranger()
    task, about = make(here.things)
    own, other = (all_rows(account_id=account.pk) for account in (here.account, here.other))
    with walls.outside(), watched() as seen:
        task(about)
    assert all_rows(account_id=here.other.pk) == other
    assert all_rows(account_id=here.account.pk) != own
    assert seen.touched.keys() <= {EVERY, str(here.account.pk)}
    assert seen.across <= CLAIMED


def test_a_task_is_told_ids_and_nothing_else() -> None:
    """Also a task to come."""
    current_app.loader.import_default_modules()
    ours = [task for name, task in current_app.tasks.items() if not name.startswith("celery.")]
    told = {task.name: [*inspect.signature(task.run).parameters.values()] for task in ours}
    assert told.keys() >= {"integrations.tasks.run_link", "integrations.tasks.look_ahead", "roadmunk.tasks.prune"}
    assert {each.annotation for parameters in told.values() for each in parameters} == {"int"}


def test_a_message_holds_an_id_and_nothing_else(site: Site) -> None:
    """W19: as it lies in Redis."""
    current_app.control.purge()
    schedule.send_runs({4242: Queue.CHANGES})
    schedule.send_previews([4243])
    server = redis.Redis.from_url(settings.REDIS_URL)
    sent = [json.loads(each) for queue in Queue for each in server.lrange(queue, 0, -1)]
    current_app.control.purge()
    assert [json.loads(base64.b64decode(each["body"]))[:2] for each in sent] == [[[4243], {}], [[4242], {}]]
    told = {name for each in sent for name, value in each["headers"].items() if value}
    assert told == {"lang", "task", "id", "root_id", "timelimit", "argsrepr", "kwargsrepr", "origin"}
    assert [each["headers"]["argsrepr"] for each in sent] == ["(4243,)", "(4242,)"]
