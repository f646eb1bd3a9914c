"""A restarted demo goes on where it was."""

from __future__ import annotations

from pathlib import Path

from tracker_sandbox.clock import Clock
from tracker_sandbox.demo import build_demo
from tracker_sandbox.life import Life
from tracker_sandbox.memory import Memory
from tracker_sandbox.state import World


def begin(file: Path) -> tuple[World, Life, Memory]:
    """The demo as `python -m tracker_sandbox --memory FILE` starts it."""
    memory = Memory(file)
    world = build_demo(clock=Clock(frozen_at=memory.born))
    life = Life(world)
    memory.relive(world, life)
    return world, life, memory


def live(world: World, life: Life, memory: Memory, steps: int) -> None:
    for number in range(1, steps + 1):
        world.clock.freeze(memory.born + number * 60)
        life.step()
        memory.note_step(world)


def known(world: World) -> dict[int, tuple[str, str, int]]:
    return {s.id: (s.name, s.current_state, s.updated_at) for s in world.stories.values()}


def test_stories_and_versions_are_the_same_after_a_restart(tmp_path: Path) -> None:
    world, life, memory = begin(tmp_path / "life")
    live(world, life, memory, 40)
    again, _, _ = begin(tmp_path / "life")
    assert known(again) == known(world)
    assert [p.version for p in again.projects.values()] == [p.version for p in world.projects.values()]


def test_what_was_done_on_the_control_page_is_forgotten_but_never_mistaken(tmp_path: Path) -> None:
    world, life, memory = begin(tmp_path / "life")
    world.delete_story(next(iter(world.stories)))
    live(world, life, memory, 3)
    again, _, _ = begin(tmp_path / "life")
    before = {project.id: project.version for project in world.projects.values()}
    assert all(project.version > before[project.id] for project in again.projects.values())


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    world, life, memory = begin(tmp_path / "life")
    live(world, life, memory, 2)
    with (tmp_path / "life").open("a") as file:
        file.write("179546")
    begin(tmp_path / "life")
