"""What people say about an item, as a member sees it."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Membership
from roadmaps.latest import latest
from roadmaps.models import Comment, Item
from roadmaps.services.comments import may_delete, may_edit


@dataclass(frozen=True, slots=True)
class Said:
    """A comment, and what the member may do with it."""

    comment: Comment
    is_mine: bool
    may_edit: bool
    may_delete: bool


@dataclass(frozen=True, slots=True)
class Talk:
    """Some comments in a row, newest last. `earlier` is what to ask for to see those before; None: none are."""

    comments: tuple[Said, ...]
    earlier: int | None
    count: int


def of_item(item: Item, member: Membership, *, before: int | None = None) -> Talk:
    """The latest comments, or those before one of them, in at most two queries."""
    comments = Comment.objects.filter(account_id=item.account_id, item=item)
    found = latest(comments.select_related("author__user"), before=before)
    all_here = before is None and found.earlier is None
    count = len(found.rows) if all_here else comments.count()
    for comment in found.rows:
        comment.item = item
    return Talk(tuple(said(comment, member) for comment in reversed(found.rows)), found.earlier, count)


def said(comment: Comment, member: Membership) -> Said:
    """A comment with what that member may do with it, which on an archived roadmap is nothing."""
    is_mine = comment.author_id == member.pk
    if comment.item.roadmap.archived_at is not None:
        return Said(comment, is_mine, may_edit=False, may_delete=False)
    return Said(comment, is_mine, may_edit=may_edit(comment, member), may_delete=may_delete(comment, member))
