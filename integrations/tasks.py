"""What the queue carries: ids, and nothing else. The work is in `integrations.sync` and `integrations.preview`."""

from __future__ import annotations

from celery import shared_task

from integrations import preview
from integrations.sync import schedule
from integrations.sync.run import execute


@shared_task
def dispatch() -> None:
    """Sent by beat every half minute: look for work."""
    schedule.tick()


@shared_task
def run_link(run_id: int) -> None:
    """Carry out one run; a run that is not to be had any more is no failure."""
    run = execute(run_id)
    if run is not None:
        schedule.send_next(run.account_id)


@shared_task
def look_ahead(preview_id: int) -> None:
    """Carry out one preview; one that is not to be had any more is no failure."""
    preview.execute(preview_id)
