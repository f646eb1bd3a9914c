"""Histories for hypothesis to draw. The simplest step is a pull, so that shrinking leaves what matters."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.histories import steps
from tests.histories.steps import Step
from tracker_sandbox.entities import PRIORITIES, STATES, STORY_TYPES
from tracker_sandbox.iterations import DAYS

LONGEST = 22


def weighted(*choices: tuple[int, st.SearchStrategy[Step]]) -> st.SearchStrategy[Step]:
    """One of the strategies, each as often as its weight says; `one_of` would weigh every step alike."""
    return st.sampled_from([one for weight, one in choices for _ in range(weight)]).flatmap(lambda one: one)


numbers = st.integers(0, 12)
states = st.sampled_from([state for state in STATES if state != "planned"])
points = st.sampled_from([None, 0.0, 0.5, 1.0, 2.0, 3.0, 8.0])
names = st.sampled_from(["Basket", "basket ", "Ünïcode ✨", "<b>=1+1</b>", "Tab\there", "\\N", "Back\nlash \\"])
labels = st.sampled_from(["checkout", "search", "web", "mobile", "straße", "STRASSE", "a, b"])
edits = st.one_of(
    st.builds(steps.Edit, numbers, st.just("current_state"), states),
    st.builds(steps.Edit, numbers, st.just("name"), names),
    st.builds(steps.Edit, numbers, st.just("description"), st.none() | names),
    st.builds(steps.Edit, numbers, st.just("estimate"), points),
    st.builds(steps.Edit, numbers, st.just("story_type"), st.sampled_from(sorted(STORY_TYPES))),
    st.builds(steps.Edit, numbers, st.just("story_priority"), st.sampled_from(PRIORITIES)),
    st.builds(steps.Edit, numbers, st.just("deadline"), st.sampled_from([-200.0, 0.0, 500.0])),
    st.builds(steps.Edit, numbers, st.just("external_id"), st.sampled_from([None, "X-1"])),
    st.builds(
        steps.Edit,
        numbers,
        st.sampled_from(["owner_ids", "follower_ids", "requested_by_id"]),
        st.lists(st.integers(0, 3), max_size=3).map(tuple),
    ),
)
stories = weighted(
    (6, edits),
    (2, st.builds(steps.Relabel, numbers, labels)),
    (2, st.builds(steps.Create, names, states, st.sampled_from(sorted(STORY_TYPES)), points, st.none() | labels)),
    (1, st.builds(steps.Reorder, numbers, numbers)),
    (1, st.builds(steps.Remark, numbers, st.sampled_from(["comment", "task", "blocker", "review"]))),
    (2, st.builds(steps.Delete, numbers, st.sampled_from([1, 1, 3, 50]))),
    (2, st.builds(steps.MoveAway, numbers, st.booleans())),
    (1, st.builds(steps.MoveBack, numbers)),
    (1, st.builds(steps.DeleteElsewhere, numbers)),
)
settings = st.one_of(
    st.builds(steps.Change, st.just("week_start_day"), st.sampled_from(DAYS)),
    st.builds(steps.Change, st.just("iteration_length"), st.integers(1, 4)),
    st.builds(steps.Change, st.just("initial_velocity"), st.integers(1, 12)),
    st.builds(steps.Change, st.just("name"), st.sampled_from(["Shop", "Store"])),
)
around = weighted(
    (3, st.builds(steps.RenameLabel, numbers, labels)),
    (2, st.builds(steps.MergeLabels, numbers, numbers)),
    (1, st.builds(steps.CreateLabel, labels)),
    (1, st.builds(steps.DeleteLabel, numbers)),
    (2, st.builds(steps.CreateEpic, names, labels)),
    (2, st.builds(steps.RenameEpic, numbers, names)),
    (2, st.builds(steps.DeleteEpic, numbers)),
    (3, st.builds(steps.ComeOrGo, numbers)),
    (2, st.builds(steps.RenamePerson, numbers, st.sampled_from(["Ann", "Anna", "ben"]))),
    (2, st.builds(steps.Rescale, st.sampled_from([0.5, 2.0]))),
    (2, settings),
)
waits = st.builds(steps.Wait, st.sampled_from([1, 24, 24 * 8, 24 * 200]))
access = st.one_of(
    st.just(steps.LoseToken()),
    st.just(steps.LoseProject()),
    st.builds(steps.CutFeed, st.sampled_from([None, 0, 1, 183])),
)
here = st.one_of(
    st.builds(steps.WriteOwn, numbers, st.sampled_from(["mine", "ours"])),
    st.just(steps.DayWithoutWhole()),
)


remote = weighted((6, stories), (2, around), (1, waits), (1, access))
pulls = weighted(
    (5, st.just(steps.Pull())),
    (2, st.just(steps.PullTwice())),
    (4, st.builds(steps.PullDuring, remote, st.integers(1, 14))),
    (1, st.builds(steps.PullBroken, st.sampled_from(steps.PullBroken.kinds), st.integers(1, 6))),
)
one_step = weighted((18, pulls), (16, stories), (6, around), (2, waits), (1, access), (1, here))

#: Mostly long ones; short ones are what shrinking comes to.
histories: st.SearchStrategy[list[Step]] = st.sampled_from([0, 4, 8, 12, 16, 20, LONGEST]).flatmap(
    lambda shortest: st.lists(one_step, min_size=shortest, max_size=LONGEST)
)
