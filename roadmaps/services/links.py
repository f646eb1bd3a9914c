"""Items that belong together, on one roadmap or across the account's roadmaps.

A link has no direction: it shows on both cards, and each of the two roadmaps' editors can take it away.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from accounts.errors import Refused
from accounts.models import Membership
from roadmaps import access
from roadmaps.models import Item, ItemLink

#: So many links show on a card at once; more would be a list that nobody reads.
MAX_LINKS = 100
NOT_THERE = "That item can’t be linked: it is gone, in the archive, or on a roadmap that isn’t shared with you."


def links_of(item: Item) -> QuerySet[ItemLink]:
    """All links of an item, also those to roadmaps that few may see."""
    return ItemLink.objects.filter(Q(low=item) | Q(high=item), account_id=item.account_id)


def may_be_linked(member: Membership) -> QuerySet[Item]:
    """The items that the member may tie to another: those on roadmaps that they may see and that are not archived."""
    roadmaps = access.visible_to(member).filter(archived_at=None)
    return Item.objects.filter(account_id=member.account_id, roadmap__in=roadmaps, archived_at=None)


def link_items(*, item: Item, other_id: int, by: Membership) -> ItemLink:
    """Tie an item to another one that `by` may see. Raises Refused."""
    if other_id == item.pk:
        raise Refused("An item can’t be linked to itself.")
    other = may_be_linked(by).filter(account_id=item.account_id, pk=other_id).first()
    if other is None:
        raise Refused(NOT_THERE)
    if links_of(item).count() >= MAX_LINKS:
        raise Refused(f"An item has at most {MAX_LINKS} links. Remove one first.")
    low, high = sorted((item, other), key=lambda each: each.pk)
    try:
        with transaction.atomic():
            made, is_new = ItemLink.objects.get_or_create(
                account_id=item.account_id, low=low, high=high, defaults={"created_by": by}
            )
    except IntegrityError:  # one of the two was deleted this moment
        raise Refused(NOT_THERE) from None
    if not is_new:
        raise Refused("The two are linked already.")
    return made


def unlink(*, link: ItemLink) -> None:
    """Take a link away; both items stay as they are."""
    link.delete()
