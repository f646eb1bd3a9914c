"""What is due, queued, lost and sent: the database decides, Celery is only poked.

Any number of dispatchers may run at once. The partial unique index "one live run per link" lets one of them win, so
"Sync now", the wizard and two beats may all ask.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from celery import current_app
from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from kombu.exceptions import OperationalError
from kombu.pools import producers

from accounts import walls
from accounts.models import Membership
from accounts.walls import Across
from integrations import breaker, counters, registry
from integrations.models import Preview, ProjectLink, SyncRun
from integrations.models.work import Work
from integrations.sync import outcome
from integrations.sync.claim import lost
from integrations.sync.outline import Outline
from integrations.sync.queues import QUEUE_OF, Queue

log = logging.getLogger(__name__)

#: Due links that one tick takes; the next tick takes more.
BATCH = 1000
#: After this time in the queue a run is sent again, in case its message was lost.
RESEND_AFTER = timedelta(minutes=2)
#: Seconds that the queue may take to answer who sends: a person waits for it (R4).
SEND_WITHIN = 0.3
#: Times that a run is taken up again after its worker died; then it fails.
MAX_ATTEMPTS = 3

#: Due links that may run, the longest waiting of each account first, each moved on by its cadence with up to 10 % (at
#: most 5 minutes) of jitter, and a queued run for each that has none alive. "No key", because a run that somebody else
#: inserts at the same moment needs a share of the link's key, and two that wait for each other would be a deadlock.
QUEUE_DUE = """
WITH waiting AS (
    SELECT link.id, link.next_sync_at,
        row_number() OVER (PARTITION BY link.account_id ORDER BY link.next_sync_at) AS place
    FROM integrations_projectlink AS link
    JOIN roadmaps_roadmap AS roadmap ON roadmap.id = link.roadmap_id
    WHERE link.next_sync_at <= now() AND link.paused_at IS NULL AND roadmap.archived_at IS NULL
), due AS (
    SELECT link.id, link.account_id, link.cadence_minutes
    FROM integrations_projectlink AS link
    WHERE link.id IN (SELECT id FROM waiting ORDER BY place, next_sync_at LIMIT %s)
        AND link.next_sync_at <= now() AND link.paused_at IS NULL
    FOR NO KEY UPDATE SKIP LOCKED
), moved AS (
    UPDATE integrations_projectlink AS link SET next_sync_at =
        now() + link.cadence_minutes * interval '1 minute'
        + random() * least(link.cadence_minutes * interval '6 seconds', interval '5 minutes')
    FROM due WHERE link.id = due.id
)
INSERT INTO integrations_syncrun (account_id, link_id, trigger, state, problems)
SELECT account_id, id, 'schedule', 'queued', '[]' FROM due
ON CONFLICT DO NOTHING RETURNING id
"""

#: Links whose next sync is further away than their cadence, or than the longest wait after failures, with all jitter.
#: They come back at different moments, because it may be all of them.
CALL_BACK = """
UPDATE integrations_projectlink
SET next_sync_at = now() + random() * coalesce(cadence_minutes, 5) * interval '1 minute'
WHERE id IN (
    SELECT id FROM integrations_projectlink
    WHERE paused_at IS NULL AND next_sync_at > now() + interval '1 minute' + greatest(
        cadence_minutes * interval '66 seconds', CASE WHEN failures > 0 THEN %s * interval '1 second' END
    )
    FOR NO KEY UPDATE SKIP LOCKED
)
"""

#: Runs of one account that may be at the workers at once; the next one is sent when one of them ends. The queue is
#: worked off in order, so an account with a thousand due roadmaps makes nobody wait for more than these.
IN_FLIGHT = 10

WAITING = f"""
WITH live AS (
    SELECT run.id, run.state, run.sent_at, {QUEUE_OF} AS queue, row_number() OVER (
        PARTITION BY run.account_id
        ORDER BY run.state = 'running' DESC, run.sent_at IS NULL, run.trigger = 'schedule', run.id
    ) AS place
    FROM integrations_syncrun AS run
    JOIN integrations_projectlink AS link ON link.id = run.link_id
    JOIN roadmaps_roadmap AS roadmap ON roadmap.id = link.roadmap_id
    WHERE run.state IN ('queued', 'running') AND roadmap.archived_at IS NULL
        AND (%(account)s IS NULL OR run.account_id = %(account)s)
        AND NOT (run.state = 'queued' AND run.trigger = 'schedule' AND link.kind = ANY(%(held)s))
)
SELECT id, queue FROM live
WHERE state = 'queued' AND place <= %(most)s
    AND (
        sent_at IS NULL OR sent_at < now() - %(resend)s * interval '1 second'
        OR sent_at > now() + %(resend)s * interval '1 second'
    )
