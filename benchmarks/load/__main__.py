"""`make load`: a big site under visits and syncs; ends with status 1 where a target is missed."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from dataclasses import asdict, fields
from pathlib import Path

from benchmarks import stage
from benchmarks.load import report, seed, syncs
from benchmarks.load.figures import missed
from benchmarks.load.measure import Load
from benchmarks.load.site import Site
from benchmarks.load.size import PROMISED, Size
from benchmarks.tracker import Tracker, tracker

#: Stories of the tracker's one project; nobody reads them but the first pull.
STORIES = 200


def main() -> int:
    """Measure, print, and judge."""
    options = _parse()
    size = Size(**{field.name: getattr(options, field.name) for field in fields(Size)})
    home = options.keep or Path(tempfile.mkdtemp(prefix="roadmunk-load-"))
    try:
        with tracker(STORIES) as running, stage.servers(home.absolute()) as servers:
            _fill(size, running, home)
            with Site(home.absolute(), running.url) as site:
                load = Load(size, options.rate, options.minutes * 60, site, servers, running.process.pid, _say)
                figures = load.measure()
    finally:
        if options.keep is None:
            shutil.rmtree(home, ignore_errors=True)
    faults = list(missed(figures))
    if options.json:
        print(json.dumps({**report.as_json(figures), "missed": faults}))
    else:
        print("\n".join([*report.as_text(figures), *(f"MISSED: {fault}" for fault in faults)]))
    return 1 if faults else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument("--accounts", type=int, default=PROMISED.accounts)
    parser.add_argument("--roadmaps", type=int, default=PROMISED.roadmaps, help="linked ones, in all accounts together")
    parser.add_argument("--items", type=int, default=PROMISED.items, help="on all roadmaps together")
    parser.add_argument("--cadence", type=int, default=PROMISED.cadence, help="minutes between two syncs of a roadmap")
    parser.add_argument("--minutes", type=float, default=5, help="of pages beside syncs; the rest takes 0.6 of it")
    parser.add_argument("--rate", type=float, default=50, help="table pages a second")
    parser.add_argument("--keep", type=Path, help="directory that keeps the filled site for the next time")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


def _fill(size: Size, running: Tracker, home: Path) -> None:
    """Fill the site, or see that the one that was kept is of this size; then bring it up to date."""
    from django.conf import settings
    from django.core.management import call_command

    settings.CONNECTOR_URLS = {seed.KIND: running.url}
    mark = home / "filled.json"
    if not mark.exists():
        begun = time.monotonic()
        _say(f"Filling: {size.accounts:,} accounts, {size.roadmaps:,} linked roadmaps, {size.items:,} items")
        seed.seed(size, running, say=_say)
        _say(f"  took {time.monotonic() - begun:.0f} s")
        mark.write_text(json.dumps(asdict(size)))
    elif json.loads(mark.read_text()) != asdict(size):
        raise SystemExit(f"{home} keeps a site of another size: {mark.read_text()}. Name another directory.")
    call_command("collectstatic", interactive=False, verbosity=0)
    syncs.rest()
    syncs.pull_first()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
