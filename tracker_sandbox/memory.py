"""What the demo remembers between two starts: when it began, and when life took a step.

Steps are made out of a seed, so their times are enough to live the same life again. What somebody did on the control
page is forgotten; then the projects' versions jump, so that nobody who follows them takes the old for the new.
"""

from __future__ import annotations

from pathlib import Path

from tracker_sandbox.clock import Clock
from tracker_sandbox.life import Life
from tracker_sandbox.state import World

#: Lines of the file: when the demo began; then, for each step, its time and the sum of all versions after it.
_JUMP = 1_000


class Memory:
    """One file; times are seconds since the epoch."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.exists():
            path.write_text(f"{Clock().now()}\n")
        lines = path.read_text().split("\n")
        self.born = int(lines[0])
        # A last line without an end was cut off while it was written.
        self._steps = [tuple(map(int, line.split())) for line in lines[1:-1]]

    def relive(self, world: World, life: Life) -> None:
        """Take every remembered step again, each at its time; the clock then shows the present."""
        for moment, _ in self._steps:
            world.clock.freeze(moment)
            life.step()
        world.clock.release()
        if self._steps and self._steps[-1][1] != _versions(world):
            ahead = max(0, self._steps[-1][1] - _versions(world)) + _JUMP
            for project in world.projects.values():
                project.version += ahead

    def note_step(self, world: World) -> None:
        """Remember that life took a step just now."""
        with self._path.open("a") as file:
            file.write(f"{world.clock.now()} {_versions(world)}\n")


def _versions(world: World) -> int:
    return sum(project.version for project in world.projects.values())