ORDER BY place, id LIMIT %(batch)s
"""  # noqa: S608 - the names are ours


def request_run(
    *,
    link: ProjectLink,
    trigger: SyncRun.Trigger,
    asked_by: Membership | None = None,
    plan: Outline | None = None,
    send: bool = True,
) -> SyncRun:
    """The link's live run, or a new queued one that a worker is told of as soon as the transaction commits.

    `plan` is what the person was shown and said yes to. Works without a broker: the next tick tells the workers again.
    """
    live = None
    while live is None:  # the run that was in our way may have ended meanwhile
        run = SyncRun(account_id=link.account_id, link=link, trigger=trigger, asked_by=asked_by)
        run.plan = plan.as_json() if plan else None
        SyncRun.objects.bulk_create([run], ignore_conflicts=True)
        live = SyncRun.objects.filter(link=link, account_id=link.account_id, state__in=SyncRun.LIVE).first()
    if send and live.state == SyncRun.State.QUEUED:
        transaction.on_commit(lambda: send_asked(live.pk))
    return live


def drop_live_run(link: ProjectLink) -> None:
    """End the run that waits or works: a changed setup makes it pointless, and its worker writes nothing more.

    Call it before anything else of the link is locked: a run that saves locks itself first.
    """
    SyncRun.objects.filter(link=link, account_id=link.account_id, state__in=SyncRun.LIVE).update(
        state=SyncRun.State.CANCELLED,
        finished_at=Now(),
        fence=None,
        lease_until=None,
        stage="",
        error_code="setup_changed",
        error="The setup was changed before this sync was over. Nothing was changed by it.",
    )


@walls.every_account(Across.SCHEDULE)
def tick() -> list[int]:
    """One look of the dispatcher: what died is taken up, what is due is queued, what waits is sent.

    Answers the ids that waited.
    """
    take_up_lost_runs()
    call_back_links()
    queue_due_links()
    waiting = waiting_runs()
    send_runs(waiting)
    _look_after_previews()
    return list(waiting)


def _look_after_previews() -> None:
    """Those whose worker died begin anew, or fail after too many attempts; those that nobody took are sent again."""
    found = Preview.objects.filter(lost())
    found.filter(attempts__gte=MAX_ATTEMPTS - 1).update(
        state=Preview.State.FAILED,
        finished_at=Now(),
        fence=None,
        error_code="worker_died",
        error="The look at the project was cut off several times. Nothing was changed. Please try again.",
    )
    found.update(state=Preview.State.QUEUED, fence=None, sent_at=None, attempts=F("attempts") + 1)
    unheard = Q(sent_at=None) | Q(sent_at__lt=Now() - RESEND_AFTER) | Q(sent_at__gt=Now() + RESEND_AFTER)
    waiting = Preview.objects.filter(unheard, state=Preview.State.QUEUED)
    send_previews(waiting.order_by("id").values_list("pk", flat=True)[:BATCH])


def waiting_runs(account_id: int | None = None) -> dict[int, Queue]:
    """The runs to send now, by id, of all accounts or of one, a first of each account before a second of any."""
    held = breaker.held(registry.all_kinds())
    limits = {"resend": RESEND_AFTER.total_seconds(), "most": IN_FLIGHT, "batch": BATCH}
    with connection.cursor() as cursor:
        cursor.execute(WAITING, {"account": account_id, "held": held, **limits})
        return {run_id: Queue(queue) for run_id, queue in cursor.fetchall()}


def send_next(account_id: int) -> None:
    """After a run of that account ended: send what waited for its place."""
    with walls.entered(account_id):
        send_runs(waiting_runs(account_id))


def queue_due_links() -> list[int]:
    """A queued run for every due link; answers their ids."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(QUEUE_DUE, [BATCH])
        return [row[0] for row in cursor.fetchall()]


def call_back_links() -> None:
    """No link waits longer than it ever may: the database's clock was set back, and these would be silent (R9)."""
    with connection.cursor() as cursor:
        cursor.execute(CALL_BACK, [outcome.LONGEST_WAIT.total_seconds()])


def take_up_lost_runs() -> None:
    """Runs whose worker gave no sign of life for a lease go back to the queue, or fail after too many attempts."""
    found = SyncRun.objects.filter(lost())
    for run_id in found.filter(attempts__gte=MAX_ATTEMPTS - 1).values_list("pk", flat=True)[:BATCH]:
        outcome.give_up(run_id)
        counters.count_lost()
    found.filter(attempts__lt=MAX_ATTEMPTS - 1).update(
        state=SyncRun.State.QUEUED,
        fence=None,
        lease_until=None,
        started_at=None,
        sent_at=None,
        stage="",
        attempts=F("attempts") + 1,
    )


def send(run_id: int, queue: Queue) -> None:
    """Put the run's message into the queue. By the task's name: the task itself stands above this module.

    Raises OperationalError where the queue does not answer.
    """
    _tell("integrations.tasks.run_link", run_id, queue)


def send_runs(runs: Mapping[int, Queue]) -> None:
    """Poke the workers. A broker that does not answer is no failure: the rows are there, the next tick sends again."""
    _poke(SyncRun, lambda run_id: send(run_id, runs[run_id]), runs)


def send_asked(run_id: int) -> None:
    """The same for a run that a person waits for."""
    send_runs({run_id: Queue.ASKED})


def send_previews(preview_ids: Iterable[int]) -> None:
    """The same for previews."""
    _poke(Preview, send_preview, preview_ids)


def send_preview(preview_id: int) -> None:
    """As `send`, of a preview."""
    _tell("integrations.tasks.look_ahead", preview_id, Queue.ASKED)


def _tell(task: str, about: int, queue: Queue) -> None:
    """Over connections of their own: who sends waits less for a queue that hangs than who listens to it."""
    sender = current_app.connection_for_write(transport_options={"socket_timeout": SEND_WITHIN})
    with producers[sender].acquire(block=True) as producer:
        current_app.send_task(task, (about,), queue=queue, producer=producer, retry=False)


def _poke(model: type[Work], tell: Callable[[int], None], ids: Iterable[int]) -> None:
    sent = []
    for pk in ids:
        try:
            tell(pk)
        except OperationalError:
            log.warning("The queue does not answer; what waits is sent again in a moment")
            break
        sent.append(pk)
    model._default_manager.filter(pk__in=sent, state="queued").update(sent_at=Now())
