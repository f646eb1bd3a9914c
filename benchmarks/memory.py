"""How much memory a worker needs at most for one pull, which runs in a process of its own."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

from benchmarks import stage
from benchmarks.tracker import tracker


def measure(stories: int) -> dict[str, float]:
    """The peak of a first pull, and of a process that only started, in megabytes."""
    with tracker(stories) as running:
        link = stage.make_link(stage.make_owner(), project_id=running.project_id, url=running.url)
        return {"peak": _peak(running.url, str(link.pk)), "start": _peak(running.url, "")}


def _peak(url: str, link: str) -> float:
    command = [sys.executable, "-m", "benchmarks.memory", link]
    env = {**os.environ, "PIVOTAL_TRACKER_URL": url}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def work(link: str) -> None:
    """Pull, as a worker does it, and print the peak."""
    stage.set_up()
    from accounts import walls
    from integrations.models import ProjectLink
    from integrations.sync import run  # noqa: F401 - a worker has it loaded, whether it pulls or not

    if link:
        with walls.every_account(walls.Across.OPERATOR):
            stage.run_once(ProjectLink.objects.get(pk=int(link)))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    work(sys.argv[1])
