"""Which stories `/projects/{p}/stories` answers with: the selecting parameters, or else `filter`."""

from __future__ import annotations

from collections.abc import Callable

from tracker_sandbox.entities import PRIORITIES, STATES, STORY_TYPES, Project, Story
from tracker_sandbox.errors import invalid_parameter
from tracker_sandbox.params import Params
from tracker_sandbox.render import View
from tracker_sandbox.search import Query

_TIMES = {
    "created": lambda story: story.created_at,
    "updated": lambda story: story.updated_at,
    "accepted": lambda story: story.accepted_at,
    "deadline": lambda story: story.deadline,
}  # type: dict[str, Callable[[Story], int | None]]
_SELECTING = frozenset(
    {
        "with_label",
        "with_story_type",
        "with_state",
        "with_story_priority",
        "after_story_id",
        "before_story_id",
    }
    | {f"{name}_{side}" for name in _TIMES for side in ("before", "after")}
)
STORY_PARAMS = frozenset({*_SELECTING, "filter", "limit", "offset"})


def select_stories(view: View, project: Project, params: Params) -> list[Story]:
    """The stories that the parameters ask for, in the API's order.

    `_before` and `_after` leave out the boundary itself. What the real service does is unknown; this choice
    punishes a client that asks from the very second of its last look, as whole seconds hide later changes.
    """
    stories = view.world.listing(project)
    query = params.text("filter")
    if query is not None:
        beside = next((name for name in sorted(_SELECTING) if params.text(name) is not None), None)
        if beside:
            raise invalid_parameter(f"The parameter 'filter' can't stand beside {beside!r}.")
        return Query(query).stories(view, project)
    stories = _between(stories, params)
    for test in _tests(view, project, params):
        stories = [story for story in stories if test(story)]
    return stories


def _tests(view: View, project: Project, params: Params) -> list[Callable[[Story], bool]]:
    tests: list[Callable[[Story], bool]] = []
    state = params.one_of("with_state", STATES)
    if state is not None:
        tests.append(lambda story: story.current_state == state)
    story_type = params.one_of("with_story_type", STORY_TYPES)
    if story_type is not None:
        tests.append(lambda story: story.story_type == story_type)
    priority = params.one_of("with_story_priority", PRIORITIES)
    if priority is not None:
        tests.append(lambda story: story.story_priority == priority)
    label_name = params.text("with_label")
    if label_name is not None:
        label = view.world.label_named(project, label_name)
        tests.append(lambda story: label is not None and label.id in story.label_ids)
    for name, get in _TIMES.items():
        before, after = params.time(f"{name}_before"), params.time(f"{name}_after")
        if before is not None:
            tests.append(lambda story, get=get, before=before: _earlier(get(story), before))  # type: ignore[misc]
        if after is not None:
            tests.append(lambda story, get=get, after=after: _earlier(after, get(story)))  # type: ignore[misc]
    return tests


def _earlier(first: int | None, second: int | None) -> bool:
    return first is not None and second is not None and first < second


def _between(stories: list[Story], params: Params) -> list[Story]:
    """Cut the list after `after_story_id` and before `before_story_id`."""
    after, before = params.integer("after_story_id"), params.integer("before_story_id")
    ids = [story.id for story in stories] if after or before else []
    for wanted in (after, before):
        if wanted is not None and wanted not in ids:
            raise invalid_parameter(f"There is no story {wanted} in this project.")
    first = ids.index(after) + 1 if after else 0
    last = ids.index(before) if before else len(stories)
    return stories[first:last]
