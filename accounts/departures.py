"""Who must know at once that a member was shut out, let in again, or may do less or more than before.

What works in a member's name stands above this package: it says so here, once, when the site starts.
"""

from __future__ import annotations

from collections.abc import Callable

from accounts.models import Membership

Act = Callable[[Membership], None]

_acts: list[Act] = []


def tell_by(act: Act) -> None:
    """Have that function called after each member whose `can_create` changed."""
    _acts.append(act)


def tell(member: Membership) -> None:
    """Call it once the change is committed: whoever begins anything now sees it, so only what began before is left."""
    for act in _acts:
        act(member)
