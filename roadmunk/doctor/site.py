"""Do the settings fit each other, and is what the site needs of the world in reach?"""

from __future__ import annotations

import shutil
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core import checks, mail
from django.core.mail.backends.smtp import EmailBackend
from django.http.request import validate_host

from integrations import public_only, registry
from roadmunk.doctor.finding import Finding, ok, warning, wrong

#: Seconds to wait for somebody outside.
PATIENCE: Final = 5.0
#: Bytes, and share of the disk, below which room is short.
LEAST_ROOM: Final = 1_000_000_000
LEAST_SHARE: Final = 0.05


def settings_hold() -> Iterator[Finding]:
    """Django's own look at the settings of a production site finds nothing."""
    found = checks.run_checks(include_deployment_checks=not settings.INTERNAL_HTTP)
    for message in found:
        yield (wrong if message.is_serious() else warning)(str(message.msg), str(message.hint or "See manage.py check"))
    if not found:
        yield ok("manage.py check finds nothing")


def addresses() -> Iterator[Finding]:
    """The site answers to the name that its letters point to, and to no other."""
    url = urlsplit(settings.SITE_URL)
    if "*" in settings.ALLOWED_HOSTS:
        yield wrong("the site answers to any name", "Set ALLOWED_HOSTS to the names of your site.")
    elif not url.hostname or not validate_host(url.netloc.rpartition(":")[0] or url.netloc, settings.ALLOWED_HOSTS):
        yield wrong(
            f"letters point to {settings.SITE_URL}, a name that the site does not answer to",
            "Set SITE_URL to the site’s address, and put its name into ALLOWED_HOSTS.",
        )
    elif url.scheme != "https" and not settings.INTERNAL_HTTP:
        yield wrong(f"letters point to {settings.SITE_URL}, which is not HTTPS", "Set SITE_URL to an https:// address.")
    else:
        yield ok(f"letters point to {settings.SITE_URL}, and the site answers to that name")


def mail_server() -> Iterator[Finding]:
    """The mail server lets us in; no letter is sent."""
    backend = mail.get_connection()
    if not isinstance(backend, EmailBackend):
        kind = type(backend).__module__.rpartition(".")[2]
        said = f"letters are not sent: they go to “{kind}”"
        yield ok(said) if settings.INTERNAL_HTTP else warning(said, "Set EMAIL_URL to your mail server.")
        return
    backend.timeout = PATIENCE
    place = f"{backend.host}:{backend.port}"
    try:
        backend.open()
    except OSError as error:  # smtplib's errors are of this kind
        yield wrong(f"the mail server {place} does not let us in: {type(error).__name__}", "Mend EMAIL_URL.")
        return
    backend.close()
    yield ok(f"the mail server {place} lets us in")


def static_files() -> Iterator[Finding]:
    """All files of pages are collected, under names that change with them."""
    known = getattr(staticfiles_storage, "hashed_files", None)
    if known is None or settings.DEBUG:
        yield ok("static files are served from where they are")
        return
    wanted = {path.replace("\\", "/") for finder in get_finders() for path, _ in finder.list(None)}
    missing = sorted(path for path in wanted if not _is_collected(path, known))
    if missing:
        yield wrong(
            f"{len(missing)} of {len(wanted)} static files are not collected ({missing[0]})",
            "Run: manage.py collectstatic --no-input, and restart the web.",
        )
    else:
        yield ok(f"{len(wanted)} static files are collected")


def _is_collected(path: str, known: dict[str, str]) -> bool:
    return path in known and staticfiles_storage.exists(known[path])


def trackers() -> Iterator[Finding]:
    """Each tracker's server is in reach, and proves who it is."""
    for kind in registry.all_kinds():
        label, url = registry.get(kind).label, registry.base_url(kind)
        parts = urlsplit(url)
        host, secure = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        try:
            if not settings.ALLOW_PRIVATE_TRACKERS and not _is_public(host, port):
                yield wrong(
                    f"{label}: {url} is on a private network, so syncs do not ask it",
                    f"Set ALLOW_PRIVATE_TRACKERS=true if it is meant to be, else mend {kind.upper()}_URL.",
                )
                continue
            _knock(host, port, secure)
        except ssl.SSLCertVerificationError as error:
            yield wrong(
                f"{label}: {url} does not prove who it is: {error.verify_message}",
                "Mend its certificate, or the address.",
            )
        except OSError as error:
            yield wrong(
                f"{label}: {url} is out of reach: {type(error).__name__}",
                f"Let this host reach it, or set {kind.upper()}_URL.",
            )
        else:
            yield ok(f"{label}: {url} answers")


def _is_public(host: str, port: int) -> bool:
    """Whether the name leads to a public address. Raises OSError."""
    return any(public_only.is_public(address) for address in public_only.addresses_of(host, port))


def _knock(host: str, port: int, secure: bool) -> None:
    """Open a connection, and by TLS prove the name. Raises OSError."""
    with socket.create_connection((host, port), timeout=PATIENCE) as plain:
        if secure:
            with ssl.create_default_context().wrap_socket(plain, server_hostname=host):
                pass


def room() -> Iterator[Finding]:
    """There is room on the disk of DATA_DIR; the database’s own disk may be elsewhere."""
    place = _existing(settings.DATA_DIR)
    usage = shutil.disk_usage(place)
    text = f"{usage.free / 1e9:.1f} GB of {usage.total / 1e9:.1f} GB are free at {place}"
    if usage.free < LEAST_ROOM or usage.free < LEAST_SHARE * usage.total:
        yield wrong(text, "Make room, or move DATA_DIR.")
    else:
        yield ok(text)


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.absolute().parents) if each.exists())
