"""A roadmap with many items that a pull might have brought, a history of how they moved, and a signed-in owner."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from benchmarks import stage

if TYPE_CHECKING:
    from django.test import Client

    from accounts.models import Membership
    from integrations.models import ProjectLink
    from roadmaps.models import Roadmap

STATES = ["Unscheduled", "Unstarted", "Started", "Finished", "Delivered", "Accepted", "Rejected"]
LABELS = [f"Label {number}" for number in range(40)]
#: What a pull brings: twelve columns with name, dates and the External ID.
FIELDS = (
    ("State", "choice", STATES),
    ("Type", "choice", ["Feature", "Bug", "Chore", "Release"]),
    ("Labels", "choices", LABELS),
    ("Owners", "choices", [f"Person {number}" for number in range(12)]),
    ("Estimate", "number", []),
    ("Requester", "text", []),
    ("Iteration", "number", []),
    ("Accepted at", "date", []),
)
FILL = """
INSERT INTO roadmaps_item (account_id, roadmap_id, name, description, start_date, end_date, values,
    origin, external_id, external_url, source_hash)
SELECT %(account)s, %(roadmap)s, 'Story ' || n || ' lets riders pay at the station', repeat('How it works. ', 40),
    CASE WHEN n %% 5 > 0 THEN date '2024-01-01' + n * 37 %% 1000 END,
    CASE WHEN n %% 5 > 0 THEN date '2024-01-01' + n * 37 %% 1000 + n %% 60 END,
    jsonb_build_object(
        '{f[State]}', {o[Unscheduled]} + n %% 7, '{f[Type]}', {o[Feature]} + n %% 4,
        '{f[Labels]}', jsonb_build_array({o[Label 0]} + n * 7 %% 39, {o[Label 39]}),
        '{f[Owners]}', jsonb_build_array({o[Person 0]} + n %% 12), '{f[Estimate]}', n * 31 %% 9,
        '{f[Requester]}', 'Person ' || n %% 12, '{f[Iteration]}', n / 40,
        '{f[Accepted at]}', to_char(date '2024-01-01' + n * 37 %% 1000, 'YYYY-MM-DD')),
    'pivotal_tracker', n::text, 'https://tracker.test/story/show/' || n, md5(n::text)
FROM generate_series(1, %(items)s) AS n
"""

#: A history of half a year: 40 syncs that moved the ends of some thousand items, and people who moved others.
RUNS = """
INSERT INTO integrations_syncrun (account_id, link_id, trigger, state, updated, queued_at, finished_at, problems)
SELECT %(account)s, %(link)s, 'schedule', 'succeeded', 100, day, day, '[]'
FROM generate_series(timestamptz '2024-12-01', '2025-06-14', interval '5 days') AS day
"""
MOVED = """jsonb_build_object('end_date',
    jsonb_build_array(item.end_date - (item.id * 7 %% 40)::int, item.end_date))"""
SYNCED = f"""
INSERT INTO integrations_itemchange (account_id, run_id, item_id, kind, changes)
SELECT item.account_id, run.id, item.id, 'updated', {MOVED}
FROM roadmaps_item AS item JOIN integrations_syncrun AS run ON run.link_id = %(link)s AND (item.id + run.id) %% 97 = 0
WHERE item.roadmap_id = %(roadmap)s AND item.start_date < '2026-01-01' ORDER BY item.end_date DESC NULLS LAST LIMIT 6000
"""  # noqa: S608 - the piece is ours
EDITED = f"""
INSERT INTO roadmaps_itemedit (account_id, item_id, member_id, kind, changes, at)
SELECT item.account_id, item.id, %(member)s, 'changed', {MOVED}, timestamptz '2025-06-01'
FROM roadmaps_item AS item WHERE item.roadmap_id = %(roadmap)s AND item.start_date < '2026-01-01' AND item.id %% 7 = 0
ORDER BY item.end_date DESC NULLS LAST LIMIT 2000
"""  # noqa: S608 - the piece is ours


def fill(items: int) -> tuple[Client, Roadmap, dict[str, object]]:
    from django.db import connection

    from roadmaps import services
    from roadmaps.models import Field, FieldOption

    owner = stage.make_owner()
    roadmap = services.create_roadmap(owner=owner, name="Big")
    for name, type_, labels in FIELDS:
        services.create_field(account=owner.account, name=name, type_=type_, labels=labels, by=owner)
    fields = {field.name: field.column for field in Field.objects.filter(account=owner.account)}
    options = {option.label: option.pk for option in FieldOption.objects.filter(account=owner.account)}
    roadmap.source_label, roadmap.synced_columns = "Tracker", ["name", "start_date", "end_date", *fields.values()]
    roadmap.save()
    names: dict[str, object] = {"f": fields, "o": options, "roadmap": roadmap.pk}
    with connection.cursor() as cursor:
        statement = FILL.format(**names)
        cursor.execute(statement, {"account": owner.account_id, "roadmap": roadmap.pk, "items": items})
        cursor.execute("VACUUM ANALYZE roadmaps_item")
    middle = items // 100
    return sign_in(owner), roadmap, {**names, "middle": middle, "offset": (middle - 1) * 50}


def fill_history(roadmap: Roadmap) -> None:
    """Some thousand changes of dates, of items that are all older than them."""
    from django.db import connection

    from roadmaps.models import Item

    link = _link(roadmap)
    Item.objects.filter(roadmap=roadmap).update(created_at=datetime(2024, 1, 1, tzinfo=UTC))
    ids = {"account": roadmap.account_id, "link": link.pk, "roadmap": roadmap.pk, "member": roadmap.owner_id}
    with connection.cursor() as cursor:
        for statement in (RUNS, SYNCED, EDITED):
            cursor.execute(statement, ids)
        cursor.execute("VACUUM ANALYZE roadmaps_item, integrations_itemchange, roadmaps_itemedit, integrations_syncrun")


def _link(roadmap: Roadmap) -> ProjectLink:
    """The roadmap tied to a project that nobody asks."""
    from integrations import credentials
    from integrations.models import Integration, ProjectLink
    from integrations.records import Identity

    owner, kind = roadmap.owner, "pivotal_tracker"
    who = Identity("1", "Bench", 1)
    return ProjectLink.objects.create(
        account=roadmap.account,
        roadmap=roadmap,
        integration=Integration.objects.create(account=roadmap.account, kind=kind, name="Tracker", created_by=owner),
        credential=credentials.save_credential(owner, kind=kind, label="Mine", secret="bench", identity=who),  # noqa: S106 - nobody asks with it
        kind=kind,
        project_id="1",
        project_name="Big project",
        states=["started"],
        start_sources=["started"],
        end_sources=["accepted"],
        created_by=owner,
    )


def sign_in(owner: Membership) -> Client:
    """A client of the owner's, on a site whose static files are there."""
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client

    settings.ALLOWED_HOSTS = ["*"]
    call_command("collectstatic", interactive=False, verbosity=0)
    client = Client()
    client.force_login(owner.user)
    return client
