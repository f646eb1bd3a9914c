"""Rows for tests: plain functions with sensible defaults, each returning the saved row.

What belongs together is made together: a roadmap takes its account from its owner, an item from its roadmap.
"""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from django.utils.text import slugify

from accounts.invitations import hash_token
from accounts.models import Account, Invitation, Membership, Role, User
from integrations import vault
from integrations.models import Credential, FieldMapping, Integration, ProjectLink, SyncRun
from roadmaps.fields import Stored, fold
from roadmaps.models import (
    Comment,
    Field,
    FieldOption,
    FieldType,
    Item,
    ItemEdit,
    ItemLink,
    Milestone,
    Roadmap,
    Share,
    Source,
    View,
)

#: Every person of the tests signs in with this.
PASSWORD = "correct-horse-battery"
KIND = "pivotal_tracker"

_numbers = itertools.count(1)


@cache
def _hashed_password() -> str:
    """Hashing is slow on purpose; once is enough."""
    return make_password(PASSWORD)


# --- Who


def make_account(name: str = "Acme", *, slug: str | None = None, time_zone: str = "UTC") -> Account:
    """An account without members."""
    return Account.objects.create(name=name, slug=slug or slugify(name), time_zone=time_zone)


def make_user(name: str = "", *, email: str = "", verified: bool = True) -> User:
    """A person whose password is PASSWORD and whose e-mail address is known to allauth too."""
    number = next(_numbers)
    name = name or f"Person {number}"
    address = (email or f"{slugify(name)}@example.test").lower()
    user = User.objects.create(email=address, name=name, password=_hashed_password())
    EmailAddress.objects.create(user=user, email=address, verified=verified, primary=True)
    return user


def make_member(
    account: Account,
    role: str = Role.COLLABORATOR,
    *,
    name: str = "",
    user: User | None = None,
    deactivated_at: datetime | None = None,
) -> Membership:
    """A member of the account: `user`, or somebody new of that name."""
    return Membership.objects.create(
        account=account, user=user or make_user(name), role=role, deactivated_at=deactivated_at
    )


def make_invitation(
    inviter: Membership,
    email: str = "new@example.test",
    *,
    role: str = Role.COLLABORATOR,
    token: str = "secret-of-the-letter",
    expires_at: datetime | None = None,
) -> Invitation:
    """An open invitation whose secret is `token`."""
    return Invitation.objects.create(
        account=inviter.account,
        invited_by=inviter,
        email=email,
        role=role,
        token_hash=hash_token(token),
        expires_at=expires_at or timezone.now() + timedelta(days=7),
    )


# --- What they look at


def make_roadmap(owner: Membership, name: str = "Alpha", **values: Any) -> Roadmap:
    """A roadmap of the owner's account, with its first view."""
    made = Roadmap.objects.create(account=owner.account, owner=owner, name=name, **values)
    make_view(made, View.FIRST_NAME)
    return made


def make_view(roadmap: Roadmap, name: str, query: str = "", **columns: Any) -> View:
    """A saved view of the roadmap."""
    return View.objects.create(account_id=roadmap.account_id, roadmap=roadmap, name=name, query=query, **columns)


def make_portfolio(owner: Membership, name: str = "Everything", *sources: Roadmap, **values: Any) -> Roadmap:
    """A portfolio over these roadmaps, each with all its data."""
    made = make_roadmap(owner, name, kind=Roadmap.Kind.PORTFOLIO, **values)
    for roadmap in sources:
        make_source(made, roadmap)
    return made


def make_source(portfolio: Roadmap, roadmap: Roadmap, view: View | None = None) -> Source:
    """One more roadmap that the portfolio shows."""
    return Source.objects.create(
        account_id=portfolio.account_id,
        portfolio=portfolio,
        roadmap=roadmap,
        view=view,
        position=portfolio.sources.count(),
    )


def make_milestone(roadmap: Roadmap, name: str, date: str, **columns: Any) -> Milestone:
    """A named day of the roadmap."""
    return Milestone.objects.create(account_id=roadmap.account_id, roadmap=roadmap, name=name, date=date, **columns)


def make_share(roadmap: Roadmap, member: Membership, level: str = Share.Level.VIEWER) -> Share:
    """Let a member of the same account look at the roadmap, or edit it."""
    return Share.objects.create(account_id=roadmap.account_id, roadmap=roadmap, member=member, level=level)


