"""What appeared, moved, finished or stopped updating on roadmaps since a moment (B16).

Asked of the changes that syncs and other people made, and compared with the items as they are now: what went and came
back, or was undone, is no news.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, overload

from django.db import connection

from accounts.models import Membership
from integrations import registry
from roadmaps.fields import fold
from roadmaps.models import Item, Roadmap

Kind = Literal["appeared", "moved", "finished", "flagged"]
#: Each with the word that people read.
KINDS: dict[Kind, str] = {
    "appeared": "appeared",
    "moved": "moved",
    "finished": "finished",
    "flagged": "stopped updating",
}

#: Changes of syncs, and as many of people, that a page looks at: after a first pull of 100,000 items, all of them would
#: take it a second and more.
MOST = 2000

#: Whether anything happened at all. Mostly nothing did, and this takes a fraction of what the rest takes to plan.
ANY = """
SELECT EXISTS (
    SELECT FROM integrations_projectlink AS link JOIN integrations_syncrun AS run ON run.link_id = link.id
    WHERE link.account_id = %(account)s AND link.roadmap_id = ANY(%(roadmaps)s) AND run.finished_at > %(since)s
        AND (run.created > 0 OR run.updated > 0 OR run.revived > 0 OR run.flagged > 0)
) OR EXISTS (
    SELECT FROM roadmaps_itemedit AS edit JOIN roadmaps_item AS item ON item.id = edit.item_id
    WHERE edit.account_id = %(account)s AND item.roadmap_id = ANY(%(roadmaps)s)
        AND edit.at > %(since)s AND edit.member_id <> %(member)s
)
"""
#: One row for each item with news. `done` are the list values that mean "finished", by the column that holds them.
NEWS = """
WITH change AS (
    (SELECT made.item_id, run.finished_at AS at, made.kind, made.changes
    FROM integrations_projectlink AS link
    JOIN integrations_syncrun AS run ON run.link_id = link.id
    JOIN integrations_itemchange AS made ON made.run_id = run.id
    WHERE link.account_id = %(account)s AND link.roadmap_id = ANY(%(roadmaps)s) AND run.finished_at > %(since)s
        AND run.undone_at IS NULL
        AND (run.created > 0 OR run.updated > 0 OR run.revived > 0 OR run.flagged > 0)
    ORDER BY run.finished_at DESC LIMIT %(most)s)
    UNION ALL
    (SELECT edit.item_id, edit.at, edit.kind, edit.changes
    FROM roadmaps_itemedit AS edit JOIN roadmaps_item AS item ON item.id = edit.item_id
    WHERE edit.account_id = %(account)s AND item.roadmap_id = ANY(%(roadmaps)s)
        AND edit.at > %(since)s AND edit.member_id <> %(member)s
    ORDER BY edit.at DESC LIMIT %(most)s)
), done AS (
    SELECT 'f' || field.id AS name, array_agg(option.id::text) AS ids
    FROM roadmaps_field AS field JOIN roadmaps_fieldoption AS option ON option.field_id = field.id
    WHERE field.account_id = %(account)s
        AND (field.source_kind, field.source_key, option.key) IN (SELECT * FROM unnest(%(kinds)s, %(keys)s, %(labels)s))
    GROUP BY field.id
), told AS (
    SELECT item_id, max(at) AS at,
        bool_or(kind IN ('created', 'made', 'revived')) AS appeared,
        bool_or(kind = 'flagged') AS flagged,
        bool_or(EXISTS (SELECT FROM done WHERE changes -> done.name ->> 1 = ANY(done.ids))) AS finished,
        (array_agg(changes -> 'start_date' ORDER BY at) FILTER (WHERE changes ? 'start_date'))[1] AS start_change,
        (array_agg(changes -> 'end_date' ORDER BY at) FILTER (WHERE changes ? 'end_date'))[1] AS end_change
    FROM change GROUP BY item_id
), compared AS (
    SELECT item.id, item.roadmap_id, item.name, item.source_state, item.start_date, item.end_date, told.at,
        coalesce((start_change ->> 0)::date, CASE WHEN start_change IS NULL THEN item.start_date END) AS start_was,
        coalesce((end_change ->> 0)::date, CASE WHEN end_change IS NULL THEN item.end_date END) AS end_was,
        told.appeared AND item.source_state = '' AS appeared,
        told.flagged AND item.source_state <> '' AS flagged,
        told.finished AND NOT told.appeared
            AND EXISTS (SELECT FROM done WHERE item."values" ->> done.name = ANY(done.ids)) AS finished,
        told.appeared AS is_new
    FROM told JOIN roadmaps_item AS item ON item.id = told.item_id
    WHERE item.account_id = %(account)s AND item.roadmap_id = ANY(%(roadmaps)s)
        AND (item.archived_at IS NULL OR item.archived_by_source)
), news AS (
    SELECT *, NOT is_new AND (start_was IS DISTINCT FROM start_date OR end_was IS DISTINCT FROM end_date) AS moved
    FROM compared
)
"""
COUNTS = f"""{NEWS}
SELECT roadmap_id, count(*) FILTER (WHERE appeared OR moved OR finished OR flagged), count(*) FILTER (WHERE appeared),
    count(*) FILTER (WHERE moved), count(*) FILTER (WHERE finished), count(*) FILTER (WHERE flagged),
    (SELECT count(*) FROM change) >= %(most)s
