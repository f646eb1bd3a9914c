"""Fills an empty site: people, accounts, roadmaps linked to the sandbox's project, their items, and a day of syncs.

What an account has a few of is made by the site's own services, what it has thousands of by one statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import stage
from benchmarks.load.size import Size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from accounts.models import Membership
    from benchmarks.tracker import Tracker
    from integrations.models import ProjectLink
    from integrations.records import FieldSpec
    from roadmaps.models import Field, Roadmap

KIND = "pivotal_tracker"
#: Members of an account besides its admin, each of whom may see its roadmaps.
COLLEAGUES = 2
#: What is pulled, in the connector's words.
KEYS = ("type", "state", "estimate", "labels", "owners", "requester", "iteration")
DATES = {"start_sources": ["started"], "end_sources": ["accepted", "deadline"]}
STATES = ("unscheduled", "unstarted", "started", "finished", "delivered", "rejected", "accepted")
#: Values of the lists that grow with the stories.
GROWN = {
    "labels": [f"label {number}" for number in range(40)],
    "owners": [f"Person {number}" for number in range(12)],
    "requester": [f"Person {number}" for number in range(12)],
}
#: The index that is quicker to make at the end than to keep on the way.
LATE_INDEX = "item_by_values"

#: `{first[state]}` is the id of the field's first list value, `{count[state]}` how many it has.
ITEMS = """
WITH made AS (
    INSERT INTO roadmaps_item (account_id, roadmap_id, name, description, start_date, end_date, values,
        origin, external_id, external_url, source_hash)
    SELECT %(account)s, place.roadmap,
        (ARRAY['Show', 'Explain', 'Speed up', 'Translate', 'Remember', 'Repair', 'Simplify'])[1 + n %% 7] || ' '
            || (ARRAY['the invoice', 'the map', 'sign-in', 'the basket', 'station names', 'Öffnung'])[1 + n %% 6] || ' '
            || (ARRAY['on small screens', 'for companies', 'when offline', 'in five languages'])[1 + n %% 4]
            || ' (' || n || ')',
        repeat('People asked for this *twice* this month; see the notes, and keep the old way until then. ', n %% 8),
        CASE WHEN n %% 5 > 0 THEN current_date - 700 + n * 37 %% 1000 END,
        CASE WHEN n %% 5 > 0 THEN current_date - 700 + n * 37 %% 1000 + n %% 60 END,
        jsonb_build_object(
            '{f[state]}', {first[state]} + n %% {count[state]}, '{f[type]}', {first[type]} + n %% {count[type]},
            '{f[labels]}', jsonb_build_array({first[labels]} + n * 7 %% 39, {first[labels]} + 39),
            '{f[owners]}', jsonb_build_array({first[owners]} + n %% 12), '{f[estimate]}', n * 31 %% 9,
            '{f[requester]}', {first[requester]} + n %% 12, '{f[iteration]}', n / 40),
        '{kind}', place.roadmap || '-' || n, 'https://tracker.test/story/show/' || n, md5(place.roadmap || '-' || n)
    FROM unnest(%(roadmaps)s, %(sizes)s) AS place(roadmap, size), generate_series(1, place.size) AS n
    RETURNING id, roadmap_id
)
INSERT INTO integrations_itemchange (account_id, run_id, item_id, kind, changes)
SELECT %(account)s, begun.run, made.id, 'created', '{{}}'
FROM made JOIN unnest(%(roadmaps)s, %(runs)s) AS begun(roadmap, run) ON begun.roadmap = made.roadmap_id
"""
#: A day of syncs that found nothing, in the order in which they happened.
DAY = """
INSERT INTO integrations_syncrun
    (account_id, link_id, trigger, state, unchanged, requests, queued_at, sent_at, started_at, finished_at, problems)
SELECT link.account_id, link.id, 'schedule', 'succeeded', 0, 1, at, at, at, at + interval '60 milliseconds', '[]'
FROM generate_series(now() - interval '1 day', now(), %s * interval '1 minute') AS at,
    integrations_projectlink AS link WHERE link.id <> %s ORDER BY at, link.id
"""


@dataclass(frozen=True, slots=True)
class Project:
    """The tracker's project that all roadmaps are linked to, and those of its fields that are pulled."""

    id: str
    specs: tuple[FieldSpec, ...]


