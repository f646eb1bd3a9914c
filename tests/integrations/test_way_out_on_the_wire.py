"""The way out against a server that drips, hangs, cuts and swells: it ends in time and within bounds (N3-N5, W6)."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from integrations.deadline import DeadlineAdapter
from integrations.errors import PullError, TrackerUnavailable, UnexpectedResponse
from integrations.http import Http, Limits
from tests.integrations.rude_server import Act, answer, hang, head, rude_server, say

SECOND = Limits(connect_seconds=0.3, total_seconds=1, tries=1)
#: Where time is not what is tested, a busy machine has plenty of it.
PATIENT = Limits(connect_seconds=5, total_seconds=20, tries=1)
GOOD = b'[{"id": 1}]'


def ask(*acts: Act, limits: Limits = SECOND) -> bytes:
    with (
        rude_server(*acts) as server,
        Http(server.url, allow_private=True, user_agent="Tests", limits=limits, sleep=lambda _: None) as http,
    ):
        return http.get("/me").body


@pytest.mark.parametrize(
    "act",
    [
        hang(),
        hang(head("Content-Length: 11") + b"["),
        say(head("Content-Length: 1000"), *[b" "] * 30, pause=0.1),
        say(b"HTTP/1.1 200 OK\r\n", *[b"X-A: b\r\n"] * 30, pause=0.1),
        say(*[b"H"] * 30, pause=0.1),
        say(head("Transfer-Encoding: chunked"), *[b"1\r\n[\r\n"] * 30, pause=0.1),
        say(head("Transfer-Encoding: chunked"), *[b"0"] * 30, pause=0.1),
    ],
    ids=["silence", "hang in body", "drip body", "drip headers", "drip status", "drip chunks", "drip chunk size"],
)
def test_a_request_ends_at_its_deadline(act: Act) -> None:
    """N4."""
    began = time.monotonic()
    with pytest.raises(TrackerUnavailable, match="in time"):
        ask(act)
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    "act",
    [
        say(head("Content-Length: 500") + GOOD),
        say(head("Content-Encoding: gzip", "Content-Length: 11") + GOOD),
        say(head("Content-Encoding: gzip") + gzip.compress(GOOD)[:-12]),
        say(head("Transfer-Encoding: chunked") + b"zz\r\n[]\r\n0\r\n\r\n"),
        say(head("Transfer-Encoding: chunked") + b"b\r\n" + GOOD),
        say(head() + GOOD[:-1]),
    ],
    ids=["cut", "no gzip", "gzip cut", "bad chunk", "chunk cut", "cut without a length"],
)
def test_a_broken_body_is_tried_again_and_then_unexpected(act: Act) -> None:
    """N3."""
    limits = replace(PATIENT, tries=2)
    with (
        rude_server(act, answer(GOOD)) as server,
        Http(server.url, allow_private=True, user_agent="T", limits=limits, rng=lambda: 0) as http,
    ):
        assert http.get("/me").body == GOOD
    with pytest.raises(UnexpectedResponse):
        ask(act, limits=PATIENT)


@pytest.mark.parametrize(
    "act", [say(b""), say(b"garbage\r\n\r\n"), say(b"HTTP/1.1 200 OK\r\n")], ids=["nothing", "garbage", "cut"]
)
def test_a_connection_without_an_answer_counts_as_no_answer(act: Act) -> None:
    with pytest.raises(PullError):
        ask(act)


def test_a_bomb_is_defused() -> None:
    """N5: 100 MB of blanks in 100 KB of gzip."""
    bomb = gzip.compress(b"[" + b" " * 100_000_000 + b"]")
    limits = Limits(body_bytes=1024 * 1024, total_seconds=20)
    tracemalloc.start()
    try:
        with pytest.raises(UnexpectedResponse, match="too large"):
            ask(answer(bomb, "Content-Encoding: gzip"), limits=limits)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000


def test_a_stream_without_end_is_cut_off() -> None:
    def stream(connection: socket.socket) -> None:
        connection.sendall(head())
        while True:
            connection.sendall(b" " * 65536)

    with pytest.raises(UnexpectedResponse, match="too large"):
        ask(stream, limits=Limits(body_bytes=4 * 1024 * 1024, tries=3))


def test_a_redirect_with_an_endless_body_costs_no_more_than_any_other() -> None:
    """W6: requests itself would read the whole body of a redirect that it does not follow."""
    act = say(head("Location: http://127.0.0.1:1/", status="302 Found"), *[b" "] * 30, pause=0.1)
    began = time.monotonic()
    with pytest.raises(PullError):
        ask(act)
    assert time.monotonic() - began < 1.5


def test_a_gzipped_and_a_chunked_answer_arrive_whole() -> None:
    body = b"[" + b"1," * 300_000 + b"1]"
    assert ask(answer(gzip.compress(body), "Content-Encoding: gzip")) == body
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:100], body[100:]))
    assert ask(say(head("Transfer-Encoding: chunked") + chunks + b"0\r\n\r\n")) == body


def test_a_connection_is_used_again() -> None:
    kept = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"

    def twice(connection: socket.socket) -> None:
        connection.sendall(kept)
        assert b"GET /me" in connection.recv(65536)
        connection.sendall(kept)

    with rude_server(twice) as server, Http(server.url, allow_private=True, user_agent="Tests", limits=SECOND) as http:
        assert [http.get("/me").body for _ in range(2)] == [b"[]", b"[]"]
        assert len(server.heard) == 1


def test_a_server_that_hears_only_get(recwarn: pytest.WarningsRecorder) -> None:
    """One-way means that nothing but GET is ever sent; cookies are not kept either."""
    act = answer(GOOD, "Set-Cookie: a=b")
    with rude_server(act) as server, Http(server.url, allow_private=True, user_agent="Tests", limits=SECOND) as http:
        http.get("/me")
        http.get("/me")
        assert [heard.split(b" ")[0] for heard in server.heard] == [b"GET", b"GET"]
        assert not any(b"Cookie" in heard for heard in server.heard)


def test_a_refused_connection_and_an_unknown_name_say_which() -> None:
    """N7."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    with (
        Http(f"http://127.0.0.1:{closed}", allow_private=True, user_agent="T", limits=SECOND) as http,
        pytest.raises(TrackerUnavailable, match="could not be reached"),
    ):
        http.get("/me")
    with (
        Http("http://no-such-host.invalid", user_agent="T", limits=SECOND) as http,
        pytest.raises(TrackerUnavailable, match="name"),
    ):
        http.get("/me")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    host = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    signed = builder.add_extension(host, critical=False).sign(key, hashes.SHA256())
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


