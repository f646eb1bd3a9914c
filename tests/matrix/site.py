"""Two accounts in which everything exists, and everybody who may come by."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth import SESSION_KEY
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.access import LAST_ACCOUNT
from accounts.models import Account, Invitation, Membership, Role, User
from integrations.models import ProjectLink
from roadmaps.models import Field, Item, ItemLink, Roadmap, Share
from tests import factories
from tests.browser.everything import Things, make_everything
from tracker_sandbox.demo import DEMO_TOKEN
from tracker_sandbox.server import Sandbox

#: Roadmaps on which everybody has the rights that they are named after.
SHARED = ("roadmap_id", "portfolio", "drafted", "first")
SHARES = {"reviewer": "editor", "viewer": "viewer", "editor": "editor", "ex-member": "editor"}


#: Evil's ids begin here, so that they are found in a page.
FAR = 7_000_000
NOWHERE = "no-such-thing"


@dataclass(frozen=True)
class Site:
    """An account with its things, those of another account under the same names, and everybody's browser."""

    account: Account
    other: Account
    things: Things
    theirs: Things
    browsers: dict[str, Client]
    #: Everybody but nobody; in Acme, but for the stranger.
    people: dict[str, Membership]

    @property
    def missing(self) -> Things:
        """Ids and names of things of which there is none, in the same shapes."""
        return {name: _missing(value) for name, value in self.theirs.items()}

    @property
    def names_elsewhere(self) -> set[str]:
        """What may stand in the answer to a question about things of the other account, or about missing ones."""
        things = [value for each in (self.theirs, self.missing) for value in each.values()]
        found = {str(value) for value in things if str(value).lstrip("f").isdigit()}
        return {*found, self.other.slug, NOWHERE}

    def accounts_of(self, who: str) -> set[str]:
        """The ids of the accounts that the person is or was a member of."""
        user = self.browsers[who].session.get(SESSION_KEY)
        return {str(pk) for pk in Membership.objects.filter(user=user).values_list("account", flat=True)}

    def seen_by_a_stranger(self) -> Site:
        """The same from the other side."""
        return Site(self.other, self.account, self.theirs, self.things, self.browsers, self.people)


def _missing(value: object) -> object:
    if isinstance(value, int):
        return value + 10**9
    if isinstance(value, str) and value[0] == "f" and value[1:].isdigit():
        return f"f{int(value[1:]) + 10**9}"
    return NOWHERE


def count_on_from(beginning: int) -> None:
    """Give the next row of each table an id above that."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(oid::regclass, %s) FROM pg_class WHERE relkind = 'S'", [beginning])


def make_site(tracker: Sandbox) -> Site:
    """A Reviewer whom somebody made an editor by hand still only looks; an ex-member keeps rows but no rights."""
    count_on_from(FAR // 2)
    acme, evil = factories.make_account("Acme"), factories.make_account("Evil")
    alice = factories.make_member(acme, Role.ADMIN, name="Alice Acker")
    olga = factories.make_member(acme, name="Olga Olsen")
    vera = factories.make_member(acme, Role.REVIEWER, name="Vera Viljanen")
    mallory = factories.make_member(evil, Role.ADMIN, name="Mallory Malone")
    eve = factories.make_member(evil, name="Eve Evers")
    things = make_everything(acme, alice, olga, vera, tracker)
    count_on_from(FAR)
    theirs = make_everything(
        evil, mallory, eve, factories.make_member(evil, Role.REVIEWER, name="Ivo Ivens"), tracker, elsewhere="Cygnus"
    )
    people = {
        "stranger": mallory,
        "outsider": factories.make_member(acme, name="Otto Outsider"),
        "reviewer": vera,
        "viewer": factories.make_member(acme, name="Vito Viewer"),
        "editor": factories.make_member(acme, name="Elsa Editor"),
        "owner": olga,
        "admin": alice,
        "deactivated": factories.make_member(acme, Role.ADMIN, name="Dora Dismissed"),
        "ex-member": factories.make_member(acme, name="Xavier Former", deactivated_at=timezone.now()),
    }
    User.objects.filter(pk=people["deactivated"].user_id).update(is_active=False)
    for who, level in SHARES.items():
        for name in SHARED:
            roadmap = Roadmap.objects.get(pk=things[name])
            Share.objects.update_or_create(account=acme, roadmap=roadmap, member=people[who], defaults={"level": level})
    return Site(
        acme,
        evil,
        things | _more(acme, things),
        theirs | _more(evil, theirs),
        {"nobody": Client(), **{who: _browser(member) for who, member in people.items()}},
        people,
    )


def _more(account: Account, things: Things) -> Things:
    """What forms name besides, and what only takes posts."""
    roadmap = Roadmap.objects.get(pk=things["roadmap_id"])
    item = Item.objects.get(pk=things["item_id"])
    members = Membership.objects.filter(account=account)
    merging = factories.make_field(account, "Risk", "choice", options=["High"])
    link = ProjectLink.objects.get(roadmap=roadmap)
    return {
        "share_id": Share.objects.filter(roadmap=roadmap, level="viewer").first().pk,  # type: ignore[union-attr]  # it has
        "link_id": ItemLink.objects.filter(low=item).first().pk,  # type: ignore[union-attr]  # the same
        "other_item": roadmap.items.filter(origin="").exclude(pk=item.pk).get().pk,
        "member_id": factories.make_member(account, name=f"Nora of {account.name}").pk,
        "gone_member": members.filter(user__name="Gone Girl").get().pk,
        "invitation_id": Invitation.objects.filter(account=account).latest("pk").pk,
        "spare_credential": factories.make_credential(roadmap.owner, "Spare", secret=DEMO_TOKEN).pk,
        "merge_field": merging.pk,
        "old_own_field": Field.objects.get(account=account, name="Old idea").pk,
        "link_integration": link.integration_id,
        "free_roadmap": factories.make_roadmap(roadmap.owner, "Not yet a source").pk,
    }


def _browser(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    session = client.session
    session[LAST_ACCOUNT] = member.account.slug
    session.save()
    return client
