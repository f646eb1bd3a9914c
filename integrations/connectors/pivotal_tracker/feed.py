"""Which stories changed since a version, as the activity feed tells it, where it provably tells all.

Every change raises the project's version by one and leaves one activity. So a feed that holds each version from the
one that we know to the present is complete. Anything else, a gap, a feed that was cut off, an activity of a kind that
we do not know, or one about more than stories, means: read the whole listing.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Final

from integrations.connectors.pivotal_tracker.client import Client
from integrations.connectors.pivotal_tracker.wire import Activity
from integrations.records import Page

#: With more changes than this a full listing is cheaper than the feed.
MOST_CHANGES: Final = 1_000

#: What an activity is about, by the first part of its kind, where it concerns no other story than those that it names.
#: Left out are epics, renamed and merged labels, members, iterations and settings: they change stories without a word.
_OF_STORIES: Final = frozenset(
    {
        "story_create_activity",
        "story_update_activity",
        "story_move_activity",
        "story_delete_activity",
        "story_move_into_project_activity",
        "story_move_into_project_and_prioritize_activity",
        "story_move_from_project_activity",
        "comment_create_activity",
        "comment_update_activity",
        "comment_delete_activity",
        "task_create_activity",
        "task_update_activity",
        "task_delete_activity",
        "follower_create_activity",
        "follower_delete_activity",
        "review_create_activity",
        "review_update_activity",
        "review_delete_activity",
        "pull_request_create_activity",
        "pull_request_update_activity",
        "pull_request_delete_activity",
        "branch_create_activity",
        "branch_delete_activity",
        "cicd_event_create_activity",
        "label_delete_activity",
    }
)
#: Kinds that change no story, whatever they name.
_OF_NO_STORY: Final = frozenset({"label_create_activity", "epic_move_activity"})


def changed_stories(
    client: Client, project_id: str, *, since: int, until: int
) -> Generator[Page, None, frozenset[int] | None]:
    """The ids of all stories that changed after version `since` and up to `until`; None where that can't be proved.

    Yields a page without records for the stamp of each answer.
    """
    if not 0 <= until - since <= MOST_CHANGES:
        return None
    if until == since:
        return frozenset()
    activities: list[Activity] = []
    for sheet in client.activity(project_id, since_version=since):
        yield Page(stamp=sheet.stamp)
        if not sheet.found or sheet.listing.lost or sheet.listing.faults:
            return None
        activities += sheet.listing.entries
    told = {one.project_version for one in activities}
    return _stories_of(activities) if told.issuperset(range(since + 1, until + 1)) else None


def _stories_of(activities: Iterable[Activity]) -> frozenset[int] | None:
    ids: set[int] = set()
    for activity in activities:
        if activity.kind in _OF_NO_STORY:
            continue
        named = _named(activity)
        if activity.kind not in _OF_STORIES or not (named or _is_about_other(activity)):
            return None
        ids |= named
    return frozenset(ids)


def _named(activity: Activity) -> set[int]:
    resources = (*activity.changes, *activity.primary_resources, *activity.secondary_resources)
    return {one.id for one in resources if one.kind == "story" and one.id is not None}


def _is_about_other(activity: Activity) -> bool:
    """Whether it says itself that it is about an epic, or about a label that no story carries."""
    return any(one.kind in ("epic", "label") for one in activity.primary_resources)
