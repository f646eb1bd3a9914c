"""How a worker stops in seconds, whatever it works on: it gives its work back, and another worker takes it (R8).

A run writes nothing before it saves, and then in one transaction, so a run that is given back leaves nothing behind.
Without this a worker would wait for the end of its runs, be killed meanwhile, and its runs would wait for their leases.
The next look of the dispatcher sends them: sent from here, this worker itself might take them again.
"""

from __future__ import annotations

import logging
import threading
from typing import Final

from celery.worker import state
from django.db import DatabaseError, connection

from integrations.models import Preview, SyncRun
from integrations.sync import claim

log = logging.getLogger(__name__)

#: Which row the first argument of a task names.
WORK: Final[dict[str, type[SyncRun] | type[Preview]]] = {
    "integrations.tasks.run_link": SyncRun,
    "integrations.tasks.look_ahead": Preview,
}
#: Seconds between two looks for work that was begun in the last moment.
_LOOK_EVERY: Final = 0.5


def begin() -> None:
    """Called inside the signal handler of the worker's main process, so the work is a thread's."""
    threading.Thread(target=_give_back, name="stopping", daemon=True).start()


def _give_back() -> None:
    """Give back all work that this worker has, each piece once: afterwards another worker may have it."""
    given: set[str] = set()
    pause = threading.Event()
    while True:
        tasks = [task for task in list(state.active_requests) if task.name in WORK and task.id not in given]
        for kind in WORK.values():
            ids = {int(task.args[0]): task.id for task in tasks if WORK[task.name] is kind}
            given |= {ids[each] for each in _give(kind, list(ids))}
        pause.wait(_LOOK_EVERY)


def _give(kind: type[SyncRun] | type[Preview], ids: list[int]) -> list[int]:
    """Those that were worked on, and no longer are."""
    if not ids:
        return []
    try:
        given = claim.give_back(kind, ids)
    except DatabaseError as error:
        log.warning("Work could not be given back: %s", type(error).__name__)
        return []
    finally:
        connection.close()
    if given:
        log.info("Stopping: gave back %s %s", kind._meta.verbose_name, given, extra={"given": given})
    return given
