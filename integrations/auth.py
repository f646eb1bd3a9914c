"""Opens a secret for a connector: the only place where a sealed credential meets the way out."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings

from integrations import breaker, pacing, registry, vault
from integrations.connectors.base import Auth
from integrations.errors import OtherHost, OwnerLeft
from integrations.http import Http, Limits
from integrations.models import Credential

USER_AGENT = "Roadmunk (self-hosted roadmaps)"


def auth_with(kind: str, secret: str, *, limits: Limits | None = None) -> Auth:
    """A secret that is not stored (yet), for the connector of that kind. `limits`: where a person waits."""
    http = Http(
        registry.base_url(kind), user_agent=USER_AGENT, limits=limits, allow_private=settings.ALLOW_PRIVATE_TRACKERS
    )
    return Auth(secret=secret, http=http)


def open_secret(credential: Credential) -> str:
    """The secret, for the host that it was given for alone. Raises vault.SealBroken, OtherHost."""
    now = registry.host(credential.kind)
    if credential.host and credential.host != now:
        raise OtherHost(given_for=credential.host, asked_now=now)
    return vault.open_sealed(credential.sealed, credential.vault_context)


def auth_for(
    credential: Credential,
    *,
    before_request: Callable[[], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
    limits: Limits | None = None,
) -> Auth:
    """A stored secret, opened, and paced together with everybody else who uses it. Raises vault.SealBroken, OtherHost.

    Raises OwnerLeft where its owner was shut out, or made a Reviewer: rights that are taken away act at once (W3).

    `before_request` is called before each try, also before a repeated one.
    """
    owner = credential.owner
    if not owner.can_create:
        raise OwnerLeft(owner=str(owner), account=str(credential.account), is_reviewer=owner.is_active)
    secret = open_secret(credential)
    own = pacing.pace_for(f"credential:{credential.pk}", settings.TRACKER_REQUESTS_PER_SECOND, sleep=sleep)
    common = breaker.pace(credential.kind, sleep=sleep)

    def pace() -> None:
        own()
        common()

    http = Http(
        registry.base_url(credential.kind),
        user_agent=USER_AGENT,
        limits=limits or Limits(at_once=settings.TRACKER_REQUESTS_AT_ONCE),
        allow_private=settings.ALLOW_PRIVATE_TRACKERS,
        pace=pace,
        on_request=before_request,
        sleep=sleep,
    )
    return Auth(secret=secret, http=http)
