"""What a tracker offers to a saved secret, asked while a person waits and kept in the cache for a short while."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from typing import TypeVar

import msgspec
import redis
from django.core.cache import cache

from integrations import credentials, registry, vault
from integrations.auth import auth_for
from integrations.connectors.base import Auth, Connector
from integrations.errors import CredentialRejected
from integrations.models import Credential
from integrations.records import Description, ProjectRef
from integrations.shapes import prepare

log = logging.getLogger(__name__)
T = TypeVar("T")

#: Seconds. Somebody who just made a project in the tracker looks for it here at once.
PROJECTS_SECONDS = 60
DESCRIPTION_SECONDS = 5 * 60


def list_projects(credential: Credential) -> list[ProjectRef]:
    """Every project that the secret can see, by name. Raises errors of `integrations.errors`."""

    def ask(connector: Connector, auth: Auth) -> list[ProjectRef]:
        return connector.list_projects(auth)

    return _remembered(credential, "projects", PROJECTS_SECONDS, list[ProjectRef], ask)


def describe(credential: Credential, project_id: str) -> Description:
    """States, fields and dates that the project offers. Raises errors of `integrations.errors`."""

    def ask(connector: Connector, auth: Auth) -> Description:
        return connector.describe(auth, project_id)

    return _remembered(credential, f"project:{project_id}", DESCRIPTION_SECONDS, Description, ask)


def _remembered(
    credential: Credential, what: str, seconds: int, shape: type[T], ask: Callable[[Connector, Auth], T]
) -> T:
    # The seal is part of the key: a replaced secret never answers with what the old one saw.
    seal = hashlib.sha256(credential.sealed.encode()).hexdigest()[:32]
    key = f"catalogue:{credential.pk}:{seal}:{hashlib.sha256(what.encode()).hexdigest()[:32]}"
    known = _read(key)
    if known is not None:
        try:
            return msgspec.json.decode(known, type=shape)
        except msgspec.DecodeError:
            log.info("What the cache holds is of another version; asking again.")
    answer = _ask(credential, ask)
    _write(key, msgspec.json.encode(answer), seconds)
    return answer


def _ask(credential: Credential, ask: Callable[[Connector, Auth], T]) -> T:
    try:
        auth = auth_for(credential, limits=credentials.IMPATIENT)
    except vault.SealBroken:
        raise CredentialRejected(credentials.unreadable(credential)) from None
    try:
        with auth.http:
            return ask(registry.get(credential.kind), auth)
    except CredentialRejected:
        credentials.mark_rejected(credential)
        raise


def _read(key: str) -> bytes | None:
    try:
        value = cache.get(key)
    except redis.RedisError as error:
        log.warning("No cache, Redis did not answer: %s", type(error).__name__)
        return None
    return value if isinstance(value, bytes) else None


def _write(key: str, value: bytes, seconds: int) -> None:
    try:
        cache.set(key, value, seconds)
    except redis.RedisError as error:
        log.warning("Nothing cached, Redis did not answer: %s", type(error).__name__)


prepare(Description, list[ProjectRef])
