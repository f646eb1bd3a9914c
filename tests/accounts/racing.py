"""Two database connections that act at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import IntegrityError, connection

from accounts import walls
from accounts.errors import Refused


def both_at_once(first: Callable[[], object], second: Callable[[], object]) -> list[Exception]:
    """Run both in connections of their own, starting together; what they raised."""
    start = threading.Barrier(2)
    raised: list[Exception] = []

    def run(act: Callable[[], object]) -> None:
        start.wait(5)
        try:
            act()
        except (IntegrityError, Refused) as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[walls.carried(act)]) for act in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    return raised
