"""`make bench`: figures of this machine, in a table or, with --json, as one JSON object."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping

from benchmarks import stage

Figures = Mapping[str, float]


def main() -> None:
    """Measure what was asked for, and print it."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("what", nargs="*", help="only these; else all")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--stories", type=int, default=10_000, help="stories of the project that is pulled")
    options = parser.parse_args()
    with stage.servers():
        results = {name: measure() for name, measure in _benchmarks(options.stories).items() if _asked(name, options)}
    if options.json:
        print(json.dumps(results))
        return
    for name, figures in results.items():
        _TABLES[name](figures)


def _asked(name: str, options: argparse.Namespace) -> bool:
    return not options.what or name in options.what


def _benchmarks(stories: int) -> Mapping[str, Callable[[], Figures]]:
    from benchmarks import memory, portfolios, pull, tick, views, walls

    return {
        "pull": lambda: pull.measure(stories),
        "memory": lambda: memory.measure(5 * stories),
        "tick": lambda: {**tick.measure(10_000), **tick.measure(100_000)},
        "views": lambda: {**views.measure(10_000), **views.measure(100_000)},
        "walls": lambda: {**walls.measure(10_000), **walls.measure(100_000)},
        "portfolios": lambda: portfolios.measure(20, 5_000),
    }


#: What a figure is to be compared with, where that is not the limit.
_BESIDE = {"bare request": "bare request", "unchanged": "bare request", "1 % changed": "first"}


def _show_pull(figures: Figures) -> None:
    print("Pull: medians of 5, in seconds")
    for name, value in figures.items():
        if "requests" in name:
            print(f"  {name:<24} {value:9.0f}")
            continue
        beside = _BESIDE.get(name, "limit")
        print(f"  {name:<24} {value:9.4f}  {value / figures[beside]:6.2f} x {beside}")


def _show_memory(figures: Figures) -> None:
    print("Peak memory of a worker's first pull of five times as many stories, in megabytes")
    print(f"  {figures['peak']:.0f}, of which {figures['start']:.0f} before it began")


def _show_tick(figures: Figures) -> None:
    print("One look of the dispatcher with 1,000 due links, median of 3, in seconds")
    for name, value in figures.items():
        print(f"  {name:<24} {value:9.4f}")


def _show_views(figures: Figures) -> None:
    print("Pages of a roadmap with so many items: medians of 15, in milliseconds; see benchmarks/views.py")
    for name, whole in figures.items():
        told = [figures.get(f"{name}, {what}", 0.0) for what in ("ours", "own", "bare SQL", "kB")]
        if all(told):
            ours, own, bare, size = told
            times = f"whole {whole * 1000:6.1f}  ours {ours * 1000:6.1f}  own {own * 1000:6.1f}"
            print(f"  {name:<32} {times}  bare SQL {bare * 1000:6.1f}", end="")
            print(f"  {ours / bare:5.2f} x, own {own / bare:5.2f} x  {size:5.0f} kB")


def _show_walls(figures: Figures) -> None:
    print("Whole requests behind the walls between accounts, and without them: medians, in milliseconds")
    for name, whole in figures.items():
        if without := figures.get(f"{name}, no walls"):
            times = f"{whole * 1000:6.1f}  without {without * 1000:6.1f}"
            print(f"  {name:<32} {times}  {(whole / without - 1) * 100:+5.1f} %")


_TABLES: Mapping[str, Callable[[Figures], None]] = {
    "pull": _show_pull,
    "memory": _show_memory,
    "tick": _show_tick,
    "views": _show_views,
    "walls": _show_walls,
    "portfolios": _show_views,
}


if __name__ == "__main__":
    main()