def make_item(roadmap: Roadmap, name: str = "", *, values: dict[str, Stored] | None = None, **columns: Any) -> Item:
    """An item made by hand; with `external_id`, one that a source keeps."""
    if columns.get("external_id"):
        columns.setdefault("origin", KIND)
    return Item.objects.create(
        account_id=roadmap.account_id,
        roadmap=roadmap,
        name=name or f"Item {next(_numbers)}",
        values=values or {},
        **columns,
    )


def make_field(
    account: Account,
    name: str = "",
    type_: str = FieldType.TEXT,
    *,
    roadmap: Roadmap | None = None,
    options: list[str] | None = None,
    **columns: Any,
) -> Field:
    """A field of the account, or of `roadmap`, with its list values."""
    field = Field.objects.create(
        account=account, roadmap=roadmap, name=name or f"Field {next(_numbers)}", type=type_, **columns
    )
    for position, label in enumerate(options or []):
        make_option(field, label, position=position)
    return field


def make_option(field: Field, label: str, **columns: Any) -> FieldOption:
    """A value that a list field offers."""
    return FieldOption.objects.create(account_id=field.account_id, field=field, label=label, key=fold(label), **columns)


# --- What people put around an item


def make_comment(item: Item, author: Membership, text: str = "Let us talk.", **columns: Any) -> Comment:
    """What a member says about the item."""
    return Comment.objects.create(account_id=item.account_id, item=item, author=author, text=text, **columns)


def make_item_link(one: Item, other: Item, **columns: Any) -> ItemLink:
    """Two items of one account that belong together."""
    low, high = sorted((one, other), key=lambda each: each.pk)
    return ItemLink.objects.create(account_id=one.account_id, low=low, high=high, **columns)


def make_edit(item: Item, member: Membership, *, kind: str = ItemEdit.Kind.CHANGED, **changes: Any) -> ItemEdit:
    """What a member changed on the item: `name=["Pay", "Pay by card"]`."""
    return ItemEdit.objects.create(account_id=item.account_id, item=item, member=member, kind=kind, changes=changes)


# --- Where it comes from


def make_integration(creator: Membership, name: str = "Tracker", *, kind: str = KIND) -> Integration:
    """A connector added to the creator's account."""
    return Integration.objects.create(account=creator.account, created_by=creator, name=name, kind=kind)


def make_credential(
    owner: Membership,
    label: str = "Mine",
    *,
    secret: str = "token-of-the-owner",
    kind: str = KIND,
    **columns: Any,
) -> Credential:
    """A person's saved secret, sealed as the site seals it."""
    credential = Credential(account=owner.account, owner=owner, kind=kind, label=label, **columns)
    credential.sealed = vault.seal(secret, credential.vault_context)
    credential.accepted_at = credential.accepted_at or timezone.now()
    credential.last_rejected_at = credential.last_rejected_at or credential.rejected_at
    credential.save()
    return credential


def make_link(
    roadmap: Roadmap,
    *,
    integration: Integration | None = None,
    credential: Credential | None = None,
    project_id: str = "99",
    project_name: str = "Main project",
    synced_at: datetime | None = None,
    **columns: Any,
) -> ProjectLink:
    """The roadmap tied to an outside project, set up by its owner; with `synced_at`, a sync went well then."""
    integration = integration or make_integration(roadmap.owner, f"Tracker {next(_numbers)}")
    credential = credential or make_credential(roadmap.owner, f"Mine {next(_numbers)}")
    columns.setdefault("states", ["started", "finished", "delivered", "accepted"])
    columns.setdefault("start_sources", ["started"])
    columns.setdefault("end_sources", ["accepted"])
    link = ProjectLink.objects.create(
        account_id=roadmap.account_id,
        roadmap=roadmap,
        integration=integration,
        credential=credential,
        kind=integration.kind,
        project_id=project_id,
        project_name=project_name,
        created_by=roadmap.owner,
        **columns,
    )
    if synced_at:
        SyncRun.objects.create(
            account_id=link.account_id, link=link, trigger="schedule", state="succeeded", finished_at=synced_at
        )
    return link


def make_mapping(link: ProjectLink, key: str, field: Field, *, position: int = 0) -> FieldMapping:
    """Let the link pull the tracker's field `key` into an account-level field."""
    return FieldMapping.objects.create(account_id=link.account_id, link=link, key=key, field=field, position=position)
