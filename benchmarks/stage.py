"""Servers, settings, and the rows that a benchmark pulls into. Django is set up before its models are imported."""

from __future__ import annotations

import base64
import logging
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from roadmunk.embedded import EmbeddedServers

if TYPE_CHECKING:
    from accounts.models import Membership
    from integrations.models import ProjectLink, SyncRun


@contextmanager
def servers(kept: Path | None = None) -> Iterator[EmbeddedServers]:
    """PostgreSQL and Redis out of the wheels, as durable as in the demo, and Django set up on an empty database.

    Or on the one that is in the directory `kept`, where everything stays.
    """
    home = kept or Path(tempfile.mkdtemp(prefix="roadmunk-bench-"))
    try:
        with EmbeddedServers(home) as running:
            os.environ |= {
                "DATABASE_URL": running.database_url,
                "REDIS_URL": running.redis_url,
                "DATA_DIR": str(home / "site"),
                "SECRET_KEY": "benchmarks" * 6,
                "CREDENTIAL_KEYS": base64.b64encode(b"credential key of the benchmarks"[:32]).decode(),
                "ALLOW_PRIVATE_TRACKERS": "true",
                "TRACKER_REQUESTS_PER_SECOND": "0",
                "DJANGO_SETTINGS_MODULE": "roadmunk.settings",
            }
            set_up()
            from django.core.management import call_command

            from accounts import walls

            call_command("migrate", verbosity=0, interactive=False)
            with walls.every_account(walls.Across.OPERATOR):
                yield running
            from django.db import connections

            connections.close_all()
    finally:
        if kept is None:
            shutil.rmtree(home, ignore_errors=True)


def set_up() -> None:
    """Django, without the log lines of each run."""
    import django

    django.setup()
    logging.disable(logging.INFO)


def make_owner() -> Membership:
    """An account, and somebody who may own its roadmaps."""
    from accounts.services import create_account

    name = uuid.uuid4().hex
    return create_account(name=name, admin_email=f"{name}@example.test", password=None)


def make_link(owner: Membership, *, project_id: str, url: str) -> ProjectLink:
    """A new roadmap, linked to the project with every state, field and date that the connector offers."""
    from django.conf import settings

    from integrations import credentials, promotion, registry
    from integrations.auth import auth_for
    from integrations.models import FieldMapping, Integration, ProjectLink
    from integrations.records import Identity
    from roadmaps.models import Roadmap
    from tracker_sandbox.demo import DEMO_TOKEN

    settings.CONNECTOR_URLS = {"pivotal_tracker": url}
    connector = registry.get("pivotal_tracker")
    label = uuid.uuid4().hex
    credential = credentials.save_credential(
        owner, kind=connector.kind, label=label, secret=DEMO_TOKEN, identity=Identity("1", "Bench", 1)
    )
    description = connector.describe(auth_for(credential), project_id)
    account = owner.account
    link = ProjectLink.objects.create(
        account=account,
        roadmap=Roadmap.objects.create(account=account, owner=owner, name=label),
        integration=Integration.objects.create(account=account, kind=connector.kind, name=label, created_by=owner),
        credential=credential,
        kind=connector.kind,
        project_id=project_id,
        project_name=description.project.name,
        states=[state.key for state in description.states],
        start_sources=list(description.suggested_start),
        end_sources=list(description.suggested_end),
        created_by=owner,
    )
    # What only a whole listing can tell is left out: it would make every pull a full one.
    offers = {
        k: spec for k, spec in promotion.offers(description).items() if not k.startswith("ranked") and k != "blocks"
    }
    fields = promotion.ensure_fields(account, connector, offers.values())
    FieldMapping.objects.bulk_create(
        FieldMapping(account=account, link=link, key=key, field=field) for key, field in fields.items()
    )
    return link


def ask(link: ProjectLink) -> int:
    """Queue a run of the link; answers its id."""
    from integrations.models import SyncRun
    from integrations.sync import schedule

    return schedule.request_run(link=link, trigger=SyncRun.Trigger.COMMAND, send=False).pk


def carry_out(run_id: int) -> SyncRun:
    """A queued run from its claim to its end, as a worker does it."""
    from integrations.sync.run import execute

    run = execute(run_id)
    assert run is not None and run.state in ("succeeded", "partial"), run and (run.state, run.error)
    return run


def run_once(link: ProjectLink) -> SyncRun:
    """One whole run."""
    return carry_out(ask(link))
