"""Looks over a running installation and says what is wrong, and the one thing to do about it.

Each part is a function that yields findings. One that can't ask finds that out too: nothing is passed over in silence.
"""

from __future__ import annotations

from collections.abc import Iterator

from roadmunk.doctor import database, queue, secrets, site
from roadmunk.doctor.finding import Check, Finding, wrong

#: In the order in which somebody would mend things.
CHECKS: dict[str, tuple[Check, ...]] = {
    "database": (
        *(database.role, database.version, database.migrations),
        *(database.walls, database.counts, database.clock),
    ),
    "redis": (queue.redis_server, queue.policy),
    "worker": (queue.worker, queue.beat, queue.backlog),
    "secrets": (secrets.keys, secrets.saved),
    "site": (site.settings_hold, site.addresses, site.mail_server, site.static_files, site.room),
    "trackers": (site.trackers,),
}


def examine() -> Iterator[tuple[str, Finding]]:
    """Every finding, with the part that it is about."""
    for part, checks in CHECKS.items():
        for check in checks:
            try:
                yield from ((part, found) for found in check())
            except Exception as error:  # a doctor that falls ill tells of it, and goes on to the next bed
                name = check.__name__.replace("_", " ")
                text = " ".join(str(error).split())[:200]
                yield part, wrong(f"{name}: no answer: {type(error).__name__}: {text}", f"Mend {part}, then ask again.")
