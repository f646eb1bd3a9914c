"""Finds connectors by folder: a package in `integrations.connectors` with a `connector` in it is one."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from urllib.parse import urlsplit

from django.conf import settings

from integrations import connectors
from integrations.connectors.base import Connector
from integrations.records import Progress


class UnknownKind(LookupError):
    """No connector of that kind is installed."""


def get(kind: str) -> Connector:
    """The connector of a kind. Raises UnknownKind."""
    try:
        return _connectors()[kind]
    except KeyError:
        raise UnknownKind(f"This installation has no connector “{kind}”.") from None


def all_kinds() -> tuple[str, ...]:
    """The kinds of all connectors, in the order of their names on the screen."""
    return tuple(sorted(_connectors(), key=lambda kind: _connectors()[kind].label.casefold()))


def choices() -> list[tuple[str, str]]:
    """Kinds and names for a form or model field. Given as a callable, it stays out of migrations."""
    return [(kind, get(kind).label) for kind in all_kinds()]


def base_url(kind: str) -> str:
    """The address of the tracker's server: the operator's setting, else the connector's own."""
    return settings.CONNECTOR_URLS.get(kind) or get(kind).default_url


def host(kind: str) -> str:
    """The name of that server, without its port."""
    return urlsplit(base_url(kind)).hostname or ""


def progress_of(kind: str) -> Progress | None:
    """What adds up into progress in what came by that kind; None where no such connector is installed any more."""
    connector = _connectors().get(kind)
    return connector.progress if connector else None


@cache
def _connectors() -> Mapping[str, Connector]:
    found: dict[str, Connector] = {}
    for module in pkgutil.iter_modules(connectors.__path__):
        if module.ispkg:
            connector: Connector = import_module(f"{connectors.__name__}.{module.name}").connector
            found[connector.kind] = connector
    return MappingProxyType(found)
