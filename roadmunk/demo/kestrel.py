"""The demo's portfolio: everything that Kestrel Bikes builds, over three roadmaps that fill themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from accounts.models import Membership
from integrations.models import ProjectLink
from roadmaps import services
from roadmaps.columns import ROADMAP
from roadmaps.models import Roadmap, Share, View
from roadmaps.query import Filter, Query, Sort
from roadmunk.demo import linked
from roadmunk.demo.hand import Hand
from roadmunk.demo.linked import Connection

NAME = "All of Kestrel"
ABOUT = "Apps, shop and stations in one picture"

SHOP = "Passes & Shop"
SHOP_EPICS = {
    "The annual pass": 2,
    "Kestrel for companies": 6,
    "Spare parts for our old bikes": 3,
    "Help that helps": 4,
    "A checkout that doesn't leak": 5,
}
PLATFORM = "Station Platform"
PLATFORM_EPICS = {
    "Bikes where people need them": 1,
    "Lock firmware 5": 12,
    "Open data for cities": 6,
    "Batteries that last": 8,
    "Calm operations": 4,
}
#: Name, days from this week's Monday on, colour.
MILESTONES = (
    ("New prices", -62, 2),
    ("Board meeting", 31, 7),
    ("Velo-city conference", 84, 7),
)


def make_shop_and_platform(connection: Connection, owner: Membership, viewer: Membership) -> list[ProjectLink]:
    """Link the roadmaps of the other two projects. Raises an error of `integrations.errors`."""
    shop = linked.link(connection, SHOP, "What we sell on the web", owner=owner, viewer=viewer, epics=SHOP_EPICS)
    platform = linked.link(
        connection, PLATFORM, "Docks, locks and vans", owner=owner, viewer=viewer, epics=PLATFORM_EPICS
    )
    for link in (shop, platform):
        hand = Hand(link.roadmap, owner)
        hand.save_first(Query(sorts=(Sort("start_date", descending=True),)))
        params = {"head": hand.name("Epics"), "colour": hand.name("State"), "scale": "months"}
        hand.view("Timeline by epic", View.Layout.TIMELINE, Query(), **params)
    return [shop, platform]


def make_portfolio(roadmaps: Sequence[Roadmap], owner: Membership, viewer: Membership, *, today: date) -> Roadmap:
    """Show these roadmaps as one, to the viewer too."""
    portfolio = services.create_roadmap(owner=owner, name=NAME, description=ABOUT, kind=Roadmap.Kind.PORTFOLIO)
    services.share(roadmap=portfolio, member=viewer, level=Share.Level.VIEWER, by=owner)
    for roadmap in roadmaps:
        services.add_source(portfolio=portfolio, roadmap_id=roadmap.pk, by=owner)
    hand = Hand(portfolio, owner)
    monday = today - timedelta(days=today.weekday())
    for name, days, colour in MILESTONES:
        hand.milestone(name, monday + timedelta(days=days), colour)
    _save_views(hand, monday)
    return portfolio


def _save_views(hand: Hand, monday: date) -> None:
    state, epics, owners = hand.name("State"), hand.name("Epics"), hand.name("Owners")
    hand.save_first(Query(sorts=(Sort("start_date", descending=True),)))
    hand.view("Everything by roadmap", View.Layout.TIMELINE, Query(), head=ROADMAP, colour=state, scale="months")
    hand.view("Epics", View.Layout.ROLLUP, Query())
    recent = Query(filters=(Filter("end_date", "after", ((monday - timedelta(days=30)).isoformat(),)),))
    board = {"lanes": state, "rows": ROADMAP, "colour": epics, "card": owners}
    hand.view("Boards side by side", View.Layout.SWIMLANE, recent, **board)
    releases = Query(filters=(hand.is_any("Story Type", "Release"),))
    hand.view("Releases", View.Layout.TIMELINE, releases, head=ROADMAP, colour=state, scale="quarters")
