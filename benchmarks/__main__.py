"""`make bench`: figures of this machine, in a table or, with --json, as one JSON object."""

from __future__ import annotations

import argparse
import json

from benchmarks import stage


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--stories", type=int, default=10_000, help="stories of the pulled project")
    options = parser.parse_args()
    with stage.servers():
        from benchmarks import pull

        figures = pull.measure(options.stories)
    if options.json:
        print(json.dumps(figures))
        return
    print(f"A project of {options.stories:,} stories, medians of {pull.ROUNDS}")
    for name, value in figures.items():
        share = f"  {value / figures['limit']:5.2f} x limit" if "requests" not in name else ""
        print(f"  {name:<24} {value:10.4f}{share}")


if __name__ == "__main__":
    main()
