"""A site on which everything exists at once, with the longest names that the models take."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import islice

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from accounts import digest
from accounts.models import Account, AuditArea, AuditEvent, Membership, Role, User
from integrations.models import Credential, ItemChange, Preview, ProjectLink, SetupDraft, SyncRun
from integrations.preview import question_of
from roadmaps.fields import Stored
from roadmaps.models import Field, FieldType, Item, Look, Roadmap, View
from tests import factories
from tracker_sandbox.demo import DEMO_TOKEN
from tracker_sandbox.server import Sandbox

#: By the name under which the table of pages asks for it: ids, keys and words for addresses.
Things = dict[str, object]

STEPS = ["settings", "credentials", "project", "filter", "dates", "fields"]
MARKDOWN = """# What riders say

| station | answer |
|---|---|
| Main | a `long_line_of_code_that_nobody_can_break` |

```
one_more_line_that_is_much_too_long_for_any_window = "and so it must scroll, or break, but not widen the page"
```

- https://example.test/an/address/without/any/blank/in/it/that/goes/on/and/on/and/on/and/on/and/on/and/on
"""


def long(length: int = 300) -> str:
    """A name without a single blank."""
    return ("Donaudampfschifffahrtsgesellschaft" * 10)[:length]


def make_everything(
    acme: Account,
    alice: Membership,
    olga: Membership,
    vera: Membership,
    tracker: Sandbox,
    *,
    elsewhere: str = "Borealis",
) -> Things:
    """Fill Acme. Olga owns its roadmaps, Alice administers it, Vera comments; Olga is in another account too."""
    Account.objects.filter(pk=acme.pk).update(name=long(80))
    for member, name in ((alice, long(120)), (vera, long(119))):
        User.objects.filter(pk=member.user_id).update(name=name)
    factories.make_member(factories.make_account(elsewhere), user=olga.user)
    roadmap = factories.make_roadmap(olga, long(120), description=long(300))
    things: Things = {"account_slug": acme.slug, "roadmap_id": roadmap.pk}
    things |= _people(acme, alice) | _roadmap(roadmap, olga, vera) | {"session_id": _session_of(olga)}
    things |= _integration(roadmap, olga, alice, tracker) | _others(olga, alice, tracker)
    _looked_at(roadmap, olga)
    return things | _portfolios(roadmap, olga, alice)


def _looked_at(roadmap: Roadmap, member: Membership) -> None:
    """So that what changed meanwhile is news."""
    digest.want(member, wanted=True)
    since, now = timezone.now() - timedelta(days=2), timezone.now()
    Look.objects.create(account=roadmap.account, roadmap=roadmap, member=member, since=since, visit_at=now)


def _people(acme: Account, alice: Membership) -> Things:
    gone = factories.make_user("Gone Girl", email=f"gone@{acme.slug}.example.test")
    factories.make_member(acme, Role.REVIEWER, user=gone, deactivated_at=timezone.now())
    late, open_letter = f"{acme.slug}-late", f"{acme.slug}-open"
    yesterday = timezone.now() - timedelta(days=1)
    factories.make_invitation(alice, f"{long(60)}@{long(60)}.example.test", token=late, expires_at=yesterday)
    factories.make_invitation(alice, "new@example.test", token=open_letter)
    for what in ("Invited new@example.test as Collaborator.", f"Renamed the account from “Acme” to “{long(80)}”."):
        AuditEvent.objects.create(account=acme, member=alice, area=AuditArea.SETTINGS, what=what)
    asker = factories.make_user(email=f"forgot@{acme.slug}.example.test")
    unconfirmed = EmailAddress.objects.create(user=asker, email=f"{long(60)}@{acme.slug}.example.test", verified=False)
    return {
        "token": open_letter,
        "digest_token": digest.make_token(alice),
        "late_token": late,
        "uidb36": user_pk_to_url_str(asker),
        "key": default_token_generator.make_token(asker),
        "confirmation": EmailConfirmationHMAC(unconfirmed).key,
    }


def _session_of(member: Membership) -> int:
    """Another browser in which the person is signed in."""
    store = SessionStore()
    store[SESSION_KEY], store[HASH_SESSION_KEY] = str(member.user.pk), member.user.get_session_auth_hash()
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store.create()
    made = UserSession.objects.create(
        user=member.user, session_key=store.session_key, ip="192.0.2.7", user_agent=long(180)
    )
    return int(made.pk)


# --- A roadmap and what is on it


def _roadmap(roadmap: Roadmap, olga: Membership, vera: Membership) -> Things:
    factories.make_share(roadmap, vera)
    edda = factories.make_user("Edda Editor", email=f"edda@{roadmap.account.slug}.example.test")
    factories.make_share(roadmap, factories.make_member(roadmap.account, user=edda), "editor")
    shared = [_field(roadmap, type_, own=False) for type_ in FieldType.values]
    own = [_field(roadmap, type_, own=True) for type_ in FieldType.values]
    factories.make_field(roadmap.account, "Old idea", roadmap=roadmap, archived_at=timezone.now())
    old = factories.make_field(roadmap.account, "Older idea", archived_at=timezone.now())
    synced = ["name", "start_date", "end_date", *(field.column for field in shared)]
    Roadmap.objects.filter(pk=roadmap.pk).update(source_label="Pivotal Tracker", synced_columns=synced)
    item = _items(roadmap, [*shared, *own])
    _slipped(roadmap, olga)
    milestones = [factories.make_milestone(roadmap, long(120), f"2026-0{month}-15", colour=month) for month in (4, 5)]
    view = factories.make_view(roadmap, long(80), "q=story")
    for number in range(3):
        factories.make_view(roadmap, f"Quarter {number} as the board likes it")
    assert View.objects.filter(roadmap=roadmap).count() == 5
    return {
        "item_id": item.pk,
        "comment_id": _around(item, olga, vera),
        "column": own[0].column,
        "field_id": own[5].pk,
        "shared_field": _unsynced(roadmap).pk,
        "synced_field": shared[5].pk,
        "old_field": old.pk,
        "view_id": view.pk,
        "milestone_id": milestones[0].pk,
        "choice": shared[5].column,
        "option": shared[5].options.all()[0].pk,
        "choices": own[6].column,
        "text": own[0].column,
        "number": own[1].column,
    }


def _unsynced(roadmap: Roadmap) -> Field:
    field = factories.make_field(roadmap.account, "Priority", "choice", options=["Must", "Should", long(255)])
    factories.make_option(field, "Never", archived_at=timezone.now(), position=9)
    return field


def _field(roadmap: Roadmap, type_: str, *, own: bool) -> Field:
    """A field of that type: of the roadmap, or from the source."""
    source = (
        {} if own else {"source_kind": factories.KIND, "source_key": f"our_{type_}", "source_label": "Pivotal Tracker"}
    )
    name = f"{'Own' if own else 'Tracker'} {type_}" if type_ != FieldType.LINK else f"{own:d}{long(79)}"
    made = factories.make_field(roadmap.account, name, type_, roadmap=roadmap if own else None, **source)
    if made.has_options:
        for number, label in enumerate(["Started", "Finished", long(255), *(f"Label {n}" for n in range(9))]):
            factories.make_option(made, label, position=number, colour=number % 12 + 1)
    return made


def _items(roadmap: Roadmap, fields: list[Field]) -> Item:
    """Twelve items of every kind; the first, which the pages of an item show, has the longest name and all values."""
    states = ["", "deleted", "moved", "out_of_filter", "hidden", ""]
    made = []
    for number in range(12):
        outside = {"external_id": str(number), "external_url": f"https://tracker.example/story/show/{number}"}
        made.append(
            factories.make_item(
                roadmap,
                long() if number % 6 == 0 else f"Story {number} that riders asked for",
                values={field.column: value for field in fields for value in _value(field, number)},
                description=MARKDOWN,
                notes=MARKDOWN if number % 2 else "",
                start_date=date(2026, 1 + number % 6, 1) if number % 5 else None,
                end_date=date(2026, 3 + number % 6, 28) if number % 5 else None,
                source_state=states[number % 6],
                source_state_at=timezone.now() if states[number % 6] else None,
                archived_at=timezone.now() if number == 7 else None,
                **({} if number in (0, 3) else outside),
            )
        )
    return made[0]


def _slipped(roadmap: Roadmap, olga: Membership) -> None:
    """All but the last two items are old, and the dates of some moved since."""
    found = list(Item.objects.filter(roadmap=roadmap))
    old = [item.pk for item in found[:-2]]
    Item.objects.filter(pk__in=old).update(created_at=timezone.now() - timedelta(days=200))
    for item, was in zip(found[1:7], ["2026-02-20", "2026-02-27", "2026-09-01", "2026-02-20"] * 2, strict=False):
        now = item.end_date.isoformat() if item.end_date else None
        factories.make_edit(item, olga, end_date=[was, now])


def _value(field: Field, number: int) -> Iterable[Stored]:
    """The value of an item, if it has one; those of the sixth are empty."""
    options = list(field.options.values_list("pk", flat=True))
    values: dict[str, Stored] = {
        "text": long() if number % 6 == 0 else "A word",
        "number": 1234567.25 * number,
        "date": "2026-05-01",
        "checkbox": number % 2 == 0,
        "link": f"https://example.test/{long(200)}",
        "choice": options[number % len(options)] if options else 0,
        "choices": options[: 1 + number % 9],
    }
    return [] if number == 5 else [values[field.type]]


def _around(item: Item, olga: Membership, vera: Membership) -> int:
    """Comments, links and a history; answers the comment that Olga may edit."""
    factories.make_comment(item, vera, MARKDOWN)
    mine = factories.make_comment(item, olga, long())
    for other in islice(Item.objects.filter(roadmap=item.roadmap).exclude(pk=item.pk), 2):
        factories.make_item_link(item, other)
    factories.make_item_link(
        item, factories.make_item(factories.make_roadmap(olga, long(119)), long(), end_date="2026-01-31")
    )
    factories.make_edit(item, olga, name=["Pay", long()], notes=["", MARKDOWN], end_date=["2026-01-01", None])
    return mine.pk


# --- Where it comes from


def _integration(roadmap: Roadmap, olga: Membership, alice: Membership, tracker: Sandbox) -> Things:
    project = next(iter(tracker.world.projects.values()))
    integration = factories.make_integration(alice, long(120))
    unused = factories.make_integration(alice, "Not used")
    credential = factories.make_credential(olga, long(120), secret=DEMO_TOKEN, identity_name=long(120), projects_seen=3)
    link = factories.make_link(
        roadmap,
        integration=integration,
        credential=credential,
        project_id=str(project.id),
        project_name=long(255),
        synced_at=timezone.now() - timedelta(hours=3),
        next_sync_at=timezone.now() + timedelta(hours=9),
    )
    for field in Field.objects.filter(account=roadmap.account).exclude(source_kind=""):
        factories.make_mapping(link, field.source_key, field)
    return {
        "kind": factories.KIND,
        "integration_id": integration.pk,
        "unused_integration": unused.pk,
        "credential_id": credential.pk,
        **_runs(link, olga),
    }


def _runs(link: ProjectLink, olga: Membership) -> Things:
    """One of each state; the last waits for its owner's word."""
    problems = [{"record": str(number), "field": long(80), "message": long(200)} for number in range(3)]
    partial = _run(link, "partial", created=3, updated=2, problem_count=140, problems=problems, asked_by=olga)
    for number, item in enumerate(link.roadmap.items.all()):
        kind = ItemChange.Kind.values[number % 4]
        changes = {"name": ["Pay", long()], "description": ["", MARKDOWN], "end_date": [None, "2026-03-01"]}
        ItemChange.objects.create(account_id=link.account_id, run=partial, item=item, kind=kind, changes=changes)
    failed = _run(link, "failed", error_code="unavailable", error=f"The server did not answer. {long(200)}")
    cancelled = _run(link, "cancelled", error_code=SyncRun.CALLED_OFF, error="You cancelled it.")
    held = _run(link, "held", **_plan(link))
    return {"run_id": partial.pk, "failed_run": failed.pk, "cancelled_run": cancelled.pk, "held_run": held.pk}


