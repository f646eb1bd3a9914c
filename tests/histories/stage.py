"""A sandbox and a roadmap that is linked to it: pulls, and checks each pull against the sandbox's own books."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, reset_queries, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, Membership
from integrations import promotion
from integrations.connectors.pivotal_tracker import catalog, connector
from integrations.credentials import replace_secret
from integrations.models import Credential, FieldMapping, Integration, ItemChange, ProjectLink, SyncRun
from integrations.records import Identity
from integrations.sync import brake, schedule
from integrations.sync.run import execute
from roadmaps import item_counts
from roadmaps.models import Field, FieldOption, Item
from tests import factories
from tests.histories.cast import OUR_TOKEN, Cast, build_world
from tests.histories.truth import Row, Setup, fate, fold, rows
from tracker_sandbox.api import Api
from tracker_sandbox.endpoints import ENDPOINTS
from tracker_sandbox.litetracker import lite_api
from tracker_sandbox.server import Sandbox
from tracker_sandbox.state import World

#: Reasons that are not asked for again until the story is seen again.
SETTLED = frozenset({"deleted", "moved", "hidden"})
TEMPORARY = ("new_item", "changed_item", "item_change")


@dataclass(frozen=True)
class Seen:
    """An item as it stands: what it shows, why it no longer updates, whether it is archived."""

    row: Row
    reason: str
    archived: bool


Items = Mapping[str, Seen]


class Office:
    """Who pulls, made once for all histories of a test."""

    def __init__(self, owner: Membership, sandbox: Sandbox) -> None:
        self.owner, self.sandbox = owner, sandbox
        self.account: Account = owner.account
        self.integration: Integration = factories.make_integration(owner)
        self.credential: Credential = factories.make_credential(owner, secret=OUR_TOKEN)
        fields = (row.spec for row in catalog.FIELDS)
        dates = (promotion.FieldSpec(row.spec.key, row.spec.label, "text", "") for row in catalog.DATES)
        self.fields: dict[str, Field] = promotion.ensure_fields(self.account, connector, [*fields, *dates])
        self.own_field: Field = factories.make_field(self.account, "Our own words")


class _NeverMind(Exception):
    """Takes a history's rows away again."""


@contextmanager
def fresh(office: Office, setup: Setup) -> Iterator[Stage]:
    """A stage of its own, and nothing of it left behind."""
    try:
        with transaction.atomic():
            yield Stage(office, setup)
            raise _NeverMind
    except _NeverMind:
        pass
    finally:
        office.sandbox.faults.clear()


