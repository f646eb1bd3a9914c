"""How big the site is that the load is put on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """Accounts, linked roadmaps and items in all of them together, and minutes between two syncs of a roadmap."""

    accounts: int
    roadmaps: int
    items: int
    cadence: int

    @property
    def roadmaps_each(self) -> int:
        """Roadmaps of one account."""
        return self.roadmaps // self.accounts

    @property
    def syncs_a_second(self) -> float:
        """What the cadence asks of beat and workers."""
        return self.roadmaps / (self.cadence * 60)

    def items_of_roadmaps(self) -> list[int]:
        """Items on each roadmap of an account: the second has half of the first, the third a third, and so on."""
        whole = sum(1 / place for place in range(1, self.roadmaps_each + 1))
        each = self.items / self.accounts
        return [max(1, round(each / whole / place)) for place in range(1, self.roadmaps_each + 1)]


#: What Roadmunk promises to carry on one machine.
PROMISED = Size(accounts=1_000, roadmaps=10_000, items=2_000_000, cadence=15)
