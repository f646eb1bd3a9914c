"""The demo's roadmap that is made by hand: where Kestrel Bikes is going, for everybody to look at."""

from __future__ import annotations

from datetime import date, timedelta

from accounts.models import Membership
from roadmaps import services
from roadmaps.models import Item, Roadmap, Share, View
from roadmaps.query import Query, Sort
from roadmunk.demo.hand import Hand, make_list

NAME = "Kestrel strategy"
ABOUT = "Where we are going, and what it takes"

THEMES = {"Growth": 9, "Rider safety": 10, "Partner cities": 6, "Greener fleet": 8}
CONFIDENCE = {"High": 2, "Medium": 3, "Low": 5}
HORIZON = {"Done": 2, "Now": 1, "Next": 4, "Later": 12}
TEAMS = {"Product": 9, "Partnerships": 7, "Operations": 11, "Hardware": 3}

#: Theme, name, first and last month from now, horizon, confidence, budget in thousands, team.
ITEMS = (
    ("Growth", "Day and season passes", -6, -2, "Done", "High", 110, "Product"),
    ("Growth", "Guest rides", -1, 4, "Now", "High", 120, "Product"),
    ("Growth", "Employer programme", 2, 7, "Next", "Medium", 210, "Partnerships"),
    ("Growth", "Third country: Denmark", 8, 14, "Later", "Low", 650, "Partnerships"),
    ("Rider safety", "Parking that blocks nobody", -5, 1, "Now", "High", 90, "Operations"),
    ("Rider safety", "Fall detection", 2, 6, "Next", "Medium", 180, "Product"),
    ("Rider safety", "Helmet lockers at 40 stations", 7, 12, "Later", "Low", 240, "Hardware"),
    ("Partner cities", "Gent until 2030", -4, 0, "Now", "High", 40, "Partnerships"),
    ("Partner cities", "Utrecht: 60 new stations", 1, 8, "Next", "Medium", 820, "Hardware"),
    ("Partner cities", "Open data for cities", 9, 12, "Later", "High", 60, "Product"),
    ("Greener fleet", "Trainee workshop", -8, -4, "Done", "High", 75, "Operations"),
    ("Greener fleet", "Swappable batteries", -3, 5, "Now", "Medium", 540, "Hardware"),
    ("Greener fleet", "Winter tyres for every bike", 0, 1, "Now", "High", 55, "Operations"),
    ("Greener fleet", "Solar stations", 7, 15, "Later", "Low", 380, "Hardware"),
)
#: Name, months from now, day of the month, colour.
MILESTONES = (
    ("Budget approved", 1, 15, 2),
    ("100,000 riders", 4, 20, 9),
    ("Velo-city conference", 7, 9, 7),
)
TEXTS = {
    "Guest rides": (
        "Half of all people who open the app for the first time leave at the sign-up form.\n\n"
        "* one ride as a guest, paid by wallet\n* a verified phone number is enough\n"
        "* after the ride we offer an account, and never ask twice"
    ),
    "Utrecht: 60 new stations": "Twenty near the railway, forty where the bus is slow. The city pays for the ground.",
    "Swappable batteries": "A swap takes **40 seconds** at the kerb; a van brings 60 batteries instead of 8 bikes.",
}


def make_strategy(admin: Membership, owner: Membership, viewer: Membership, *, today: date) -> Roadmap:
    """Make the roadmap and the fields of the account that it shares with others; the viewer sees, the owner edits."""
    roadmap = services.create_roadmap(owner=admin, name=NAME, description=ABOUT)
    services.share(roadmap=roadmap, member=owner, level=Share.Level.EDITOR, by=admin)
    services.share(roadmap=roadmap, member=viewer, level=Share.Level.VIEWER, by=admin)
    _make_fields(roadmap, admin)
    hand = Hand(roadmap, admin)
    items = _make_items(hand, today)
    for name, months, day, colour in MILESTONES:
        hand.milestone(name, _month(today, months) + timedelta(days=day - 1), colour)
    _save_views(hand)
    _talk(items, admin, owner, viewer)
    return roadmap


def _make_fields(roadmap: Roadmap, admin: Membership) -> None:
    make_list(admin, "Theme", THEMES)
    make_list(admin, "Confidence", CONFIDENCE)
    services.create_field(account=admin.account, name="Budget (k€)", type_="number", by=admin)
    make_list(admin, "Horizon", HORIZON, roadmap=roadmap)
    make_list(admin, "Team", TEAMS, roadmap=roadmap)


def _make_items(hand: Hand, today: date) -> dict[str, Item]:
    made = {}
    for theme, name, first, last, horizon, sure, budget, team in ITEMS:
        days = (_month(today, first), _month(today, last + 1) - timedelta(days=1))
        values: dict[str, str | int] = {
            "Theme": theme,
            "Horizon": horizon,
            "Confidence": sure,
            "Budget (k€)": budget,
            "Team": team,
        }
        made[name] = hand.item(name, *days, values, text=TEXTS.get(name, ""))
    return made


def _save_views(hand: Hand) -> None:
    theme, horizon, budget = hand.name("Theme"), hand.name("Horizon"), hand.name("Budget (k€)")
    confidence, team = hand.name("Confidence"), hand.name("Team")
    timeline = {"head": theme, "colour": confidence, "scale": "quarters"}
    hand.view("Timeline by theme", View.Layout.TIMELINE, Query(), **timeline)
    board = {"lanes": horizon, "rows": theme, "colour": confidence, "card": f"{confidence},{team},{budget}"}
    hand.view("Now, next, later", View.Layout.SWIMLANE, Query(), **board)
    shown = ("name", budget, confidence, team, horizon, "start_date", "end_date")
    money = Query(sorts=(Sort(budget, descending=True),), columns=shown)
    hand.view("Where the money goes", View.Layout.TABLE, money, group=theme)


def _talk(items: dict[str, Item], admin: Membership, owner: Membership, viewer: Membership) -> None:
    guests, stations = items["Guest rides"], items["Utrecht: 60 new stations"]
    services.add_comment(
        item=guests, by=viewer, text="Legal asks whether a verified phone number is enough in Belgium as well."
    )
    services.add_comment(
        item=guests, by=owner, text="It is. We keep the number for **90 days** after the ride, then it goes."
    )
    services.add_comment(
        item=stations, by=viewer, text="The city would like to see the helmet lockers in the same dig."
    )
    services.link_items(item=stations, other_id=items["Helmet lockers at 40 stations"].pk, by=admin)


def _month(today: date, later: int) -> date:
    """The first day of the month that many months from now."""
    years, month = divmod(today.month - 1 + later, 12)
    return date(today.year + years, month + 1, 1)
