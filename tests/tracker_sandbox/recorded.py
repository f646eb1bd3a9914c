"""Where recordings of the real service lie, if there are any, and how a recorded answer is compared with ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.recordings import FOLDERS
from tracker_sandbox.recordings import Recording, read_recordings

RECORDINGS: list[Recording] = [recording for folder in FOLDERS for recording in read_recordings(folder)]

# Members that are left out when they have no value, so that only the value decides whether they are there.
WITHOUT_VALUE = {
    "story": {"description", "estimate", "accepted_at", "deadline", "owned_by_id"},
    "release": {"description", "accepted_at", "deadline"},
    "epic": {"description"},
    "review": {"reviewer_id"},
    "membership_summary": {"last_viewed_at"},
    "notification": {"comment_id", "context", "new_attachment_count"},
    "cycle_time_details": {"total_cycle_time"},
}

# Members that the service had in some years only: (kind, member) -> why the sandbox differs.
ERAS = {
    ("membership_summary", "favorite"): "in 2017, not yet in February 2016",
    ("activity", "secondary_resources"): "in 2017, not yet in February 2016",
    ("workspace", "project_ids"): "missing beside `projects` in one of three recordings",
}

# Recorded answers that can't be had again: name -> why.
UNMATCHED = {
    "projects-1027494-search_200_dcdf303a": "the query was sent in the request's body, which was not recorded",
}


def differences(recorded: Any, ours: Any, *, kind: str = "", where: str = "") -> Iterator[str]:
    """Each difference in members or JSON types between a recorded body and ours."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        yield from _object_differences(recorded, ours, kind or str(recorded.get("kind", "")), where)
    elif isinstance(recorded, list) and isinstance(ours, list):
        yield from _list_differences(recorded, ours, kind, where)
    elif _json_type(recorded) != _json_type(ours):
        yield f"{where}: recorded {_json_type(recorded)}, ours {_json_type(ours)}"


def _object_differences(recorded: dict[str, Any], ours: dict[str, Any], kind: str, where: str) -> Iterator[str]:
    kind = str(recorded.get("kind", kind))
    kind = "activity" if kind.endswith("_activity") else kind
    for member in sorted(recorded.keys() ^ ours.keys()):
        if member not in WITHOUT_VALUE.get(kind, set()) and (kind, member) not in ERAS:
            side = "recorded only" if member in recorded else "ours only"
            yield f"{where}.{member} of {kind or 'object'}: {side}"
    for member in recorded.keys() & ours.keys():
        if member == "changes":  # their members depend on what was changed; see test_changes_have_recorded_members
            continue
        yield from differences(recorded[member], ours[member], kind=_kind_of(member), where=f"{where}.{member}")


def _list_differences(recorded: list[Any], ours: list[Any], kind: str, where: str) -> Iterator[str]:
    """Objects are compared with their recorded twins; those without a twin with a recorded one of their kind."""
    if not recorded or not ours:
        return
    if not isinstance(recorded[0], dict):
        for place, (one, twin) in enumerate(zip(ours, recorded, strict=False)):
            yield from differences(twin, one, where=f"{where}[{place}]")
        return
    by_kind = {one.get("kind"): one for one in recorded}
    twins = {_identity(one): one for one in recorded}
    for place, one in enumerate(ours):
        twin = twins.get(_identity(one)) or by_kind.get(one.get("kind"))
        if twin is not None:
            yield from differences(twin, one, kind=kind, where=f"{where}[{place}]")


def _identity(one: dict[str, Any]) -> object:
    return one.get("guid") or one.get("id") or one.get("number") or one.get("story_id")


def _kind_of(member: str) -> str:
    return {"labels": "label", "label": "label", "stories": "story", "epics": "epic"}.get(member, "")


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return {dict: "object", list: "list", str: "text", type(None): "null"}[type(value)]


def nulls(body: Any, where: str = "") -> Iterator[str]:
    """Where a null stands; inside an activity's value maps it may."""
    if body is None:
        yield where
    elif isinstance(body, dict):
        for member, value in body.items():
            if member not in ("original_values", "new_values"):
                yield from nulls(value, f"{where}.{member}")
    elif isinstance(body, list):
        for place, value in enumerate(body):
            yield from nulls(value, f"{where}[{place}]")