def over_tls(certificate: Path, act: Act) -> Act:
    """The same act behind TLS. The connection must not be heard in clear before."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def act_over_tls(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(65536)
            act(secured)

    return act_over_tls


def test_a_certificate_that_nobody_vouches_for_is_never_accepted(certificate: Path) -> None:
    """N7."""
    with rude_server(over_tls(certificate, answer(GOOD)), clear=False) as server:
        address = server.url.replace("http:", "https:")
        with Http(address, allow_private=True, user_agent="T", limits=Limits()) as http:
            with pytest.raises(TrackerUnavailable, match="certificate"):
                http.get("/me")
            assert http.requests == 1


def test_the_deadline_holds_over_tls_too(certificate: Path) -> None:
    drip = over_tls(certificate, say(head("Content-Length: 1000"), *[b" "] * 30, pause=0.1))
    with rude_server(over_tls(certificate, answer(GOOD)), drip, clear=False) as server, requests.Session() as session:
        session.trust_env = False
        session.mount("https://", DeadlineAdapter(allow_private=True))
        address = server.url.replace("http:", "https:")
        assert session.get(address, verify=str(certificate), timeout=5).content == GOOD
        began = time.monotonic()
        with pytest.raises(requests.RequestException):
            session.get(address, verify=str(certificate), timeout=1)
        assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_neither_proxies_nor_netrc_of_the_machine_are_read(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W7: both would be asked by `requests` itself, and one of them would hear the token."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password of-the-operator\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with rude_server(answer(GOOD)) as server, rude_server(answer(GOOD)) as proxy:
        monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        # The trap works: what does not guard itself falls in.
        assert requests.get(server.url, timeout=2).content == GOOD
        assert len(proxy.heard) == 1
        with Http(server.url, allow_private=True, user_agent="Tests", limits=SECOND) as http:
            assert http.get("/me").body == GOOD
        assert len(proxy.heard) == 1 and len(server.heard) == 1
        assert b"authorization" not in server.heard[0].lower()