FROM news GROUP BY roadmap_id
"""  # noqa: S608 - the piece is ours
PAGE = f"""{NEWS}
SELECT id, name, source_state, appeared, moved, finished, flagged, start_was, start_date, end_was, end_date, at
FROM news
WHERE CASE %(kind)s WHEN 'appeared' THEN appeared WHEN 'moved' THEN moved WHEN 'finished' THEN finished
    WHEN 'flagged' THEN flagged ELSE appeared OR moved OR finished OR flagged END
ORDER BY at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s
"""  # noqa: S608 - the piece is ours


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items have news, and of which kind; one item may have several."""

    items: int = 0
    appeared: int = 0
    moved: int = 0
    finished: int = 0
    flagged: int = 0
    #: Whether there was more than was looked at: then these are the latest, and the numbers the least.
    is_cut: bool = False

    def of(self, kind: Kind | None) -> int:
        """How many have news of that kind, or of any."""
        numbers: dict[Kind | None, int] = {
            None: self.items,
            "appeared": self.appeared,
            "moved": self.moved,
            "finished": self.finished,
            "flagged": self.flagged,
        }
        return numbers[kind]

    @property
    def parts(self) -> list[tuple[Kind, str, int]]:
        """The kinds that there are, each with its word and its number."""
        return [(kind, word, self.of(kind)) for kind, word in KINDS.items() if self.of(kind)]


@dataclass(frozen=True, slots=True)
class Happening:
    """An item with news. A date that did not move has the same value before and now."""

    item_id: int
    name: str
    source_state: str
    appeared: bool
    moved: bool
    finished: bool
    flagged: bool
    start_was: date | None
    start: date | None
    end_was: date | None
    end: date | None
    at: datetime

    @property
    def reason(self) -> str:
        """Why the item stopped updating."""
        return str(dict(Item.SourceState.choices).get(self.source_state, ""))

    @property
    def moves(self) -> list[tuple[str, date | None, date | None]]:
        """The dates that moved: which, from where, to where."""
        pairs = [("Start Date", self.start_was, self.start), ("End Date", self.end_was, self.end)]
        return [(label, was, now) for label, was, now in pairs if was != now] if self.moved else []


def count(roadmaps: Iterable[Roadmap], member: Membership, *, since: datetime, most: int = MOST) -> dict[int, Counts]:
    """The numbers of each roadmap with news, by its id, in one query, or two where anything happened.

    The roadmaps are of the member's account.

    One's own edits are no news. `most` bounds how many changes are looked at, the latest first.
    """
    ids = [roadmap.pk for roadmap in roadmaps]
    if not ids:
        return {}
    asked = _asked(ids, member, since)
    with connection.cursor() as cursor:
        cursor.execute(ANY, asked)
        if not cursor.fetchone()[0]:
            return {}
        cursor.execute(COUNTS, {**asked, "most": most})
        found = {roadmap_id: Counts(*numbers) for roadmap_id, *numbers in cursor.fetchall()}
    return {roadmap_id: counts for roadmap_id, counts in found.items() if counts.items}


@dataclass(frozen=True, slots=True)
class Happenings(Sequence[Happening]):
    """The items of a roadmap with news of a kind, or of any, the latest first; read as far as a page needs them."""

    roadmap: Roadmap
    member: Membership
    since: datetime
    kind: Kind | None
    length: int

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, index: int) -> Happening: ...
    @overload
    def __getitem__(self, index: slice) -> list[Happening]: ...
    def __getitem__(self, index: int | slice) -> Happening | list[Happening]:
        if isinstance(index, int):
            return self[index : index + 1][0]
        start, stop, _ = index.indices(self.length)
        asked = _asked([self.roadmap.pk], self.member, self.since)
        with connection.cursor() as cursor:
            window = {"kind": self.kind or "", "most": MOST, "limit": max(stop - start, 0), "offset": start}
            cursor.execute(PAGE, {**asked, **window})
            return [Happening(*row) for row in cursor.fetchall()]


def _asked(roadmap_ids: list[int], member: Membership, since: datetime) -> dict[str, int | str | datetime | list[Any]]:
    done = [
        (kind, told.state, fold(label))
        for kind in registry.all_kinds()
        if (told := registry.progress_of(kind)) is not None
        for label in told.done
    ]
    return {
        "account": member.account_id,
        "member": member.pk,
        "roadmaps": roadmap_ids,
        "since": since,
        "kinds": [kind for kind, _, _ in done],
        "keys": [key for _, key, _ in done],
        "labels": [label for _, _, label in done],
    }
