"""S33, W20: who did what in the account, for its admins to read and for nobody to change."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import audit, invitations, members
from accounts.errors import Refused
from accounts.models import Account, AuditArea, AuditEvent, Membership, Role
from accounts.services import create_account
from roadmaps import services
from roadmaps.models import View
from tests import factories
from tests.factories import PASSWORD, make_invitation, make_roadmap

SignedIn = Callable[[Membership], Client]


def lines(account: Account | None = None) -> list[tuple[str, str, str]]:
    """Who, area and what, the oldest first."""
    found = AuditEvent.objects.select_related("member__user").order_by("id")
    if account:
        found = found.filter(account=account)
    return [(str(event.member), event.area, event.what) for event in found]


def make_event(member: Membership, what: str, area: AuditArea = AuditArea.MEMBERS) -> AuditEvent:
    return AuditEvent.objects.create(account=member.account, member=member, area=area, what=what)


def page_of(browser: Client, query: str = "") -> str:
    answer = browser.get(reverse("accounts:audit-log", args=["acme"]) + query)
    assert answer.status_code == 200
    return answer.content.decode()


# --- What is written


def test_what_happens_to_members_is_written(alice: Membership, olga: Membership) -> None:
    members.change_role(olga, role=Role.REVIEWER, by=alice)
    members.deactivate(olga, by=alice)
    members.reactivate(olga, by=alice)
    letter = invitations.invite(inviter=alice, email="nina@example.test", role=Role.REVIEWER)
    invitations.join(token=letter.token, name="Nina", password=PASSWORD)
    invitations.revoke(make_invitation(alice, "ida@example.test", token="other"), by=alice)
    assert lines() == [
        ("Alice Acker", "members", "Changed the role of Olga Olsen from Collaborator to Reviewer."),
        ("Alice Acker", "members", "Deactivated Olga Olsen."),
        ("Alice Acker", "members", "Reactivated Olga Olsen."),
        ("Alice Acker", "members", "Invited nina@example.test as Reviewer."),
        ("Nina", "members", "Joined as Reviewer, invited by Alice Acker."),
        ("Alice Acker", "members", "Withdrew the invitation of ida@example.test."),
    ]
    assert letter.token not in str(lines())


def test_invitations_that_end_with_a_member_are_written(alice: Membership, olga: Membership) -> None:
    anna = factories.make_member(alice.account, Role.ADMIN, name="Anna")
    make_invitation(alice, olga.user.email, token="to-olga")
    for number in range(5):
        make_invitation(anna, f"p{number}@example.test", token=f"by-anna-{number}")
    members.deactivate(olga, by=alice)
    members.change_role(anna, role=Role.COLLABORATOR, by=alice)
    assert [what for _, _, what in lines()] == [
        "Deactivated Olga Olsen.",
        "Withdrew the invitation of olga-olsen@example.test.",
        "Changed the role of Anna from Account Admin to Collaborator.",
        "Withdrew the invitations of p0@example.test, p1@example.test, p2@example.test and 2 more, written by Anna.",
    ]


def test_what_happens_to_the_account_is_written(alice: Membership, signed_in: SignedIn) -> None:
    browser = signed_in(alice)
    for data in ({"name": "Acme"}, {"name": "Apex", "time_zone": "Europe/Berlin"}):
        browser.post(reverse("accounts:account", args=["acme"]), {"time_zone": "UTC", **data})
    Account.objects.update(requires_second_factor=False)
    assert lines() == [
        ("Alice Acker", "settings", "Renamed the account from “Acme” to “Apex”."),
        ("Alice Acker", "settings", "Changed the time zone from UTC to Europe/Berlin."),
    ]


@pytest.mark.django_db
def test_a_new_account_begins_its_log() -> None:
    create_account(name="Acme", admin_email="ida@example.test", password=PASSWORD, admin_name="Ida")
    assert lines() == [("Ida", "settings", "Opened the account “Acme”.")]


def test_another_name_is_written_wherever_the_person_is_or_was_a_member(
    alice: Membership, olga: Membership, mallory: Membership, signed_in: SignedIn
) -> None:
    """What they did before stands under the new name from now on, also where they left."""
    for account, left in ((mallory.account, None), (factories.make_account("Past"), timezone.now())):
        factories.make_member(account, user=olga.user, deactivated_at=left)
    browser = signed_in(olga)
    for name in ("Olga Olsen", "Alice Acker"):
        browser.post(reverse("accounts:profile", args=["acme"]), {"name": name})
    found = AuditEvent.objects.order_by("account_id").values_list("account__name", "member__user", "area", "what")
    renamed = "Changed their name from “Olga Olsen” to “Alice Acker”."
    assert list(found) == [(name, olga.user_id, "members", renamed) for name in ("Acme", "Evil", "Past")]


def test_what_happens_to_a_roadmap_as_a_whole_is_written(alice: Membership, olga: Membership, vera: Membership) -> None:
    roadmap = make_roadmap(olga)
    services.share(roadmap=roadmap, member=vera, level="viewer", by=olga)
    services.unshare(roadmap=roadmap, member=vera, by=olga)
    services.hand_over(roadmap=roadmap, member=alice, by=olga)
    services.archive(roadmap=roadmap, by=alice)
    services.restore(roadmap=roadmap, by=alice)
    services.archive(roadmap=roadmap, by=alice)
    services.delete(roadmap=roadmap, by=alice)
    assert lines() == [
        ("Olga Olsen", "sharing", "Shared “Alpha” with Vera Viljanen as Viewer."),
        ("Olga Olsen", "sharing", "Took “Alpha” away from Vera Viljanen."),
        ("Olga Olsen", "sharing", "Handed “Alpha” over from Olga Olsen to Alice Acker."),
        ("Alice Acker", "roadmaps", "Archived “Alpha”."),
        ("Alice Acker", "roadmaps", "Took “Alpha” out of the archive."),
        ("Alice Acker", "roadmaps", "Archived “Alpha”."),
        ("Alice Acker", "roadmaps", "Deleted “Alpha” for good."),
    ]


def test_what_a_roadmap_is_called_and_says_of_itself_is_written(olga: Membership) -> None:
    roadmap = services.create_roadmap(owner=olga, name="Alpha")
    for name, description in (("Alpha", ""), ("Beta", ""), ("Beta", "What comes next.")):
        services.rename(roadmap=roadmap, name=name, description=description, by=olga)
    services.create_roadmap(owner=olga, name="All", kind="portfolio")
    assert lines() == [
        ("Olga Olsen", "roadmaps", "Made the roadmap “Alpha”."),
        ("Olga Olsen", "roadmaps", "Renamed “Alpha” to “Beta”."),
        ("Olga Olsen", "roadmaps", "Described “Beta” anew."),
        ("Olga Olsen", "roadmaps", "Made the portfolio “All”."),
    ]


def test_what_a_portfolio_shows_is_written(olga: Membership) -> None:
    """Whoever sees the portfolio sees these roadmaps."""
    portfolio = make_roadmap(olga, "All", kind="portfolio")
    added = services.add_source(portfolio=portfolio, roadmap_id=make_roadmap(olga).pk, by=olga)
    services.show_through(source=added, view=str(added.roadmap.views.get().pk), by=olga)
    services.add_source(portfolio=portfolio, roadmap_id=make_roadmap(olga, "Beta").pk, by=olga)
    for step in (-1, 1, 1):
        services.move_source(source=added, step=step, by=olga)
    services.remove_source(source=added, by=olga)
    assert [what for _, area, what in lines() if area == "sharing"] == [
        "Showed “Alpha” in the portfolio “All”.",
        f"Showed “Alpha” through “{View.FIRST_NAME}” in “All”.",
        "Showed “Beta” in the portfolio “All”.",
        "Moved “Alpha” down in the portfolio “All”.",
        "Took “Alpha” out of the portfolio “All”.",
    ]


def test_a_view_that_finds_something_else_is_written_where_a_portfolio_shows_through_it(olga: Membership) -> None:
    roadmap = make_roadmap(olga)
    shown, other = roadmap.views.get(), factories.make_view(roadmap, "Other")
    for name in ("P1", "P2", "P3", "P4"):
        factories.make_source(factories.make_portfolio(olga, name), roadmap, view=shown)
    for view, query, layout in (
        (other, "name=Pay", "table"),
        (shown, "", "timeline"),
        (shown, "name=Pay", "timeline"),
        (shown, "name=Pay", "table"),
    ):
        services.save_view(view=view, query=query, layout=layout, by=olga)
    what = f"Changed what the view “{View.FIRST_NAME}” of “Alpha” finds, which is shown in “P1”, “P2”, “P3” and 1 more."
    assert lines() == [("Olga Olsen", "sharing", what)]


def test_what_happens_to_the_fields_of_all_roadmaps_is_written(alice: Membership) -> None:
    roadmap = make_roadmap(alice)
    cost = services.create_field(account=alice.account, name="Cost", type_="number", by=alice)
    services.rename_field(field=cost, name="Price", by=alice)
    services.archive_field(field=cost, by=alice)
    services.restore_field(field=cost, by=alice)
    crew = factories.make_field(alice.account, "Crew", "choice", roadmap=roadmap)
    services.promote_field(field=crew, name="Team", by=alice)
    teams = factories.make_field(alice.account, "Teams", "choice", options=["Red"])
    factories.make_item(roadmap, values={teams.column: teams.options.get().pk})
    services.merge_fields(lose=teams, keep=crew, by=alice)
    assert lines() == [
        ("Alice Acker", "settings", "Made the field “Cost” for all roadmaps."),
        ("Alice Acker", "settings", "Renamed the field “Cost” to “Price”."),
        ("Alice Acker", "settings", "Archived the field “Price”."),
        ("Alice Acker", "settings", "Took the field “Price” out of the archive."),
        ("Alice Acker", "settings", "Gave the field “Crew” of “Alpha” to all roadmaps, as “Team”."),
        ("Alice Acker", "settings", "Merged the field “Teams” into “Team”, with the values of 1 item."),
    ]


def test_what_happens_to_the_lists_of_all_roadmaps_is_written_once_for_many_values(alice: Membership) -> None:
    field = factories.make_field(alice.account, "Team", "choice", options=["A", "B", "C"])
    by_label = {option.label: option for option in field.options.all()}
    services.add_options(field=field, labels=["a", "D", "E", "F", "G"], by=alice)
    renamed = {by_label[label].pk: f"{label}{label}" for label in "ABC"}
    services.change_field(field=field, name="Team", renamed=renamed, labels=["H"], by=alice)
    for action in ("archive", "restore"):
        then = (action, str(by_label["A"].pk))
        services.change_field(field=field, name="Team", renamed={}, labels=[], then=then, by=alice)
    assert [what for _, area, what in lines() if area == "settings"] == [
        "Added to the list of the field “Team”: “D”, “E”, “F” and 1 more.",
        "Renamed in the list of the field “Team”: “A” to “AA”, “B” to “BB” and 1 more.",
        "Added to the list of the field “Team”: “H”.",
        "Archived “AA” in the list of the field “Team”.",
        "Took “AA” in the list of the field “Team” out of the archive.",
    ]


def test_a_field_of_one_roadmap_is_the_business_of_its_editors(olga: Membership) -> None:
    roadmap = make_roadmap(olga)
    field = services.create_field(account=olga.account, roadmap=roadmap, name="Team", type_="choice", by=olga)
    services.change_field(field=field, name="Crew", renamed={}, labels=["Red"], by=olga)
    services.archive_field(field=field, by=olga)
    assert lines() == []


def test_what_changes_nothing_is_not_written(alice: Membership, olga: Membership, vera: Membership) -> None:
    roadmap = make_roadmap(olga)
    members.reactivate(olga, by=alice)
    services.unshare(roadmap=roadmap, member=vera, by=olga)
    services.restore(roadmap=roadmap, by=olga)
    field = factories.make_field(olga.account, "Team", "choice", options=["Red"])
    red = field.options.get()
    services.change_field(field=field, name="Team", renamed={red.pk: "Red"}, labels=["red"], by=olga)
    services.change_field(field=field, name="Team", renamed={}, labels=[], then=("restore", str(red.pk)), by=olga)
    services.restore_field(field=field, by=olga)
    with pytest.raises(Refused):
        services.delete(roadmap=roadmap, by=olga)
    with pytest.raises(Refused):
        members.deactivate(alice, by=alice)
    assert lines() == []


def test_an_act_that_fails_takes_its_line_along(alice: Membership, olga: Membership) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        members.deactivate(olga, by=alice)
        1 / 0  # noqa: B018  what comes after the act fails
    olga.refresh_from_db()
    assert olga.is_active
    assert lines() == []


def test_a_long_name_is_cut_and_the_sentence_keeps_its_end(alice: Membership, vera: Membership) -> None:
    vera.user.name = "Vera " * 24
    services.share(roadmap=make_roadmap(alice, "A" * 120), member=vera, level="viewer", by=alice)
    ((_, _, what),) = lines()
    assert what == f"Shared “{'A' * 79}…” with {'Vera ' * 15}Vera… as Viewer."


def test_a_name_neither_breaks_nor_turns_nor_forges_the_line(alice: Membership) -> None:
    roadmap = make_roadmap(alice, "Alpha”.\r\nDeleted “Beta\u202e\u2066")
    services.archive(roadmap=roadmap, by=alice)
    assert [what for _, _, what in lines()] == ['Archived “Alpha". Deleted "Beta”.']


@pytest.mark.django_db(transaction=True)
def test_a_line_outside_of_a_transaction_is_refused(alice: Membership) -> None:
    with pytest.raises(TransactionManagementError):
        audit.record(alice, AuditArea.SETTINGS, "Did something.")
    assert lines() == []


# --- Nobody changes it


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE accounts_auditevent SET what = 'Nothing.'",
        "UPDATE accounts_auditevent SET at = now() - interval '1 year'",
        "UPDATE accounts_auditevent SET member_id = (SELECT max(id) FROM accounts_membership)",
        "DELETE FROM accounts_auditevent",
        # The guard finds no account in a table of the session's own.
        "CREATE TEMP TABLE accounts_account (id bigint) ON COMMIT DROP; DELETE FROM accounts_auditevent",
    ],
)
def test_the_database_refuses_to_change_a_line_or_to_take_it_away(
    alice: Membership, olga: Membership, sql: str
) -> None:
    make_event(alice, "Deactivated Olga Olsen.")
    with pytest.raises(IntegrityError, match="audit event"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL roadmunk.account = '0'; " + sql)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert lines() == [("Alice Acker", "members", "Deactivated Olga Olsen.")]


@pytest.mark.parametrize("table", ["accounts_auditevent", "accounts_membership", "accounts_account"])
@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_to_empty_the_log(alice: Membership, table: str) -> None:
    make_event(alice, "Deactivated Olga Olsen.")
    with pytest.raises(IntegrityError, match="never emptied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_auditevent ENABLE TRIGGER audit_log_is_kept")
        cursor.execute(f"TRUNCATE {table} CASCADE")
    assert lines() == [("Alice Acker", "members", "Deactivated Olga Olsen.")]


#: The account is away while the session lets the guard ask for it, and back when the transaction ends.
AWAY = {
    "renumbered": ("UPDATE accounts_account SET id = -id", "UPDATE accounts_account SET id = -id"),
    "deleted": ("DELETE FROM accounts_account", "INSERT INTO accounts_account SELECT * FROM kept"),
    "deleted out of sight of its people": (
        "SET LOCAL roadmunk.account = ''; DELETE FROM accounts_account",
        "INSERT INTO accounts_account SELECT * FROM kept",
    ),
}


@pytest.mark.parametrize(("go", "come_back"), AWAY.values(), ids=AWAY.keys())
@pytest.mark.django_db(transaction=True)
def test_no_account_is_away_for_the_moment_in_which_its_log_is_emptied(
    alice: Membership, go: str, come_back: str
) -> None:
    make_event(alice, "Deactivated Olga Olsen.")
    with pytest.raises(IntegrityError, match="account"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT * FROM accounts_account")
        cursor.execute("DELETE FROM accounts_auditevent")
        cursor.execute(go)
        cursor.execute("SET CONSTRAINTS audit_event_stays IMMEDIATE")
        cursor.execute(come_back)
    assert lines() == [("Alice Acker", "members", "Deactivated Olga Olsen.")]


def test_the_log_goes_with_its_whole_account_alone(alice: Membership, mallory: Membership) -> None:
    make_event(alice, "Ours.")
    make_event(mallory, "Theirs.")
    alice.account.delete()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert lines() == [("Mallory Malone", "members", "Theirs.")]


def test_a_line_names_nobody_of_another_account(alice: Membership, mallory: Membership) -> None:
    """W1."""
    with pytest.raises(IntegrityError, match="audit_event_member_account"):
        AuditEvent.objects.create(account=alice.account, member=mallory, area=AuditArea.MEMBERS, what="Across.")


# --- The page


def test_admins_read_the_newest_first(alice: Membership, signed_in: SignedIn) -> None:
    make_event(alice, "Did the first thing.")
    make_event(alice, "Did <b>the</b> second thing.")
    page = page_of(signed_in(alice))
    assert page.index("Did &lt;b&gt;the&lt;/b&gt; second thing.") < page.index("Did the first thing.")


def test_nobody_is_taken_for_another_whose_name_they_took(
    alice: Membership, olga: Membership, signed_in: SignedIn
) -> None:
    signed_in(olga).post(reverse("accounts:profile", args=["acme"]), {"name": "Alice Acker\u202e"})
    make_event(olga, "Did it.")
    page = page_of(signed_in(alice), f"?member={olga.pk}")
    rows = page.partition("<tbody>")[2]
    assert rows.count("olga-olsen@example.test") == 2
    assert "alice-acker@example.test" not in rows
    for email in ("alice-acker@example.test", "olga-olsen@example.test"):
        assert f">Alice Acker ({email})</option>" in page


def test_it_is_narrowed_by_area_person_and_words(alice: Membership, olga: Membership, signed_in: SignedIn) -> None:
    make_event(alice, "Invited Ida.")
    make_event(olga, "Saved a credential.", AuditArea.CREDENTIALS)
    browser = signed_in(alice)
    for query in ("?area=credentials", f"?member={olga.pk}", "?text=CREDENTIAL"):
        page = page_of(browser, query)
        assert "Saved a credential." in page, query
        assert "Invited Ida." not in page, query
    assert "Nothing fits" in page_of(browser, "?text=nobody+did+this")


@pytest.mark.parametrize("query", ["?area=secrets", "?member=0", "?member=x", "?text=" + "x" * 5000, "?text=%00"])
def test_a_filter_that_means_nothing_shows_nothing_and_says_why(
    alice: Membership, signed_in: SignedIn, query: str
) -> None:
    make_event(alice, "Invited Ida.")
    page = page_of(signed_in(alice), query)
    assert "Invited Ida." not in page
    assert "errorlist" in page


def test_another_account_is_never_in_it(alice: Membership, mallory: Membership, signed_in: SignedIn) -> None:
    """W1: neither its lines nor its people."""
    make_event(mallory, "Did it elsewhere.")
    for query in ("", f"?member={mallory.pk}"):
        page = page_of(signed_in(alice), query)
        assert "Did it elsewhere." not in page
        assert "Mallory" not in page


def test_it_is_paged_and_costs_the_same_for_any_length(
    alice: Membership, signed_in: SignedIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(120):
        who = factories.make_member(alice.account) if number % 20 == 0 else alice
        make_event(who, f"Did thing {number}.")
    browser = signed_in(alice)
    with django_assert_num_queries(3 + 3):  # the frame; then people to choose from, the count and a page of events
        page = page_of(browser)
    assert "1–50 of 120 events" in page
    assert "Did thing 69." not in page
    assert "Did thing 69." in page_of(browser, "?page=2")
    assert page_of(browser, "?page=1000000000").count("<time") == 20
