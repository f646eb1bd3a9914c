"""Makes things in a thread of its own while somebody works on the ones before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from queue import Empty, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")


class _End:
    """Nothing follows, because all was made or because making it failed."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def ahead(items: Iterable[T], *, depth: int = 2) -> Iterator[T]:
    """The same items, up to `depth` of them made beforehand; an error comes where the item that it hit would.

    `items` are made in another thread: they must not touch the database.
    """
    waiting: Queue[T | _End] = Queue(depth)
    stopped = Event()

    def make() -> None:
        try:
            for item in items:
                if stopped.is_set():
                    return
                waiting.put(item)
            waiting.put(_End())
        except BaseException as error:  # it is raised again where the items are asked for
            waiting.put(_End(error))

    maker = Thread(target=make, name="ahead", daemon=True)
    maker.start()
    try:
        while not isinstance(got := waiting.get(), _End):
            yield got
        if got.error is not None:
            raise got.error
    finally:
        stopped.set()
        while maker.is_alive():
            _empty(waiting)  # one that waits for room finds it, and sees that it shall stop
            maker.join(0.01)


def _empty(queue: Queue[T]) -> None:
    while True:
        try:
            queue.get_nowait()
        except Empty:
            return
