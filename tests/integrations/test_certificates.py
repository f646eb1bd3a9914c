"""A tracker whose certificate is not in order is never spoken to, and people read what is wrong with it (N7)."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from integrations.errors import TrackerUnavailable
from integrations.http import Http, Limits
from tests.integrations.rude_server import Act, answer, rude_server

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """Somebody who vouches for certificates; `path` is what a client must trust."""

    name: x509.Name
    key: ec.EllipticCurvePrivateKey
    path: Path

    def vouch(self, host: str, *, begins: datetime = NOW - DAY, ends: datetime = NOW + DAY) -> Path:
        """A certificate for that address, with its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
        builder = x509.CertificateBuilder(self.name, name, key.public_key(), x509.random_serial_number(), begins, ends)
        alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))])
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        signed = builder.add_extension(alternative, critical=False).add_extension(issuer, critical=False)
        path = self.path.with_name(f"{host}-{begins:%Y%m%d}-{ends:%Y%m%d}.pem")
        path.write_bytes(
            _private(key) + signed.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        return path


def make_authority(folder: Path, common_name: str) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), NOW - DAY, NOW + DAY)
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    itself = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    signed = builder.add_extension(usage, critical=True).add_extension(itself, critical=False)
    path = folder / f"{common_name}.pem"
    path.write_bytes(signed.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return Authority(name, key, path)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("trusted"), "Trusted")


@pytest.fixture(scope="module")
def unknown(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("unknown"), "Unknown")


def ask(certificate: Path, trusted: Authority) -> tuple[list[bytes], Http]:
    """Ask /me of a server with that certificate; answers what the server heard, behind TLS."""
    heard: list[bytes] = []
    with rude_server(over_tls(certificate, heard), clear=False) as server:
        address = server.url.replace("http:", "https:")
        with Http(address, allow_private=True, user_agent="T", limits=Limits(tries=3), sleep=lambda _: None) as http:
            http._session.verify = str(trusted.path)
            try:
                http.get("/me", headers={"X-TrackerToken": "a-secret"})
            finally:
                assert http.requests == 1
    return heard, http


def over_tls(certificate: Path, heard: list[bytes]) -> Act:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def act(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            heard.append(secured.recv(65536))
            answer(b"[]")(secured)

    return act


def test_a_certificate_in_order_is_accepted(trusted: Authority) -> None:
    heard, _ = ask(trusted.vouch("127.0.0.1"), trusted)
    assert b"a-secret" in heard[0]


def test_one_that_is_over_says_so(trusted: Authority) -> None:
    with pytest.raises(TrackerUnavailable, match=r"certificate of .* has expired, so nothing was sent"):
        ask(trusted.vouch("127.0.0.1", begins=NOW - 3 * DAY, ends=NOW - DAY), trusted)


def test_one_that_has_not_begun_says_so(trusted: Authority) -> None:
    with pytest.raises(TrackerUnavailable, match=r"certificate of .* is not valid yet, so nothing was sent"):
        ask(trusted.vouch("127.0.0.1", begins=NOW + DAY, ends=NOW + 2 * DAY), trusted)


def test_one_of_another_host_says_so(trusted: Authority) -> None:
    with pytest.raises(TrackerUnavailable, match=r"certificate of .* is for another name, so nothing was sent"):
        ask(trusted.vouch("192.0.2.7"), trusted)


def test_one_that_nobody_known_vouches_for_says_so(trusted: Authority, unknown: Authority) -> None:
    with pytest.raises(TrackerUnavailable, match=r"certificate of .* comes from nobody whom .* trusts, so nothing"):
        ask(unknown.vouch("127.0.0.1"), trusted)
