"""An HTTP/1.1 server with keep-alive for the app, on the loopback address alone; and Sandbox, its form for tests."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIEnvironment

from tracker_sandbox.app import App, RequestRecord
from tracker_sandbox.control import Control
from tracker_sandbox.faults import Faults
from tracker_sandbox.life import Life
from tracker_sandbox.litetracker import lite_api
from tracker_sandbox.pages import Pages
from tracker_sandbox.state import World

HOST = "127.0.0.1"


class _Handler(BaseHTTPRequestHandler):
    """Calls the WSGI app for each request of a connection."""

    protocol_version = "HTTP/1.1"
    server: Server
    server_version = "tracker-sandbox"
    sys_version = ""
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 120

    def do_GET(self) -> None:
        """Any method: the app decides."""
        body = self.server.app(self._environ(), self._start)
        try:
            self._send(body)
        except OSError:  # the client went away, which tests of time-outs do all the time
            self.close_connection = True

    do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_HEAD = do_GET

    def _environ(self) -> WSGIEnvironment:
        path, _, query = self.path.partition("?")
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "CONTENT_LENGTH": self.headers.get("Content-Length", "0"),
            "SERVER_NAME": HOST,
            "SERVER_PORT": str(self.server.server_port),
            "SERVER_PROTOCOL": self.request_version,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": self.rfile,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        return environ

    def _start(self, status: str, headers: list[tuple[str, str]], *rest: object) -> Callable[[bytes], object]:
        code, _, reason = status.partition(" ")
        names = {name.lower() for name, _ in headers}
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        self._chunked = not names & {"content-length", "transfer-encoding"} and code not in ("304", "204")
        if self._chunked:
            self.send_header("Transfer-Encoding", "chunked")
        length = next((int(value) for name, value in headers if name.lower() == "content-length"), None)
        self._announced = length
        if self.command not in ("GET", "HEAD") and self.headers.get("Content-Length", "0") != "0":
            self.close_connection = True  # the app may have left some of the body unread
        self.end_headers()
        return self.wfile.write

    def _send(self, body: Iterable[bytes]) -> None:
        sent = 0
        for chunk in body:
            data = b"%x\r\n%b\r\n" % (len(chunk), chunk) if self._chunked and chunk else chunk
            self.wfile.write(data)
            self.wfile.flush()
            sent += len(chunk)
        if self.command == "HEAD":
            return
        if self._chunked:
            self.wfile.write(b"0\r\n\r\n")
        if self._announced is not None and sent != self._announced:
            self.close_connection = True
        self.wfile.flush()

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header tells the world's own time, as every other time in an answer does."""
        return super().date_time_string(self.server.app.world.clock.now() if timestamp is None else timestamp)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the app keeps structured records."""


class Server(ThreadingHTTPServer):
    """Threads that end with the process; a port that can be taken again at once."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, app: App, *, port: int = 0) -> None:
        super().__init__((HOST, port), _Handler)
        self.app = app
        self._open: set[socket.socket] = set()

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://{HOST}:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that broke off is no news; anything else is."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # as handed over by the base

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Accept a connection, and send small answers without delay."""
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:  # Any: as the base class types it
        """The end of one connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        """Close what clients keep alive, so that their threads end."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Sandbox:
    """A running sandbox for tests: `with Sandbox(world) as sandbox: get(sandbox.url + ...)`.

    With `lite` it plays LiteTracker, the smaller server of the same shape, over the same world.
    """

    def __init__(self, world: World, *, port: int = 0, seed: int = 1, lite: bool = False) -> None:
        self.world = world
        self.life = Life(world, seed=seed)
        self.app = App(world, api=lite_api(world) if lite else None)
        self.app.pages = Pages(world, Control(self.app, self.life)).reply
        self._server = Server(self.app, port=port)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        world.base_url = self._server.url

    @property
    def url(self) -> str:
        """The server's address, without a path."""
        return self._server.url

    @property
    def api_url(self) -> str:
        """The address below which the API is."""
        return f"{self.url}/services/v5"

    @property
    def faults(self) -> Faults:
        """The faults to arm."""
        return self.app.faults

    @property
    def requests(self) -> list[RequestRecord]:
        """The API requests so far, oldest first."""
        return list(self.app.requests)

    @property
    def non_gets(self) -> list[RequestRecord]:
        """The API requests by any other method than GET: one-way means that there are none."""
        return self.app.non_gets

    def start(self) -> Sandbox:
        """Serve in a thread of its own."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End faults that wait, close the port, join the thread."""
        self.faults.stopping.set()
        self._server.shutdown()
        self._server.end_connections()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
