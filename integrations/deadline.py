"""A requests adapter whose answers end at a deadline, also when a server drips headers or body byte by byte.

The time-outs of requests bound the wait for the next byte, not the whole answer. Here every read of an answer gets
only the time that is left.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse

from integrations.public_only import InTime, PublicOnly

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class _DeadlineReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, *, ends_at: float) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._ends_at = ends_at

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(
        self,
        sock: socket.socket,
        debuglevel: int = 0,
        method: str | None = None,
        url: str | None = None,
        *,
        seconds: float,
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp.close()
        reader = _DeadlineReader(sock, ends_at=time.monotonic() + seconds)
        self.fp = io.BufferedReader(reader, buffer_size=64 * 1024)


def _answer_in_time(connection: HTTPConnection, getresponse: Callable[[], HTTPResponse]) -> HTTPResponse:
    # urllib3 has put the read time-out here just before; it becomes the time for the whole answer.
    if isinstance(connection.timeout, (int, float)):
        response_class = partial(_DeadlineResponse, seconds=connection.timeout)
        connection.response_class = response_class  # type: ignore[assignment]  # http.client only calls it
    return getresponse()


class _Connection(InTime):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # urllib3 itself differs from http.client here
        return _answer_in_time(self, super().getresponse)


class _SecureConnection(InTime, HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # urllib3 itself differs from http.client here
        return _answer_in_time(self, super().getresponse)


class _PublicConnection(PublicOnly, _Connection):
    pass


class _PublicSecureConnection(PublicOnly, _SecureConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _PublicPool(HTTPConnectionPool):
    ConnectionCls = _PublicConnection


class _PublicSecurePool(HTTPSConnectionPool):
    ConnectionCls = _PublicSecureConnection


class DeadlineAdapter(HTTPAdapter):
    """An adapter that takes the read time-out of a request as the time for its whole answer.

    Unless `allow_private`, it connects to public addresses only.
    """

    def __init__(self, *, allow_private: bool = False) -> None:
        self._allow_private = allow_private
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # Any: passed on to requests as it comes
        super().init_poolmanager(*args, **kwargs)
        anywhere, public = {"http": _Pool, "https": _SecurePool}, {"http": _PublicPool, "https": _PublicSecurePool}
        self.poolmanager.pool_classes_by_scheme = anywhere if self._allow_private else public
