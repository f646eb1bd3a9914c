"""Figures for people, and for programs."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.load.figures import OURS, Figures, Stretch, within

#: Parts that a page, or a sync, is paid by. The tracker and the visitors are elsewhere in the world.
PAID_BY = (*OURS, "postgres", "redis")


def as_text(figures: Figures) -> Iterator[str]:
    """Lines to be read."""
    syncs = figures.syncs
    yield f"Syncs: {syncs.runs:,} ended, {syncs.rate:.1f} a second; {syncs.due:.1f} links a second come due"
    late = ", ".join(f"{name} {within(syncs.lateness, share):.1f} s" for name, share in SHARES.items())
    yield f"  begun after their time: {late}; forgotten {syncs.forgotten}, bad {syncs.bad}"
    for name, stretch in _stretches(figures).items():
        yield from _of_pages(name, stretch)
    yield "Processor time in ms"
    for name, (stretch, number) in _costs(figures).items():
        each = ", ".join(f"{part} {1000 * stretch.cpu.get(part, 0) / max(1, number):.1f}" for part in PAID_BY)
        yield f"  {name:<24} {1000 * _paid(stretch) / max(1, number):6.1f}: {each}"
    yield "Cores in use"
    for name, stretch in (("syncs alone", figures.syncs_alone), *_stretches(figures).items()):
        each = ", ".join(f"{part} {used / stretch.seconds:.2f}" for part, used in stretch.cpu.items())
        ours, machine = sum(stretch.cpu.values()) / stretch.seconds, stretch.machine / stretch.seconds
        yield f"  {name:<24} {ours:6.2f} (whole machine {machine:.2f}): {each}"
    yield "Memory under pages and syncs in MB, its rise meanwhile, and what that is in an hour"
    beside = figures.beside
    for part, size in beside.memory.items():
        yield f"  {part:<12} {size:8.0f} {beside.rise[part]:+8.1f} {beside.rise[part] * 3600 / beside.seconds:+8.1f}"
    yield "Stores"
    for name, value in figures.stores.items():
        yield f"  {name:<36} {value:18,.0f}"


SHARES = {"median": 0.5, "p95": 0.95, "p99": 0.99, "longest": 1}


def as_json(figures: Figures) -> dict[str, object]:
    """The same for programs; times in seconds."""
    return {
        "syncs": {
            "runs": figures.syncs.runs,
            "a_second": figures.syncs.rate,
            "due_a_second": figures.syncs.due,
            "bad": figures.syncs.bad,
            "forgotten": figures.syncs.forgotten,
            "late": {name: within(figures.syncs.lateness, share) for name, share in SHARES.items()},
        },
        "pages": {
            name: {
                "visits": len(stretch.visits),
                "bad": stretch.bad,
                "took": {share: stretch.within(value) for share, value in SHARES.items()},
            }
            for name, stretch in _stretches(figures).items()
        },
        "cpu": {name: _paid(stretch) / max(1, number) for name, (stretch, number) in _costs(figures).items()},
        "memory": {
            part: {"megabytes": size, "rise": figures.beside.rise[part]} for part, size in figures.beside.memory.items()
        },
        "stores": dict(figures.stores),
    }


def _stretches(figures: Figures) -> dict[str, Stretch]:
    return {
        "table pages beside syncs": figures.beside,
        "table pages alone": figures.alone,
        "Timelines alone": figures.timelines,
    }


def _costs(figures: Figures) -> dict[str, tuple[Stretch, int]]:
    """What costs processor time, measured alone, and how many there were of it."""
    return {
        "a sync of nothing new": (figures.syncs_alone, figures.runs_alone),
        "a table page": (figures.alone, len(figures.alone.visits)),
        "a Timeline": (figures.timelines, len(figures.timelines.visits)),
    }


def _paid(stretch: Stretch) -> float:
    return sum(stretch.cpu.get(part, 0.0) for part in PAID_BY)


def _of_pages(name: str, stretch: Stretch) -> Iterator[str]:
    rate = len(stretch.visits) / stretch.seconds
    yield f"{name[0].upper()}{name[1:]}: {len(stretch.visits):,} visits, {rate:.1f} a second, {stretch.bad} bad"
    for kind in ("", *sorted({one.kind for one in stretch.visits})):
        took = "  ".join(f"{share} {stretch.within(value, kind) * 1000:7.0f}" for share, value in SHARES.items())
        sizes = [one.bytes for one in stretch.visits if kind in ("", one.kind)]
        yield f"  {kind or 'all':<12} {took} ms  {sum(sizes) / max(1, len(sizes)) / 1000:5.0f} kB"
