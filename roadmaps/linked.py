"""The items that an item is linked to, as a member sees them, and the search for more."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from accounts.models import Membership
from roadmaps import access
from roadmaps.models import Item
from roadmaps.services.links import links_of, may_be_linked

#: A search shows so many items; who wants another one types more of its name.
FOUND = 10
MAX_SEARCH = 200


@dataclass(frozen=True, slots=True)
class Linked:
    """An item at the other end of a link."""

    link_id: int
    item: Item


@dataclass(frozen=True, slots=True)
class Links:
    """What an item is linked to: what the member may see, and how many others there are."""

    shown: tuple[Linked, ...]
    hidden: int

    @property
    def count(self) -> int:
        return len(self.shown) + self.hidden


@dataclass(frozen=True, slots=True)
class Found:
    """What a search for items to link found; `more`: not all of it is here."""

    text: str
    items: tuple[Item, ...]
    more: bool


def of_item(item: Item, member: Membership) -> Links:
    """The links of an item, oldest first, in two queries. Nothing is read of items that the member may not see."""
    others = _others(item)
    items = Item.objects.filter(account_id=item.account_id, roadmap__in=access.visible_to(member))
    seen = {each.pk: each for each in _brief(items.filter(pk__in=others.values()))} if others else {}
    shown = tuple(Linked(link, seen[other]) for link, other in others.items() if other in seen)
    return Links(shown, hidden=len(others) - len(shown))


def find(item: Item, member: Membership, text: str) -> Found:
    """Items that may be linked to this one, by a part of their name or by their External ID; two queries."""
    text = text.replace("\x00", "").strip()[:MAX_SEARCH]
    if not text:
        return Found("", (), more=False)
    wanted = may_be_linked(member).filter(Q(name__icontains=text) | Q(external_id__iexact=text))
    wanted = wanted.exclude(pk__in=[item.pk, *_others(item).values()])
    found = list(_brief(wanted).order_by(Lower("name"), "pk")[: FOUND + 1])
    return Found(text, tuple(found[:FOUND]), more=len(found) > FOUND)


def _others(item: Item) -> dict[int, int]:
    """What is at the other end of each link."""
    pairs = links_of(item).order_by("pk").values_list("pk", "low_id", "high_id")
    return {link: high if low == item.pk else low for link, low, high in pairs}


def _brief(items: QuerySet[Item]) -> QuerySet[Item]:
    """Without texts and values, which may be long."""
    names = ("name", "external_id", "source_state", "archived_at", "start_date", "end_date", "account_id")
    return items.select_related("roadmap").only(*names, "roadmap__name", "roadmap__archived_at", "roadmap__account_id")
