"""A server of raw sockets, for everything about bytes and time that a polite double can't do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

#: What is done with one request on a connection. The connection is closed afterwards.
Act = Callable[[socket.socket], None]


@dataclass(slots=True)
class RudeServer:
    """Acts in turn, the last act again and again. `heard` holds the head of each request."""

    url: str
    heard: list[bytes] = field(default_factory=list)


@contextmanager
def rude_server(*acts: Act, clear: bool = True) -> Iterator[RudeServer]:
    """Serve the acts on a port of its own until the block ends. Unless `clear`, an act reads the request itself."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = RudeServer(f"http://127.0.0.1:{listener.getsockname()[1]}")
    thread = threading.Thread(target=_accept, args=(listener, server, acts, clear), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        # Wakes the thread out of accept.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=5)


def _accept(listener: socket.socket, server: RudeServer, acts: Sequence[Act], clear: bool) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connection.settimeout(10)
        with connection:
            head = _read_head(connection) if clear else b"?"
            if not head:
                continue
            act = acts[min(len(server.heard), len(acts) - 1)]
            server.heard.append(head)
            try:
                act(connection)
            except OSError:
                # The client has had enough, which is what most of these acts are for.
                continue


def _read_head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        head += chunk
    return head


def say(*chunks: bytes, pause: float = 0) -> Act:
    """Send the chunks, with a pause after each."""

    def act(connection: socket.socket) -> None:
        for chunk in chunks:
            connection.sendall(chunk)
            if pause:
                threading.Event().wait(pause)

    return act


def answer(body: bytes, *headers: str, status: str = "200 OK") -> Act:
    """A sound answer."""
    return say(head(*headers, f"Content-Length: {len(body)}", status=status) + body)


def head(*headers: str, status: str = "200 OK") -> bytes:
    """The head of an answer that closes its connection."""
    return "\r\n".join([f"HTTP/1.1 {status}", "Connection: close", *headers, "", ""]).encode()


def hang(*chunks: bytes) -> Act:
    """Send the chunks and then nothing, until the client goes away."""

    def act(connection: socket.socket) -> None:
        for chunk in chunks:
            connection.sendall(chunk)
        connection.recv(1)

    return act
