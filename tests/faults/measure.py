"""How long it took until all was well again, beside what is promised.

A busy machine is no failure: the comparison is printed, and who waits for healing asserts that it comes at all.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.faults.times import DISPATCH_SECONDS, LEASE_SECONDS

#: R1, scaled as lease and dispatch are: a run whose worker died is taken up so soon.
TAKEN_UP = LEASE_SECONDS + DISPATCH_SECONDS + 5


@dataclass(frozen=True)
class Figure:
    """One fault: the promise that it is about, seconds that it took and may take."""

    test: str
    promise: str
    seconds: float
    target: float

    def __str__(self) -> str:
        mark = " " if self.seconds <= self.target else "!"
        return f"{mark} {self.promise:<4} {self.seconds:6.1f} s of {self.target:5.1f} s  {self.test}"


class Measure:
    """Notes figures for the summary after the tests."""

    noted: list[Figure] = []  # for all tests of this process

    def __init__(self, test: str) -> None:
        self.test = test

    def __call__(self, promise: str, seconds: float, *, target: float = TAKEN_UP) -> None:
        self.noted.append(Figure(self.test, promise, seconds, target))