def _plan(link: ProjectLink) -> dict[str, object]:
    stopped = [{"item": item.pk, "name": item.name, "reason": "deleted"} for item in link.items()[:8]]
    differences = [{"label": long(80), "old": "", "new": long(119)}]
    lines = [
        {"kind": "updated", "name": item.name, "item": item.pk, "external_id": "7", "differences": differences}
        for item in link.items()[:3]
    ]
    counts = {"digest": "0" * 32, "total": 90, "created": 11, "updated": 2, "flagged": 60, "cleared": 3}
    kinds = {"states": {"Started": 60, long(60): 30}, "types": {"Feature": 60, long(60): 30}}
    reasons = {"moved": 8, "deleted": 52}
    return {"plan": {**counts, **kinds, "reasons": reasons, "stopped": stopped, "lines": lines}}


def _run(link: ProjectLink, state: str, **columns: object) -> SyncRun:
    now = timezone.now()
    ended = None if state in SyncRun.LIVE else now
    times = {"started_at": now - timedelta(seconds=3), "finished_at": ended, "trigger": "manual"}
    return SyncRun.objects.create(account_id=link.account_id, link=link, state=state, **{**times, **columns})


def _others(olga: Membership, alice: Membership, tracker: Sandbox) -> Things:
    """Roadmaps in other states: empty, in the wizard, in the archive, syncing for the first time, refused, failed."""
    drafted, first, refused, failed, archived, empty = (
        factories.make_roadmap(olga, name) for name in ("Drafted", "First", "Refused", "Failed", "Archived", "Empty")
    )
    Roadmap.objects.filter(pk=archived.pk).update(archived_at=timezone.now())
    _draft(drafted, tracker)
    _run(factories.make_link(first), "running", stage="reading", records_read=120, records_announced=900)
    paused = {
        "paused_at": timezone.now(),
        "paused_code": "credential_rejected",
        "paused_reason": "The token is refused.",
    }
    dead = factories.make_credential(olga, "Dead", rejected_at=timezone.now())
    _run(factories.make_link(refused, credential=dead, **paused), "failed", error="The token is refused.")
    _run(factories.make_link(failed), "failed", error_code="unavailable", error=f"No answer from {long(80)}.")
    return {
        "drafted": drafted.pk,
        "first": first.pk,
        "refused": refused.pk,
        "failed": failed.pk,
        "archived": archived.pk,
        "empty": empty.pk,
        "dead_credential": dead.pk,
        "alices_roadmap": factories.make_roadmap(alice, "Of Alice").pk,
    }


