"""What beat asks the workers to do for the installation as a whole."""

from __future__ import annotations

import logging
from dataclasses import asdict

from celery import shared_task

from roadmunk import retention

log = logging.getLogger(__name__)


@shared_task
def prune() -> None:
    """Sent by beat every ten minutes: what is too old goes, for some seconds."""
    gone = asdict(retention.prune())
    if any(gone.values()):
        log.info("Pruned what was too old", extra=gone)
