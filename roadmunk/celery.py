"""The Celery application. A message is only a poke: the database holds what is to be done."""

from __future__ import annotations

import contextlib
import logging
import os

from celery import Celery, Task
from celery.signals import (
    after_task_publish,
    beat_init,
    heartbeat_sent,
    setup_logging,
    task_postrun,
    task_prerun,
    task_success,
    worker_init,
    worker_shutting_down,
)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "roadmunk.settings")

logger = logging.getLogger(__name__)

#: What beat sends to have the workers look for what is due.
DISPATCH = "integrations.tasks.dispatch"

app = Celery("roadmunk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _log_as_the_site_does(**_: object) -> None:
    """Django's settings say how a line looks; Celery sets up nothing of its own where somebody listens here."""
    logging.captureWarnings(True)


@worker_init.connect
@beat_init.connect
def _check_database(**_: object) -> None:
    """Celery logs what a receiver raises, and goes on; only an exit ends it."""
    from django.core.exceptions import ImproperlyConfigured

    from roadmunk import start

    try:
        start.check_database()
    except ImproperlyConfigured as error:
        logger.critical("%s", error)
        raise SystemExit(1) from None


@task_prerun.connect
@task_postrun.connect
def _close_old_connections(sender: Task[..., None], **_: object) -> None:
    """As Django does around a request: what is too old, or broken, is not used for the next task."""
    from django.db import close_old_connections

    if not sender.request.is_eager:
        close_old_connections()


@heartbeat_sent.connect
def _worker_lives(**_: object) -> None:
    _show("worker")


@after_task_publish.connect(sender=DISPATCH)
def _beat_lives(**_: object) -> None:
    _show("beat")  # nobody else sends this task


@task_success.connect
def _dispatched(sender: Task[..., None], **_: object) -> None:
    if sender.name == DISPATCH:
        _show("dispatch")


@worker_shutting_down.connect
def _give_runs_back(**_: object) -> None:
    from roadmunk import stopping

    stopping.begin()


def _show(sign: str) -> None:
    """Leave a sign of life. Without Redis there is none, and that is all there is to say."""
    # Django's settings may not be loaded yet when this module is.
    from redis.exceptions import RedisError

    from roadmunk import signs

    with contextlib.suppress(RedisError):
        signs.show(signs.Sign(sign))