def _portfolios(roadmap: Roadmap, olga: Membership, alice: Membership) -> Things:
    """One with every kind of source: through a view, by hand, archived, hidden from Olga; and one without any."""
    by_hand = factories.make_roadmap(olga, "By hand")
    factories.make_item(by_hand, "Without a source", start_date="2026-02-01", end_date="2026-05-31")
    old = Roadmap.objects.get(account=olga.account, name="Archived")
    portfolio = factories.make_portfolio(olga, long(119))
    source = factories.make_source(portfolio, roadmap, roadmap.views.first())
    for each in (by_hand, old, factories.make_roadmap(alice, "Hers alone")):
        factories.make_source(portfolio, each)
    return {
        "portfolio": portfolio.pk,
        "source_id": source.pk,
        "empty_portfolio": factories.make_portfolio(olga, "Not begun").pk,
    }


def _draft(roadmap: Roadmap, tracker: Sandbox) -> None:
    """Every step is done, so each can be looked at."""
    project = next(iter(tracker.world.projects.values()))
    draft = SetupDraft.objects.create(
        account_id=roadmap.account_id,
        roadmap=roadmap,
        integration=factories.make_integration(roadmap.owner, "Tracker of the riders"),
        credential=Credential.objects.get(account_id=roadmap.account_id, label=long(120)),
        project_id=str(project.id),
        project_name=project.name,
        states=["started", "finished", "accepted"],
        start_sources=["started", "created"],
        end_sources=["accepted"],
        fields=["type", "state", "labels"],
        done=STEPS,
    )
    lines = [{"kind": "created", "name": long(200), "external_id": "7", "state": long(60), "type": long(60)}]
    plan = {"created": 9, "total": 9, "states": {long(60): 9}, "types": {long(60): 9}, "problems": 2, "lines": lines}
    _preview(draft, "plan", plan)
    _preview(draft, "dates", {"stories": [[{"created": 0, "started": 1}, 7], [{}, 2]]})


def _preview(draft: SetupDraft, purpose: str, answer: dict[str, object]) -> None:
    """A worker looked already."""
    Preview.objects.create(
        account_id=draft.account_id,
        roadmap_id=draft.roadmap_id,
        purpose=purpose,
        state="ready",
        question=question_of(draft, purpose),
        answer=answer,
        finished_at=timezone.now(),
    )
