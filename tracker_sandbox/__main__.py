"""python -m tracker_sandbox: serve the demo until SIGTERM or SIGINT, on the loopback address alone."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from pathlib import Path

from tracker_sandbox.clock import Clock
from tracker_sandbox.demo import DEMO_TOKEN, build_demo
from tracker_sandbox.memory import Memory
from tracker_sandbox.recordings import load_recordings
from tracker_sandbox.server import Sandbox
from tracker_sandbox.state import World


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tracker_sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8001, help="port on 127.0.0.1 (0: any free one)")
    parser.add_argument("--token", default=DEMO_TOKEN, help="the API token that opens the demo")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another history")
    parser.add_argument("--recordings", type=Path, help="serve recorded answers in this folder, not the demo")
    parser.add_argument("--life", type=float, default=60, metavar="SECONDS", help="one change so often; 0: none")
    parser.add_argument("--memory", type=Path, metavar="FILE", help="keep the demo's life in this file")
    parser.add_argument("--lite", action="store_true", help="play LiteTracker instead of Tracker")
    parser.add_argument("--parent-death", action="store_true", help="stop when the parent process ends")
    return parser.parse_args(arguments)


def build_world(options: argparse.Namespace, memory: Memory | None) -> World:
    """The demo, as it began if it is remembered, or what the recordings hold."""
    if options.recordings:
        return load_recordings(options.recordings, token=options.token)
    clock = Clock(frozen_at=memory.born) if memory else None
    return build_demo(seed=options.seed, token=options.token, clock=clock)


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to stop."""
    options = read_arguments(arguments)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    parent = os.getppid()
    memory = Memory(options.memory) if options.memory else None
    world = build_world(options, memory)
    sandbox = Sandbox(world, port=options.port, seed=options.seed, lite=options.lite)
    life = sandbox.life if options.life > 0 else None
    if memory:
        memory.relive(world, sandbox.life)
    with sandbox:
        print(f"Tracker sandbox: {sandbox.api_url} (control page: {sandbox.url}/sandbox)", flush=True)
        if life:
            life.start(options.life, after_step=memory.note_step if memory else lambda world: None)
        while not stopping.wait(1):
            if options.parent_death and os.getppid() != parent:
                break
        if life:
            life.stop()


if __name__ == "__main__":
    main()
