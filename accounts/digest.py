"""Who wants the weekly e-mail, and the link in it that ends it, without signing in."""

from __future__ import annotations

from django.core.signing import BadSignature, Signer
from django.utils import timezone

from accounts import walls
from accounts.models import Membership
from accounts.walls import Across

_signer = Signer(salt="accounts.digest")


def want(member: Membership, *, wanted: bool) -> None:
    """Begin with the next week, or stop at once."""
    if wanted == member.wants_digest:
        return
    member.digest_wanted_at = timezone.now() if wanted else None
    Membership.objects.filter(pk=member.pk).update(digest_wanted_at=member.digest_wanted_at)


def make_token(member: Membership) -> str:
    """What the link holds: it can end this member's weekly e-mail, and nothing else."""
    return _signer.sign(str(member.pk))


def find_member(token: str) -> Membership | None:
    """Whose link it is; None for one that we did not make."""
    try:
        member_id = _signer.unsign(token)
    except BadSignature:
        return None
    with walls.every_account(Across.LETTER):
        return Membership.objects.select_related("account", "user").filter(pk=member_id).first()
