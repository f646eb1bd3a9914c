"""How a worker stops in seconds, whatever it works on: it gives its runs back, and another worker takes them (R8).

A run writes nothing before it saves, and then in one transaction, so a run that is given back leaves nothing behind.
Without this a worker would wait for the end of its runs, be killed meanwhile, and its runs would wait for their leases.
"""

from __future__ import annotations

import logging
import threading
from typing import Final

from celery.worker import state
from django.db import DatabaseError, connection

from integrations.sync import claim, schedule

log = logging.getLogger(__name__)

RUN: Final = "integrations.tasks.run_link"
#: Seconds between two looks for a run that was started in the last moment.
_LOOK_EVERY: Final = 0.5


def begin() -> None:
    """Called inside the signal handler of the worker's main process, so the work is a thread's."""
    threading.Thread(target=_give_back, name="stopping", daemon=True).start()


def _give_back() -> None:
    """Give back each run that this worker has, once: afterwards another worker may have it."""
    given: set[str] = set()
    runs: list[int] = []
    pause = threading.Event()
    while True:
        schedule.send_runs(runs)  # not at once: until it has stopped listening, this worker would take them again
        tasks = {task.id: int(task.args[0]) for task in list(state.active_requests) if task.name == RUN}
        runs = _give([run_id for id_, run_id in tasks.items() if id_ not in given])
        given |= {id_ for id_, run_id in tasks.items() if run_id in runs}
        pause.wait(_LOOK_EVERY)


def _give(run_ids: list[int]) -> list[int]:
    """Those of the runs that were worked on, and no longer are."""
    if not run_ids:
        return []
    try:
        given = claim.give_back(run_ids)
    except DatabaseError as error:
        log.warning("Runs could not be given back: %s", type(error).__name__)
        return []
    finally:
        connection.close()
    if given:
        log.info("Stopping: gave back runs %s", ", ".join(map(str, given)), extra={"runs": given})
    return given