class Stage:
    """One world and one roadmap."""

    def __init__(self, office: Office, setup: Setup) -> None:
        self.office, self.setup = office, setup
        self.sandbox = office.sandbox
        self.cast: Cast = build_world(self.sandbox.url)
        self.world: World = self.cast.world
        self.sandbox.app.world = self.world
        self.sandbox.app.api = lite_api(self.world) if setup.lite else Api(self.world, ENDPOINTS)
        self.sandbox.app.requests.clear()
        self.token = OUR_TOKEN
        self.credential = Credential.objects.get(pk=office.credential.pk)
        self.link = self.new_link("Shop")
        self.own_words: dict[str, str] = {}
        self.by_hand = factories.make_item(self.link.roadmap, "Made by hand", notes="Ours")
        self.zone = office.account.zone

    def new_link(self, name: str) -> ProjectLink:
        """A roadmap linked to the world's project."""
        setup = self.setup
        link = factories.make_link(
            factories.make_roadmap(self.office.owner, name),
            integration=self.office.integration,
            credential=self.credential,
            project_id=str(self.cast.project.id),
            states=sorted(setup.states),
            start_sources=list(setup.start),
            end_sources=list(setup.end),
            lost_items="archive",
        )
        FieldMapping.objects.bulk_create(
            FieldMapping(account_id=link.account_id, link=link, key=key, field=self.office.fields[key])
            for key in setup.fields
        )
        return link

    # -- what is there

    def items(self, link: ProjectLink | None = None) -> dict[str, Seen]:
        """Every item that the link keeps, as a person would read it."""
        options = dict(FieldOption.objects.filter(account=self.office.account).values_list("id", "label"))
        found = Item.objects.filter(roadmap=(link or self.link).roadmap).exclude(origin="")
        return {str(item.external_id): self._seen(item, options) for item in found}

    def _seen(self, item: Item, options: Mapping[int, str]) -> Seen:
        shown: dict[str, object] = {
            "name": item.name,
            "description": item.description,
            "url": item.external_url,
            "start": item.start_date and item.start_date.isoformat(),
            "end": item.end_date and item.end_date.isoformat(),
        }
        for key in self.setup.fields:
            field = self.office.fields[key]
            shown[f"field:{key}"] = _shown(key, field, item.values.get(field.column), options)
        row = {key: value for key, value in shown.items() if value not in (None, "", ())}
        return Seen(row, item.source_state, item.archived_at is not None)

    def truth(self) -> dict[str, Row]:
        """The rows of all stories that match now."""
        return rows(self.world, self.cast.project, self.setup, self.zone)

    def fate(self, story_id: str) -> str:
        return fate(self.world, self.cast.project, self.cast.reader.id, story_id, lite=self.setup.lite)

    def expected(self, before: Items) -> dict[str, Seen]:
        """What an undisturbed pull must make of these items."""
        truth = self.truth()
        after = {id_: Seen(row, "", False) for id_, row in truth.items()}
        for id_, item in before.items():
            if id_ not in truth:
                reason = self.fate(id_)
                if item.reason in SETTLED and reason != "out_of_filter":
                    reason = item.reason
                after[id_] = Seen(item.row, reason, archived=True)
        return after

    @property
    def is_readable(self) -> bool:
        """Whether our token opens the project."""
        reader = self.world.tokens.get(self.token)
        return reader is not None and self.world.membership(self.cast.project, reader) is not None

    # -- a pull

    def pull(self) -> SyncRun:
        """Pull while nothing else happens, and check everything."""
        before = self.items()
        run = self.run()
        if not self.is_readable:
            self.assert_failed(
                run, "credential_rejected" if self.token not in self.world.tokens else "project_unavailable"
            )
            assert self.items() == before
            return run
        assert run.state in ("succeeded", "partial"), (run.state, run.error_code, run.error)
        expected, found = self.expected(before), self.items()
        assert found == expected, difference(found, expected)
        self.check_report(run, before, found)
        self.check_own()
        return run

    def run(self, disturb: Callable[[int], object] | None = None, link: ProjectLink | None = None) -> SyncRun:
        """A whole run as a worker does it; the owner says yes where it waits. A run that failed changed nothing."""
        link = link or self.link
        asked = schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False)
        run = self._execute(asked, disturb)
        if run.state == SyncRun.State.HELD:
            assert brake.let_go(run, member=self.office.owner)
            run = self._execute(run, disturb)
        return run

    def _execute(self, run: SyncRun, disturb: Callable[[int], object] | None) -> SyncRun:
        before = self.footprint()
        done = execute(run.pk, on_progress=(lambda run: disturb(run.requests)) if disturb else None)
        assert done is not None
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {', '.join(f'pg_temp.{table}' for table in TEMPORARY)}")
        if done.state in (SyncRun.State.FAILED, SyncRun.State.HELD):
            assert self.footprint() == before
        assert done.error_code != "internal"
        assert self.sandbox.non_gets == []
        return done

    def footprint(self) -> object:
        """All that a pull which came to nothing must leave as it was."""
        items = list(Item.objects.filter(account=self.office.account).order_by("id").values())
        links = list(ProjectLink.objects.filter(account=self.office.account).values("id", "cursor", "last_full_at"))
        return json.dumps([items, links, ItemChange.objects.count()], default=str)

    def assert_failed(self, run: SyncRun, code: str) -> None:
        assert (run.state, run.error_code) == ("failed", code), run.error
        assert (run.created, run.updated, run.revived, run.flagged) == (0, 0, 0, 0)

    def check_report(self, run: SyncRun, before: Items, after: Items) -> None:
        """The run counts, and its changes name, exactly what can be seen to differ."""
        kinds = {id_: kind for id_, item in after.items() if (kind := _kind(before.get(id_), item))}
        changes = dict(ItemChange.objects.filter(run=run).values_list("item__external_id", "kind"))
        assert changes == kinds
        assert ItemChange.objects.filter(run=run).count() == len(kinds)
        counted = Counter(kinds.values())
        assert (run.created, run.updated, run.revived, run.flagged) == tuple(
            counted[kind] for kind in ("created", "updated", "revived", "flagged")
        )

    def check_own(self) -> None:
        """What people wrote here is as they wrote it."""
        own = self.office.own_field.column
        found = dict(
            Item.objects.filter(roadmap=self.link.roadmap).exclude(origin="").values_list("external_id", "notes")
        )
        assert {id_: notes for id_, notes in found.items() if notes} == self.own_words
        values = Item.objects.filter(roadmap=self.link.roadmap, values__has_key=own).values_list(
            "external_id", "values"
        )
        assert {id_: value[own] for id_, value in values} == self.own_words
        by_hand = Item.objects.get(pk=self.by_hand.pk)
        assert (by_hand.name, by_hand.notes, by_hand.source_state) == ("Made by hand", "Ours", "")
        there = Item.objects.filter(roadmap=self.link.roadmap)
        assert item_counts.of(self.link.roadmap, archived=True) == there.count()
        assert item_counts.of(self.link.roadmap, archived=False) == there.filter(archived_at=None).count()

    def pull_again(self) -> None:
        """A pull right after a pull writes nothing to items, and where there are versions, costs one request."""
        before = len(self.sandbox.requests)
        reset_queries()
        with CaptureQueriesContext(connection) as queries:
            run = self.run()
        assert run.state in ("succeeded", "partial"), run.error
        assert (run.created, run.updated, run.revived, run.flagged) == (0, 0, 0, 0)
        written = [
            one["sql"] for one in queries if one["sql"].startswith(("INSERT", "UPDATE", "DELETE", "WITH", "COPY"))
        ]
        assert not [sql for sql in written if "roadmaps_item" in sql or "integrations_itemchange" in sql], written
        if not self.setup.lite:
            assert len(self.sandbox.requests) == before + 1, [one.path for one in self.sandbox.requests[before:]]

    def pull_from_nothing(self) -> None:
        """Another roadmap that is linked only now says the same of all stories that match."""
        link = self.new_link("Shop again")
        assert self.run(link=link).state in ("succeeded", "partial")
        mine = {id_: item for id_, item in self.items().items() if not item.reason}
        assert self.items(link) == mine

    # -- pulls that are disturbed

    def pull_during(self, happen: Callable[[Stage], None], *, request: int) -> None:
        """Something happens right before that request. Whatever comes of the pull, each item is as it was before the
        pull, or as it should be before or after what happened; and if the pull failed, nothing changed at all."""
        before, version = self.items(), self.cast.project.version
        allowed = [before, self.expected(before)]
        done: list[bool] = []

        def disturb(number: int) -> None:
            if number == request and not done:
                done.append(True)
                happen(self)
                allowed.append(self.expected(before))

        run = self.run(disturb)
        found = self.items()
        if not done:
            assert run.state == "failed" or found == allowed[1], difference(found, allowed[1])
        told = self.setup.lite or self.cast.project.version != version
        for id_, item in found.items() if told else ():
            assert item in [items.get(id_) for items in allowed], difference({id_: item}, allowed[-1])
        self.check_own()

    def pull_in_a_storm(self) -> None:
        """The project changes before each request: the pull gives up after three tries, and nothing changes here."""
        ids = [story.id for story in self.world.listing(self.cast.project)]
        run = self.run(lambda number: self.world.update_story(ids[number % len(ids)], name=f"Draft {number}"))
        self.assert_failed(run, "inconsistent")

    def pull_broken(self, kind: str, *, request: int) -> None:
        """From that request on, the tracker fails: nothing changes, unless the pull was over before."""
        before = self.items()
        self.sandbox.faults.add(kind, after=request - 1, times=None)
        run = self.run()
        self.sandbox.faults.clear()
        if run.state == "failed":
            assert self.items() == before
        else:
            assert self.items() == self.expected(before)

    # -- what people do here

    def write_own(self, number: int, text: str) -> None:
        """Somebody writes notes, and a value of an own field, on a synced item."""
        items = list(Item.objects.filter(roadmap=self.link.roadmap).exclude(origin="").order_by("id"))
        if items:
            item = items[number % len(items)]
            item.notes, item.values[self.office.own_field.column] = text, text
            item.save(update_fields=["notes", "values"])
            self.own_words[str(item.external_id)] = text

    def mend_access(self) -> None:
        """Robin gets the project back, or makes a new token that is saved here."""
        project, reader = self.cast.project, self.cast.reader
        if not self.world.membership(project, reader.id):
            self.world.join(project.id, reader.id)
        if self.token not in self.world.tokens:
            self.token = self.world.regenerate_token(reader.id)
            replace_secret(self.credential, secret=self.token, identity=Identity(str(reader.id), reader.name, 2))

    def let_a_day_pass(self) -> None:
        """The last whole listing was longer ago than a day."""
        ProjectLink.objects.filter(pk=self.link.pk, last_full_at__isnull=False).update(
            last_full_at=timezone.now() - timedelta(days=2)
        )


def _shown(key: str, field: Field, value: Any, options: Mapping[int, str]) -> object:
    if value is None:
        return None
    if field.type == "choice":
        return fold(options[value])
    if field.type == "choices":
        labels = tuple(fold(options[one]) for one in value)
        return labels if key == "owners" else tuple(sorted(labels))
    return value


def _kind(before: Seen | None, after: Seen) -> str | None:
    if before is None:
        return "created"
    if after.reason:
        return "flagged" if after.reason != before.reason else None
    if before.reason:
        return "revived"
    return "updated" if {**before.row, "url": ""} != {**after.row, "url": ""} else None


def difference(found: Items, expected: Items) -> str:
    """Item by item, for a person who reads a counter-example."""
    lines = []
    for id_ in sorted({*found, *expected}):
        one, other = found.get(id_), expected.get(id_)
        if one is None or other is None:
            lines.append(f"{id_}: found {one}, expected {other}")
        elif one != other:
            keys = sorted(key for key in {*one.row, *other.row} if one.row.get(key) != other.row.get(key))
            values = {key: (one.row.get(key), other.row.get(key)) for key in keys}
            lines.append(f"{id_}: found {one.reason!r}, expected {other.reason!r}; values (found, expected): {values}")
    return "\n".join(lines)
