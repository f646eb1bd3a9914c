"""Who visits what: signed-in people of all accounts, each with pages of a roadmap that they may see."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.load.seed import KIND

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import Membership

#: Visits of a hundred that are to each page; `{f[..]}` stands for a field's column, `{o[..]}` for a list value's id.
TABLES = {
    "first page": (60, ""),
    "next page": (10, "?page=2"),
    "sorted": (10, "?sort=-{f[estimate]}"),
    "filtered": (10, "?{f[labels]}__is={o[labels]}"),
    "grouped": (10, "?group={f[state]}"),
}
TIMELINES = {"timeline": (100, "timeline/?scale=months")}
#: So many are made; the visitors begin again at the first when they come to the end.
VISITS = 20_000


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: what kind of page, where, as whom, and a word that only the right page has."""

    kind: str
    path: str
    session: str
    expect: str


def write(path: Path, pages: Mapping[str, tuple[int, str]]) -> Path:
    """Write visits for `benchmarks.load.visitors`; answers the path."""
    path.write_text("".join(json.dumps(asdict(visit)) + "\n" for visit in _visits(pages)))
    return path


def sign_everybody_in() -> dict[int, str]:
    """A session for each member of an account, by membership; earlier ones end."""
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    Session.objects.all().delete()
    store = SessionStore()
    ends = timezone.now() + timedelta(days=1)
    keys = {member.pk: f"visitor{member.pk:025d}" for member in _members()}
    Session.objects.bulk_create(
        Session(session_key=keys[member.pk], session_data=store.encode(_signed_in(member)), expire_date=ends)
        for member in _members()
    )
    return keys


def _members() -> QuerySet[Membership]:
    from accounts.models import Membership

    return Membership.objects.exclude(roadmaps__name="First").select_related("user", "account")


def _signed_in(member: Membership) -> dict[str, str]:
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from accounts.access import LAST_ACCOUNT

    return {
        SESSION_KEY: str(member.user_id),
        BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
        HASH_SESSION_KEY: member.user.get_session_auth_hash(),
        LAST_ACCOUNT: member.account.slug,
    }


def _visits(pages: Mapping[str, tuple[int, str]]) -> Iterator[Visit]:
    from roadmaps.models import FieldOption, Roadmap

    sessions = sign_everybody_in()
    chance = random.Random(8)  # noqa: S311 - repeatable visits, no secret
    members: dict[int, list[int]] = {}
    for member in _members():
        members.setdefault(member.account_id, []).append(member.pk)
    names: dict[int, dict[str, dict[str, str]]] = {}
    options = FieldOption.objects.filter(field__source_kind=KIND, position=3).select_related("field")
    for option in options:
        known = names.setdefault(option.account_id, {"f": {}, "o": {}})
        known["f"][option.field.source_key], known["o"][option.field.source_key] = option.field.column, str(option.pk)
    estimates = _columns("estimate")
    roadmaps = list(Roadmap.objects.exclude(name="First").select_related("account"))
    kinds = chance.choices(list(pages), [share for share, _ in pages.values()], k=VISITS)
    for kind in kinds:
        roadmap = chance.choice(roadmaps)
        known = names[roadmap.account_id]
        known["f"]["estimate"] = estimates[roadmap.account_id]
        path = f"/a/{roadmap.account.slug}/roadmaps/{roadmap.pk}/{pages[kind][1].format(**known)}"
        yield Visit(kind, path, sessions[chance.choice(members[roadmap.account_id])], roadmap.name)


def _columns(key: str) -> dict[int, str]:
    from roadmaps.models import Field

    return {field.account_id: field.column for field in Field.objects.filter(source_kind=KIND, source_key=key)}
