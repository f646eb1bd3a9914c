"""The visitors, in a process of their own: so many visits a second, whether or not the site keeps up.

Visits begin at times that are drawn beforehand, at random as people come. A time is counted from when the visit should
have begun, so one that had to wait for a slow site counts its wait as well. Prints one JSON object at the end.
"""

from __future__ import annotations

import itertools
import json
import random
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import urllib3

#: Visits that may be under way at the same time.
MOST = 128
#: Seconds after which a visitor gives up.
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Seen:
    """How one visit went: seconds after the first one that it should have begun, and that it took from then on."""

    kind: str
    at: float
    took: float
    good: bool
    bytes: int


def main(port: int, host: str, path: Path, rate: float, seconds: float) -> None:
    """Visit, and print what was seen."""
    visits = [json.loads(line) for line in path.read_text().splitlines()]
    times = list(_arrivals(rate, seconds))
    pool = urllib3.HTTPConnectionPool("127.0.0.1", port, maxsize=MOST, timeout=PATIENCE, retries=False)
    seen: list[Seen] = []
    numbers = itertools.count()
    begun = time.perf_counter() + 0.5

    def visit_in_turn() -> None:
        for number in numbers:
            if number >= len(times):
                return
            visit, due = visits[number % len(visits)], begun + times[number]
            time.sleep(max(0.0, due - time.perf_counter()))
            good, size = _ask(pool, host, visit)
            seen.append(Seen(visit["kind"], times[number], time.perf_counter() - due, good, size))

    threads = [threading.Thread(target=visit_in_turn) for _ in range(MOST)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps([asdict(one) for one in seen]))


def _arrivals(rate: float, seconds: float) -> Iterator[float]:
    chance = random.Random(50)  # noqa: S311 - repeatable times, no secret
    at = chance.expovariate(rate)
    while at < seconds:
        yield at
        at += chance.expovariate(rate)


def _ask(pool: urllib3.HTTPConnectionPool, host: str, visit: dict[str, str]) -> tuple[bool, int]:
    """Whether the page came, and its bytes.

    A kept connection that the server closed in the same moment is no answer: like a browser, ask on a new one.
    """
    headers = {"Host": host, "Cookie": f"__Host-sessionid={visit['session']}", "X-Forwarded-Proto": "https"}
    headers |= {"X-Forwarded-For": "192.0.2.1"}
    try:
        try:
            answer = pool.request("GET", visit["path"], headers=headers, redirect=False)
        except urllib3.exceptions.ProtocolError:
            answer = pool.request("GET", visit["path"], headers=headers, redirect=False)
    except urllib3.exceptions.HTTPError:
        return False, 0
    return answer.status == 200 and visit["expect"].encode() in answer.data, len(answer.data)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5]))
