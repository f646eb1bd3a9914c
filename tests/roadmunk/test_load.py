"""`make load`, small: that it still fills, visits, syncs, measures and judges. What it finds is not asked here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.load.figures import Figures, Stretch, Syncs, missed, within
from benchmarks.load.size import Size
from benchmarks.load.visitors import Seen

ROOT = Path(__file__).parents[2]
SMALL = ("--accounts", "4", "--roadmaps", "20", "--items", "800", "--cadence", "1", "--rate", "5", "--minutes", "0.25")


def test_a_small_site_is_filled_visited_synced_and_judged(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.load", *SMALL, "--keep", str(tmp_path / "site"), "--json"]
    bare = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    done = subprocess.run(command, cwd=ROOT, env=bare, capture_output=True, text=True)
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    assert done.returncode == (1 if told["missed"] else 0)
    for stretch in told["pages"].values():
        assert stretch["visits"] > 0
        assert stretch["bad"] == 0
        assert 0 < stretch["took"]["median"] <= stretch["took"]["p95"]
    syncs = told["syncs"]
    assert syncs["runs"] > 0
    assert (syncs["bad"], syncs["forgotten"]) == (0, 0)
    assert told["memory"]["web"]["megabytes"] > 0
    assert told["cpu"]["a table page"] > 0
    assert told["stores"]["items"] >= 800


@pytest.fixture
def fine() -> Figures:
    """Figures that miss nothing."""
    memory = {"web": 300.0, "workers": 900.0, "beat": 80.0}
    seen = [Seen("first page", at=number / 50, took=0.05, good=True, bytes=100_000) for number in range(1000)]
    pages = Stretch(20, seen, cpu={}, memory=memory, rise=dict.fromkeys(memory, 1.0))
    nothing = replace(pages, visits=[])
    syncs = Syncs(runs=200, rate=11.1, due=11.1, bad=0, forgotten=0, lateness=[10.0] * 200)
    return Figures(syncs, nothing, 100, pages, pages, pages, stores={})


def test_what_meets_every_target_is_no_failure(fine: Figures) -> None:
    assert list(missed(fine)) == []


@pytest.mark.parametrize(
    ("pages", "words"),
    [
        ({"visits": []}, "got no page"),
        ({"visits": [Seen("first page", 0, 0.05, good=False, bytes=0)]}, "1 of 1 visits got no page"),
        ({"visits": [Seen("first page", 0, 0.4, good=True, bytes=0)]}, "took up to 400 ms"),
        ({"rise": {"web": 16.0, "workers": 0.0, "beat": 0.0}}, "memory of web rose by 16 MB"),
        ({"rise": {"web": 0.0, "workers": 0.0, "beat": 6.0}}, "memory of beat rose by 6 MB"),
    ],
)
def test_pages_and_memory_are_judged(fine: Figures, pages: dict[str, object], words: str) -> None:
    (fault,) = missed(replace(fine, beside=replace(fine.beside, **pages)))  # type: ignore[arg-type]  # names of its own
    assert words in fault


@pytest.mark.parametrize(
    ("syncs", "words"),
    [
        ({"runs": 0}, "no sync ended"),
        ({"bad": 1}, "1 of 200 syncs failed"),
        ({"forgotten": 2}, "2 syncs had not ended"),
        ({"lateness": [1.0] * 90 + [31.0] * 10}, "began up to 31.0 s late"),
    ],
)
def test_syncs_are_judged(fine: Figures, syncs: dict[str, object], words: str) -> None:
    (fault,) = missed(replace(fine, syncs=replace(fine.syncs, **syncs)))  # type: ignore[arg-type]  # the same
    assert words in fault


def test_a_share_of_values_is_found_among_them() -> None:
    values = [float(number) for number in range(1, 101)]
    assert [within(values, share) for share in (0.5, 0.95, 0.99, 1)] == [50, 95, 99, 100]
    assert within([], 0.95) == 0
    assert within([3.0], 0.95) == 3


def test_roadmaps_of_an_account_differ_in_size() -> None:
    size = Size(accounts=1_000, roadmaps=10_000, items=2_000_000, cadence=15)
    assert size.items_of_roadmaps()[0] == 683
    assert size.items_of_roadmaps()[-1] == 68
    assert abs(sum(size.items_of_roadmaps()) - 2_000) < 10
    assert round(size.syncs_a_second, 1) == 11.1
