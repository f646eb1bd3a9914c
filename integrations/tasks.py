"""What the queue carries: ids, and nothing else. The work is in `integrations.sync` and `integrations.preview`."""

from __future__ import annotations

from time import monotonic

from celery import shared_task
from django.conf import settings

from accounts import outbox
from integrations import digests, preview
from integrations.models import Digest, Notice
from integrations.sync import schedule
from integrations.sync.run import execute

_looked_at = float("-inf")


@shared_task
def dispatch() -> None:
    """Sent by beat every second: look for work.

    Where no worker was there for a while, these messages piled up, and one look answers all that come at once.
    """
    global _looked_at
    now = monotonic()
    if now - _looked_at >= settings.DISPATCH_SECONDS / 2:
        _looked_at = now
        schedule.tick()


@shared_task
def run_link(run_id: int) -> None:
    """Carry out one run; a run that is not to be had any more is no failure."""
    run = execute(run_id)
    if run is not None:
        schedule.send_next(run.account_id)


@shared_task
def send_letters() -> None:
    """Sent by beat every quarter of a minute: letters that wait leave, and those of a new week are made."""
    outbox.send_due(Notice.objects.select_related("run", "link__roadmap", "link__credential__owner__user"))
    digests.queue_due()
    outbox.send_due(Digest.objects.all())


@shared_task
def look_ahead(preview_id: int) -> None:
    """Carry out one preview; one that is not to be had any more is no failure."""
    preview.execute(preview_id)
