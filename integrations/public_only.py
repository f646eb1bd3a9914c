"""Keeps the way out off the operator's own networks: a connection is opened to public addresses only (W7).

The address that was looked at is the one that is connected to. A name that leads somewhere else a moment later, or at a
second question, changes nothing.
"""

from __future__ import annotations

import socket
import time
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

#: Addresses of IPv6 whose last four bytes are one of IPv4: translated (NAT64), and the old "compatible" ones.
#: Not the local NAT64 (64:ff9b:1::/48): each network puts the four bytes elsewhere there, so none of it is public.
_WITH_IPV4: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))

#: All addresses of IPv6 that are given out for the internet are in here.
_OF_THE_INTERNET: Final = IPv6Network("2000::/3")

#: Seconds to connect where nobody said how many; the way out always does.
_PATIENCE: Final = 30.0
#: The fewest seconds for one of several addresses: TCP sends a first packet that was lost again after one.
_FOR_ONE: Final = 1.2
#: Instead of no time at all, which would mean not to wait, and to fail for another reason than time.
_MOMENT: Final = 0.001


class PrivateAddress(NewConnectionError):
    """The name leads to no public address, so nothing was connected to."""


def is_public(address: str) -> bool:
    """Whether it is reached over the internet, and neither this machine, a private network nor many at once."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        ip = _inner(ip)
    if isinstance(ip, IPv6Address) and ip not in _OF_THE_INTERNET:
        return False
    return ip.is_global and not ip.is_multicast


def _inner(ip: IPv6Address) -> IPv4Address | IPv6Address:
    """The address of IPv4 that it stands for, if any."""
    if any(ip in network for network in _WITH_IPV4):
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def addresses_of(host: str, port: int) -> list[str]:
    """What the name leads to, in the order in which to try. Raises OSError."""
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class InTime(HTTPConnection):
    """A connection that gives all addresses of its host together the time to connect that is meant for one."""

    def _new_conn(self) -> socket.socket:
        addresses = self._addresses()
        ends_at = time.monotonic() + (self.timeout or _PATIENCE)
        error: OSError | None = None
        for tried, address in enumerate(addresses):
            seconds = _share(ends_at - time.monotonic(), among=len(addresses) - tried)
            try:
                made = create_connection(
                    (address, self.port), seconds, self.source_address, socket_options=self.socket_options
                )
            except OSError as refusal:
                error = refusal
            else:
                # What is left is for the handshake of TLS, which comes next.
                made.settimeout(max(ends_at - time.monotonic(), _MOMENT))
                return made
            if time.monotonic() >= ends_at:
                break
        if isinstance(error, TimeoutError):
            raise ConnectTimeoutError(self, f"Connection to {self.host} timed out.") from error
        raise NewConnectionError(self, f"Failed to establish a new connection: {error}") from error

    def _addresses(self) -> list[str]:
        """Where to connect to, in the order in which to try; never empty."""
        try:
            return addresses_of(self._dns_host, self.port)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except UnicodeError as error:  # a name that can be none
            raise NewConnectionError(self, f"{self.host} is no name of a host.") from error


def _share(left: float, *, among: int) -> float:
    """The seconds for the next of that many addresses: as many as for each other, and enough for a lost packet."""
    return max(min(left, max(left / among, _FOR_ONE)), _MOMENT)


class PublicOnly(InTime):
    """A connection that looks at each address before it opens a socket to it."""

    def _addresses(self) -> list[str]:
        found = list(filter(is_public, super()._addresses()))
        if not found:
            raise PrivateAddress(self, f"{self.host} leads to no public address.")
        return found
