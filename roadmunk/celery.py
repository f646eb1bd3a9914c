"""The Celery application. A message is only a poke: the database holds what is to be done."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import heartbeat_sent, setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "roadmunk.settings")

app = Celery("roadmunk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _log_as_the_site_does(**_: object) -> None:
    """Django's settings say how a line looks; Celery sets up nothing of its own where somebody listens here."""


@heartbeat_sent.connect
def _report_worker(**_: object) -> None:
    # Django's models may not be loaded yet when this module is.
    from roadmunk.health import note_worker

    note_worker()
