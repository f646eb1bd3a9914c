"""The demo's roadmap that fills itself from the sandbox, and what people have put beside the stories."""

from __future__ import annotations

from datetime import date, timedelta

from accounts.models import Membership
from integrations.models import ProjectLink
from roadmaps import services, swimlane_time
from roadmaps.models import Item, View
from roadmaps.query import Filter, Query, Sort
from roadmunk.demo import linked
from roadmunk.demo.hand import Hand
from roadmunk.demo.linked import Connection

NAME = "Rider App"
ABOUT = "Both apps, straight from Tracker"

#: The project's epics as the sandbox calls them, so that own items can belong to one before the first sync.
EPICS = {
    "Unlock in one tap": 9,
    "First ride without a manual": 7,
    "Paying without thinking": 11,
    "Safe on the road": 10,
    "An app for everyone": 8,
}
#: Name, first and last day from this week's Monday on (as the sandbox counts), epic, state, theme, budget in thousands.
ITEMS = (
    ("Hire a second Android developer", -33, 40, "", "Started", "Growth", 85),
    ("Winter tariff: half price below 5 °C", -12, 88, "Paying without thinking", "Started", "Growth", 60),
    ("Workshop with ten newcomers", 9, 10, "First ride without a manual", "Unstarted", "Growth", 6),
    ("Launch campaign for two bikes, one phone", 28, 56, "Unlock in one tap", "Unstarted", "Growth", 35),
    ("Accessibility audit by an outside lab", 45, 73, "An app for everyone", "Unstarted", "Partner cities", 28),
    ("Fall detection: pilot with 200 riders", 70, 112, "Safe on the road", "Unstarted", "Rider safety", 40),
)
#: Name, days from this week's Monday on, colour.
MILESTONES = (
    ("3.2 in the stores", -39, 2),
    ("3.3 in the stores", 40, 9),
    ("Velo-city conference", 84, 7),
    ("4.0 in the stores", 133, 9),
)
CAMPAIGN = "Launch campaign for two bikes, one phone"
#: Days that a finished story stays on the board.
RECENT_DAYS = 45


def make_rider_app(
    connection: Connection, admin: Membership, owner: Membership, viewer: Membership, *, today: date
) -> ProjectLink:
    """Link a new roadmap to the sandbox's project, and put something beside its stories.

    Raises an error of `integrations.errors` where the sandbox does not answer.
    """
    link = linked.link(connection, NAME, ABOUT, owner=owner, viewer=viewer, epics=EPICS)
    hand = Hand(link.roadmap, owner)
    monday = today - timedelta(days=today.weekday())
    _put_beside(hand, monday, admin, viewer)
    _save_views(hand, today, monday)
    return link


def _put_beside(hand: Hand, monday: date, admin: Membership, viewer: Membership) -> None:
    made: dict[str, Item] = {}
    for name, first, last, epic, state, theme, budget in ITEMS:
        values: dict[str, str | int] = {"State": state, "Theme": theme, "Budget (k€)": budget}
        values |= {"Epics": epic} if epic else {}
        made[name] = hand.item(name, monday + timedelta(days=first), monday + timedelta(days=last), values)
    for name, days, colour in MILESTONES:
        hand.milestone(name, monday + timedelta(days=days), colour)
    campaign = made[CAMPAIGN]
    services.add_comment(item=campaign, by=viewer, text="Could Gent be first? The school holidays begin there earlier.")
    services.add_comment(item=campaign, by=hand.by, text="Good idea. I moved the posters to the front of the queue.")
    goal = Item.objects.filter(account=admin.account, name="Fall detection").first()
    if goal is not None:
        services.link_items(item=made["Fall detection: pilot with 200 riders"], other_id=goal.pk, by=admin)


def _save_views(hand: Hand, today: date, monday: date) -> None:
    """Views that show each layout at its best.

    The first one, which every roadmap has, leaves nothing out. It begins with what comes, or the items made here would
    stand before all stories.
    """
    hand.save_first(Query(sorts=(Sort("start_date", descending=True),)))
    state, epics = hand.name("State"), hand.name("Epics")
    owners, estimate, kind = hand.name("Owners"), hand.name("Estimate"), hand.name("Story Type")
    hand.view("Timeline by epic", View.Layout.TIMELINE, Query(), head=epics, colour=state, scale="months")
    hand.view("Epics", View.Layout.ROLLUP, Query())
    recent = Query(filters=(Filter("end_date", "after", ((monday - timedelta(days=RECENT_DAYS)).isoformat(),)),))
    board = {"lanes": state, "rows": "none", "colour": epics, "card": f"{kind},{owners}"}
    hand.view("Board", View.Layout.SWIMLANE, recent, **board)
    quarters = {"lanes": "end_date:quarter", "rows": epics, "colour": state, "card": f"{state},{kind}"}
    hand.view("Quarters", View.Layout.SWIMLANE, Query(), **quarters)
    shown = ("name", kind, epics, owners, estimate, "start_date", "end_date")
    hand.view(_quarter_name(today), View.Layout.TABLE, _this_quarter(today, shown), group=state)
    releases = Query(filters=(hand.is_any("Story Type", "Release"),))
    hand.view("Releases", View.Layout.TIMELINE, releases, head="none", colour=state, scale="quarters")


def _quarter_name(today: date) -> str:
    """A view keeps its days, so it says which quarter they are of."""
    return swimlane_time.label(swimlane_time.first_day(today, "quarter"), "quarter")


def _this_quarter(today: date, shown: tuple[str, ...]) -> Query:
    first = swimlane_time.first_day(today, "quarter")
    days = (first.isoformat(), swimlane_time.last_day(first, "quarter").isoformat())
    return Query(filters=(Filter("end_date", "between", days),), sorts=(Sort("end_date"),), columns=shown)
