"""Every change raises the project's version by exactly one and leaves exactly one activity."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.tracker_sandbox.support import Acme

Change = Callable[[Acme, int], object]

CHANGES: dict[str, Change] = {
    "story_create": lambda acme, story: acme.world.create_story(acme.project.id, "New", labels=["fresh"]),
    "story_update": lambda acme, story: acme.world.update_story(story, name="Other", labels=["fresh"]),
    "story_move": lambda acme, story: acme.world.move_story(story, after=acme.project.story_rank[-1]),
    "story_delete": lambda acme, story: acme.world.delete_story(story),
    "label_create": lambda acme, story: acme.world.create_label(acme.project.id, "brand new"),
    "label_update": lambda acme, story: acme.world.rename_label(_label(acme), "renamed"),
    "label_merge": lambda acme, story: acme.world.merge_labels(_label(acme), into=_label(acme, "b")),
    "label_delete": lambda acme, story: acme.world.delete_label(_label(acme)),
    "epic_create": lambda acme, story: acme.world.create_epic(acme.project.id, "Epic", label="a"),
    "comment_create": lambda acme, story: acme.world.add_comment(story, "Hm."),
    "task_create": lambda acme, story: acme.world.add_task(story, "Do it"),
    "blocker_create": lambda acme, story: acme.world.add_blocker(story, "No time"),
    "project_membership_delete": lambda acme, story: acme.world.leave(acme.project.id, acme.vera.id),
    "project_membership_update": lambda acme, story: acme.world.rename_person(acme.vera.id, "Vera Wolff"),
    "project_update": lambda acme, story: acme.world.set_point_scale(acme.project.id, "0,1,2,4,8", mapping={3: 4}),
}


def _label(acme: Acme, name: str = "a") -> int:
    label = acme.world.label_named(acme.project, name)
    assert label is not None
    return label.id


def _story(acme: Acme) -> int:
    acme.world.create_label(acme.project.id, "b")
    acme.world.create_story(acme.project.id, "First", estimate=3, current_state="accepted")
    story = acme.world.create_story(acme.project.id, "Second", labels=["a"], estimate=3)
    acme.world.create_story(acme.project.id, "Third")
    return story.id


@pytest.mark.parametrize("kind", CHANGES)
def test_each_change_is_one_version_and_one_activity(acme: Acme, kind: str) -> None:
    story = _story(acme)
    version, count, other = acme.project.version, len(acme.project.activities), acme.other.version
    CHANGES[kind](acme, story)
    assert acme.project.version == version + 1
    assert len(acme.project.activities) == count + 1
    assert acme.other.version == other
    latest = acme.project.activities[-1]
    assert latest.project_version == version + 1
    assert latest.kind == f"{kind}_activity"


def test_a_bulk_deletion_is_one_activity_with_a_change_per_story(acme: Acme) -> None:
    ids = [acme.world.create_story(acme.project.id, f"Story {n}").id for n in range(3)]
    acme.world.delete_stories(ids)
    changes = acme.project.activities[-1].changes
    assert [change["id"] for change in changes] == ids
    assert all(change["change_type"] == "delete" and "new_values" not in change for change in changes)


def test_a_story_that_moves_to_another_project_raises_both_versions_and_keeps_its_id(acme: Acme) -> None:
    story = acme.world.create_story(acme.project.id, "Wanderer", labels=["far"])
    versions = acme.project.version, acme.other.version
    acme.world.move_to_project(story.id, acme.other.id)
    assert (acme.project.version, acme.other.version) == (versions[0] + 1, versions[1] + 1)
    assert acme.project.activities[-1].kind == "story_move_from_project_activity"
    assert acme.other.activities[-1].kind == "story_move_into_project_activity"
    assert acme.world.labels[story.label_ids[0]].project_id == acme.other.id


def test_two_changes_within_a_second_leave_the_same_updated_at(acme: Acme) -> None:
    story = acme.world.create_story(acme.project.id, "Quick")
    acme.world.update_story(story.id, name="Quicker")
    assert story.updated_at == story.created_at
    acme.world.clock.advance(1)
    acme.world.update_story(story.id, name="Quickest")
    assert story.updated_at == story.created_at + 1


def test_renamed_labels_and_rewritten_scales_leave_updated_at_alone(acme: Acme) -> None:
    story = acme.world.stories[_story(acme)]
    before = story.updated_at
    acme.world.clock.advance(60)
    acme.world.rename_label(_label(acme), "other")
    acme.world.set_point_scale(acme.project.id, "0,1,2,4,8", mapping={3: 4})
    assert (story.updated_at, story.estimate) == (before, 4)
    acme.world.delete_label(_label(acme, "other"))
    assert story.updated_at == before + 60
    assert story.label_ids == []


def test_a_move_touches_only_the_moved_story(acme: Acme) -> None:
    first, second, third = (acme.world.create_story(acme.project.id, name) for name in ("1", "2", "3"))
    acme.world.clock.advance(5)
    acme.world.move_story(third.id, before=first.id)
    assert acme.project.story_rank == [third.id, first.id, second.id]
    assert third.updated_at == first.updated_at + 5 == second.updated_at + 5


def test_changes_of_state_leave_transitions_and_set_the_acceptance(acme: Acme) -> None:
    story = acme.world.create_story(acme.project.id, "Work", current_state="unstarted", estimate=1)
    for state in ("started", "finished", "delivered", "accepted"):
        acme.world.clock.advance(3600)
        acme.world.set_state(story.id, state)
    assert [step.state for step in story.transitions] == ["started", "finished", "delivered", "accepted"]
    assert story.accepted_at == story.transitions[-1].occurred_at
    assert story.transitions[-1].project_version == acme.project.version
    acme.world.set_state(story.id, "rejected")
    assert story.accepted_at is None


def test_a_started_story_moves_up_behind_the_other_started_ones(acme: Acme) -> None:
    ids = [acme.world.create_story(acme.project.id, str(n), current_state="unstarted").id for n in range(4)]
    acme.world.set_state(ids[2], "started")
    acme.world.set_state(ids[3], "started")
    assert acme.project.story_rank == [ids[2], ids[3], ids[0], ids[1]]
