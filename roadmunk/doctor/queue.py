"""Do Redis, worker and beat live, and do they keep up?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from redis.exceptions import ResponseError

from integrations.figures import figures
from integrations.redis_server import server
from roadmunk import signs
from roadmunk.doctor.finding import Finding, ok, warning, wrong
from roadmunk.health import WORKER_PATIENCE
from roadmunk.signs import Sign

OLDEST: Final = (6, 2)
#: Seconds that runs and due links may wait before somebody should look.
MOST_LATE: Final = 300.0
#: Seconds that beat and its looks may be silent: it asks each second, and a restart takes some.
BEAT_PATIENCE: Final = 45.0


def redis_server() -> Iterator[Finding]:
    """Redis answers and is new enough."""
    number = str(server().info("server")["redis_version"])
    if tuple(int(part) for part in number.split(".")[:2]) < OLDEST:
        yield wrong(f"Redis {number} is too old", "Upgrade Redis to 6.2 or newer.")
    else:
        yield ok(f"Redis {number}")


def policy() -> Iterator[Finding]:
    """A full Redis refuses to write, and throws no waiting work away."""
    todo = "Start Redis with: --maxmemory-policy noeviction"
    try:
        found = server().config_get("maxmemory-policy")["maxmemory-policy"]
    except ResponseError:
        yield warning("Redis does not tell its maxmemory-policy", f"See that it is noeviction. {todo}")
        return
    if found != "noeviction":
        yield wrong(f"Redis may throw waiting work away: its maxmemory-policy is {found}", todo)
    else:
        yield ok("Redis keeps what waits (noeviction)")


def worker() -> Iterator[Finding]:
    """A worker showed that it lives just now."""
    age = signs.age(Sign.WORKER)
    if age is None or age > WORKER_PATIENCE:
        yield wrong(f"no worker lives ({_ago(age)})", "Start a worker: celery -A roadmunk worker")
    else:
        yield ok(f"a worker lives ({_ago(age)})")


def beat() -> Iterator[Finding]:
    """Beat asked just now for a look at what is due, and a worker looked."""
    asked, looked = signs.age(Sign.BEAT), signs.age(Sign.DISPATCH)
    if asked is None or asked > BEAT_PATIENCE:
        yield wrong(f"beat does not ask what is due ({_ago(asked)})", "Start one beat: celery -A roadmunk beat")
    elif looked is None or looked > BEAT_PATIENCE:
        yield wrong(f"beat asks, and no worker looks ({_ago(looked)})", "Start more workers, or look at their logs.")
    else:
        yield ok(f"what is due was looked for {_ago(looked)}")


def backlog() -> Iterator[Finding]:
    """Nothing waits long."""
    now = figures()
    late = max(now.queue_age, now.due_age)
    waiting = f"{now.runs['queued']} syncs wait, the oldest {now.queue_age:.0f} s"
    text = f"{waiting}; {now.due} more are due, {now.due_age:.0f} s late"
    if late > MOST_LATE:
        yield warning(text, "Start more workers, or let fewer roadmaps sync at short intervals.")
    else:
        yield ok(text)


def _ago(age: float | None) -> str:
    return "no sign of life for a day" if age is None else f"{age:.0f} s ago"
