"""The way out reaches public addresses only, whatever name leads elsewhere (W7). Real sockets throughout."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

import pytest
from pytest_django import Settings

from integrations import public_only
from integrations.auth import auth_with
from integrations.errors import TrackerUnavailable
from integrations.http import Http, Limits
from tests.integrations.rude_server import answer, rude_server

LIMITS = Limits(connect_seconds=1, total_seconds=5, tries=3)

ANY = "0.0.0.0"  # noqa: S104  nobody listens there
PRIVATE = [
    *("127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254"),
    *("100.64.0.1", ANY, "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.0.2.1"),
    *("198.18.0.1", "::", "::1", "fc00::1", "fdff::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1"),
    *("64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a00:1::1", "2001:db8::1"),
    # Local NAT64, with 10.0.0.1 after the first six bytes and public addresses at the end.
    *("64:ff9b:1:a00:0:100:808:808", "64:ff9b:1::5db8:d70e"),
]
PUBLIC = ["93.184.215.14", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:93.184.215.14"]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_no_public_network_is_known(address: str) -> None:
    assert not public_only.is_public(address)


@pytest.mark.parametrize("address", [*PUBLIC, "64:ff9b::5db8:d70e", "2002:5db8:d70e::1"])
def test_a_public_address_is_known(address: str) -> None:
    assert public_only.is_public(address)


def leads_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let the name lead to these addresses, at each further question to the next. Answers what was asked for."""
    real, asked = socket.getaddrinfo, list[str]()

    def resolve(host: str, port: int, *args: int, **kwargs: int) -> list[object]:
        try:
            ip_address(host.partition("%")[0])
        except ValueError:
            found = answers[min(len(asked), len(answers) - 1)]
            asked.append(host)
        else:
            found = [host]
        return [info for each in found for info in real(each, port, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@contextmanager
def listening(host: str) -> Iterator[tuple[int, Callable[[], bool]]]:
    """A port at that address, and whether anybody knocked."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.bind((host, 0))
        listener.listen()
        listener.setblocking(False)

        def somebody_came() -> bool:
            try:
                listener.accept()[0].close()
            except BlockingIOError:
                return False
            return True

        yield listener.getsockname()[1], somebody_came


def get(host: str, port: int, *, scheme: str = "http", allow_private: bool = False) -> bytes:
    with Http(
        f"{scheme}://{host}:{port}", user_agent="T", limits=LIMITS, allow_private=allow_private, sleep=lambda _: None
    ) as http:
        return http.get("/me").body


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", ["127.0.0.1", ANY, "2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
def test_no_spelling_of_loopback_is_connected_to(host: str, scheme: str) -> None:
    with listening("127.0.0.1") as (port, somebody_came):
        with pytest.raises(TrackerUnavailable, match=r"on a private network.*nothing was sent.*ALLOW_PRIVATE_TRACKERS"):
            get(host, port, scheme=scheme)
        assert not somebody_came()


@pytest.mark.parametrize("host", ["[::1]", "[::ffff:127.0.0.1]"])
def test_nor_in_version_six(host: str) -> None:
    with pytest.raises(TrackerUnavailable, match="on a private network"):
        get(host, 9)


def test_a_name_that_leads_to_loopback_is_not_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not tried again: waiting does not move a host."""
    asked = leads_to(monkeypatch, ["127.0.0.1"])
    with listening("127.0.0.1") as (port, somebody_came):
        with pytest.raises(TrackerUnavailable, match=rf"tracker\.example:{port} is on a private network"):
            get("tracker.example", port)
        assert not somebody_came()
    assert asked == ["tracker.example"]


def test_a_name_that_leads_elsewhere_a_moment_later_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebinding: what was looked at is what is connected to; there is no second question."""
    monkeypatch.setattr(public_only, "is_public", lambda address: address == "127.0.0.2")
    asked = leads_to(monkeypatch, ["127.0.0.2"], ["127.0.0.1"])
    with listening("127.0.0.1") as (port, somebody_came):
        with pytest.raises(TrackerUnavailable, match="could not be reached"):
            Http(f"http://tracker.example:{port}", user_agent="T", limits=Limits(tries=1)).get("/me")
        assert not somebody_came()
    assert asked == ["tracker.example"]


def test_each_new_connection_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that turns private between two tries is refused at the second."""
    monkeypatch.setattr(public_only, "is_public", lambda address: address == "127.0.0.2")
    asked = leads_to(monkeypatch, ["127.0.0.2"], ["127.0.0.1"])
    with listening("127.0.0.1") as (port, somebody_came):
        with pytest.raises(TrackerUnavailable, match="on a private network"):
            get("tracker.example", port)
        assert not somebody_came()
    assert asked == ["tracker.example"] * 2


def test_of_several_addresses_only_the_public_ones_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_only, "is_public", lambda address: address in {"127.0.0.3", "127.0.0.1"})
    leads_to(monkeypatch, ["127.0.0.2", "127.0.0.3", "127.0.0.1"])
    with rude_server(answer(b"{}")) as server:
        port = int(server.url.rpartition(":")[2])
        with socket.create_server(("127.0.0.2", port)) as private:
            private.setblocking(False)
            assert get("tracker.example", port) == b"{}"
            with pytest.raises(BlockingIOError):
                private.accept()
    assert b"Host: tracker.example" in server.heard[0]


@pytest.mark.parametrize("allow_private", [False, True])
def test_many_addresses_that_are_dead_cost_no_more_time_than_one(
    monkeypatch: pytest.MonkeyPatch, allow_private: bool
) -> None:
    """N4."""
    monkeypatch.setattr(public_only, "is_public", lambda address: True)
    leads_to(monkeypatch, [f"127.0.0.{number}" for number in (2, *range(12, 20))])
    tried: list[str] = []

    def hang(address: tuple[str, int], seconds: float, *args: object, **kwargs: object) -> socket.socket:
        tried.append(address[0])
        time.sleep(seconds)
        raise TimeoutError("timed out")

    monkeypatch.setattr(public_only, "create_connection", hang)
    limits = Limits(connect_seconds=0.3, total_seconds=1, tries=1)
    began = time.monotonic()
    with (
        Http("http://tracker.example", user_agent="T", limits=limits, allow_private=allow_private) as http,
        pytest.raises(TrackerUnavailable, match="in time"),
    ):
        http.get("/me")
    assert time.monotonic() - began < 1
    assert tried[0] == "127.0.0.2"


def test_a_dead_address_leaves_time_for_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_only, "is_public", lambda address: True)
    monkeypatch.setattr(public_only, "_FOR_ONE", 0.1)
    leads_to(monkeypatch, ["127.0.0.2", "127.0.0.1"])
    real = public_only.create_connection

    def hang_at_first(address: tuple[str, int], seconds: float, *args: object, **kwargs: Any) -> socket.socket:
        if address[0] == "127.0.0.2":
            time.sleep(seconds)
            raise TimeoutError("timed out")
        return real(address, seconds, **kwargs)

    monkeypatch.setattr(public_only, "create_connection", hang_at_first)
    with rude_server(answer(b"{}")) as server:
        assert get("tracker.example", int(server.url.rpartition(":")[2])) == b"{}"


def test_an_operator_may_allow_it(settings: Settings) -> None:
    with rude_server(answer(b"{}")) as server:
        settings.CONNECTOR_URLS = {"pivotal_tracker": server.url}
        settings.ALLOW_PRIVATE_TRACKERS = True
        with auth_with("pivotal_tracker", "a" * 32).http as http:
            assert http.get("/me").body == b"{}"
        settings.ALLOW_PRIVATE_TRACKERS = False
        with auth_with("pivotal_tracker", "a" * 32).http as http, pytest.raises(TrackerUnavailable, match="private"):
            http.get("/me")
        assert len(server.heard) == 1
