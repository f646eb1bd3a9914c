"""What people say about items. Whoever may see a roadmap may speak, until it is archived."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.errors import Refused
from accounts.models import Membership
from roadmaps import fields
from roadmaps.models import Comment, Item, Roadmap

MAX_LENGTH = 10_000
ARCHIVED = "This roadmap is in the archive, so nothing can be said here any more. Its owner can restore it."


def add_comment(*, item: Item, by: Membership, text: str) -> Comment:
    """Say something about an item. Raises ValidationError on `text`, and Refused where the roadmap is archived."""
    _refuse_in_archive(item.roadmap)
    return Comment.objects.create(account_id=item.account_id, item=item, author=by, text=_clean(text))


def edit_comment(*, comment: Comment, by: Membership, text: str) -> Comment:
    """Say it differently; everybody sees that it was edited. Raises ValidationError and Refused."""
    _refuse_in_archive(comment.item.roadmap)
    if not may_edit(comment, by):
        raise Refused("Only the person who wrote a comment can change it.")
    cleaned = _clean(text)
    if cleaned != comment.text:
        comment.text, comment.edited_at = cleaned, timezone.now()
        comment.save(update_fields=["text", "edited_at"])
    return comment


def delete_comment(*, comment: Comment, by: Membership) -> None:
    """Take a comment back, or away. Raises Refused."""
    _refuse_in_archive(comment.item.roadmap)
    if not may_delete(comment, by):
        raise Refused("Only the person who wrote a comment, the roadmap's owner and admins can delete it.")
    comment.delete()


def may_edit(comment: Comment, member: Membership) -> bool:
    """Its author. The roadmap must be one that the member may see; whoever calls has checked that."""
    return comment.author_id == member.pk


def may_delete(comment: Comment, member: Membership) -> bool:
    """Its author, the roadmap's owner, and admins."""
    is_owner = member.can_create and comment.item.roadmap.owner_id == member.pk
    return may_edit(comment, member) or member.is_admin or is_owner


def _clean(text: str) -> str:
    """Browsers send a line break as two characters; nobody counts them so."""
    try:
        cleaned = fields.clean_text(text.replace("\r\n", "\n"), limit=MAX_LENGTH)
    except fields.InvalidValue as problem:
        raise ValidationError({"text": str(problem)}) from None
    if not cleaned:
        raise ValidationError({"text": "Write something first."})
    return cleaned


def _refuse_in_archive(roadmap: Roadmap) -> None:
    if roadmap.archived_at is not None:
        raise Refused(ARCHIVED)