def seed(size: Size, tracker: Tracker, *, say: Callable[[str], None]) -> None:
    """Fill the site; takes some minutes for two million items."""
    from django.db import connection

    project = Project(tracker.project_id, tuple(_specs(tracker)))
    first = _make_links(stage.make_owner(), ["First"], project)[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_indexdef(%s::regclass)", [LATE_INDEX])
        (late,) = cursor.fetchone()
        cursor.execute(f"DROP INDEX {LATE_INDEX}")
        for number in range(size.accounts):
            _fill_account(number, size, project)
            if (number + 1) % 100 == 0:
                say(f"  {number + 1:,} of {size.accounts:,} accounts")
        say("  a day of syncs, indexes, statistics")
        cursor.execute(DAY, [size.cadence, first.pk])
        cursor.execute("SET maintenance_work_mem = '1GB'")
        cursor.execute(late)
        cursor.execute("RESET maintenance_work_mem")
        cursor.execute("VACUUM ANALYZE")


def first_link() -> ProjectLink:
    """The link of the account "First", which is really pulled: the others have its setup, and get its cursor."""
    from integrations.models import ProjectLink

    return ProjectLink.objects.select_related("account").get(roadmap__name="First")


def _specs(tracker: Tracker) -> Iterable[FieldSpec]:
    from integrations import promotion, registry
    from integrations.auth import auth_with
    from tracker_sandbox.demo import DEMO_TOKEN

    description = registry.get(KIND).describe(auth_with(KIND, DEMO_TOKEN), tracker.project_id)
    return (spec for key, spec in promotion.offers(description).items() if key in KEYS)


def _fill_account(number: int, size: Size, project: Project) -> None:
    from django.db import connection, transaction

    with transaction.atomic():
        owner = stage.make_owner()
        links = _make_links(owner, [f"Roadmap {number}-{place}" for place in range(size.roadmaps_each)], project)
        _share(owner, [link.roadmap for link in links])
        rows: Any = {
            "account": owner.account_id,
            "roadmaps": [link.roadmap_id for link in links],
            "sizes": size.items_of_roadmaps(),
            "runs": _first_runs(links),
        }
        with connection.cursor() as cursor:
            cursor.execute(_items_statement(owner), rows)


def _make_links(owner: Membership, names: Sequence[str], project: Project) -> list[ProjectLink]:
    """Roadmaps of these names, linked, with fields and locks as the wizard leaves them."""
    from integrations import credentials, services
    from integrations.models import FieldMapping, ProjectLink
    from integrations.records import Identity
    from roadmaps.services import roadmaps
    from tracker_sandbox.demo import DEMO_TOKEN

    integration = services.create_integration(owner, kind=KIND, name="Tracker")
    credential = credentials.save_credential(
        owner, kind=KIND, label="Mine", secret=DEMO_TOKEN, identity=Identity("1", "Person 1", 1)
    )
    fields = _make_fields(owner, project.specs)
    made = [roadmaps.create_roadmap(owner=owner, name=name) for name in names]
    links = [
        ProjectLink(
            account=owner.account,
            roadmap=_fed(roadmap, list(fields.values())),
            integration=integration,
            credential=credential,
            kind=KIND,
            project_id=project.id,
            project_name="Generated 1",
            states=list(STATES),
            **DATES,
            created_by=owner,
        )
        for roadmap in made
    ]
    ProjectLink.objects.bulk_create(links)
    FieldMapping.objects.bulk_create(
        FieldMapping(account=owner.account, link=link, key=key, field=field, position=position)
        for link in links
        for position, (key, field) in enumerate(fields.items())
    )
    return links


def _make_fields(owner: Membership, specs: Sequence[FieldSpec]) -> dict[str, Field]:
    """The account's fields by key, with list values that lie in a row of ids."""
    from integrations import promotion, registry
    from roadmaps.fields import fold
    from roadmaps.models import FieldOption

    fields = promotion.ensure_fields(owner.account, registry.get(KIND), specs)
    FieldOption.objects.bulk_create(
        FieldOption(account=owner.account, field=fields[key], label=label, key=fold(label), position=position)
        for key, labels in GROWN.items()
        for position, label in enumerate(labels)
    )
    return fields


def _fed(roadmap: Roadmap, fields: Sequence[Field]) -> Roadmap:
    roadmap.source_label = "Pivotal Tracker"
    roadmap.synced_columns = ["name", "description", "start_date", "end_date", *(field.column for field in fields)]
    roadmap.save()
    return roadmap


def _share(owner: Membership, roadmaps: Sequence[Roadmap]) -> None:
    """Colleagues who may see the roadmaps."""
    from accounts.models import Membership, Role, User
    from roadmaps.models import Share

    people = [
        User(email=f"{number}-{owner.user.email}", name=f"Colleague {number}", password=owner.user.password)
        for number in range(COLLEAGUES)
    ]
    User.objects.bulk_create(people)
    members = [Membership(account=owner.account, user=person, role=Role.COLLABORATOR) for person in people]
    Membership.objects.bulk_create(members)
    Share.objects.bulk_create(
        Share(account=owner.account, roadmap=roadmap, member=member) for roadmap in roadmaps for member in members
    )


def _first_runs(links: Sequence[ProjectLink]) -> list[int]:
    """A run of each link that brought its items, a while ago."""
    from datetime import timedelta

    from django.utils import timezone

    from integrations.models import SyncRun

    then = timezone.now() - timedelta(days=2)
    return [
        run.pk
        for run in SyncRun.objects.bulk_create(
            SyncRun(
                account_id=link.account_id,
                link=link,
                trigger=SyncRun.Trigger.SETUP,
                state=SyncRun.State.SUCCEEDED,
                created=1,
                requests=6,
                queued_at=then,
                started_at=then,
                finished_at=then,
            )
            for link in links
        )
    ]


def _items_statement(owner: Membership) -> str:
    from roadmaps.models import Field, FieldOption

    fields = {field.source_key: field for field in Field.objects.filter(account=owner.account)}
    options: dict[int, list[int]] = {}
    for pk, field_id in FieldOption.objects.filter(account=owner.account).order_by("id").values_list("id", "field_id"):
        options.setdefault(field_id, []).append(pk)
    lists = {key: options[field.pk] for key, field in fields.items() if field.pk in options}
    return ITEMS.format(
        kind=KIND,
        f={key: field.column for key, field in fields.items()},
        first={key: ids[0] for key, ids in lists.items()},
        count={key: len(ids) for key, ids in lists.items()},
    )
