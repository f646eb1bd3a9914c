"""The tracker of the benchmarks: a sandbox in a process of its own, steered by lines on its standard input.

`prepare` makes it serve every answer that it gave since the last `forget` from bytes made beforehand; `targets` lists
them. `touch N` changes N stories. The others answer `ok`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tracker_sandbox.demo import DEMO_TOKEN
from tracker_sandbox.generate import generate_world
from tracker_sandbox.server import Sandbox


@dataclass
class Tracker:
    """The running process, and where it answers."""

    process: subprocess.Popen[str]
    url: str
    project_id: str

    def tell(self, command: str) -> str:
        """Carry out a command and wait until it is done."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@contextmanager
def tracker(stories: int) -> Iterator[Tracker]:
    """A tracker with one project of so many stories."""
    command = [sys.executable, "-m", "benchmarks.tracker", str(stories)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url, project_id = process.stdout.readline().split()
        yield Tracker(process, url, project_id)
        process.terminate()


def serve(stories: int) -> None:
    """Serve, and obey, until the input ends."""
    world = generate_world(stories)
    project = next(iter(world.projects.values()))
    with Sandbox(world) as sandbox:
        print(sandbox.url, project.id, flush=True)
        round_ = 0
        for line in sys.stdin:
            command, _, number = line.strip().partition(" ")
            round_ += 1
            if command == "prepare":
                targets = {f"{one.path}?{one.query}" for one in sandbox.requests}
                sandbox.app.prepare((one for one in targets if "/projects/" in one), token=DEMO_TOKEN)
            elif command == "touch":
                for story_id in project.story_rank[-int(number) :]:
                    world.update_story(story_id, name=f"Renamed {round_} {story_id}")
            elif command == "forget":
                sandbox.app.requests.clear()
            elif command == "targets":
                print(json.dumps([f"{one.path}?{one.query}" for one in sandbox.requests]), flush=True)
                continue
            print("ok", flush=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
