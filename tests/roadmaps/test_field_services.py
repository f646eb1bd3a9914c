"""Fields put aside and brought back, promoted, and how their lists look (S23, D13, D14)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Membership
from roadmaps import columns, fields, services
from roadmaps.models import Field, FieldOption, Roadmap
from roadmaps.services import fields as field_services
from tests import factories


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(olga, "Apollo")


def synced(roadmap: Roadmap, name: str = "State", type_: str = "choice", **columns: object) -> Field:
    return factories.make_field(
        roadmap.account,
        name,
        type_,
        source_kind="pivotal_tracker",
        source_key=name.lower(),
        source_label="Pivotal Tracker",
        **columns,
    )


def names_of(roadmap: Roadmap) -> list[str]:
    return [column.label for column in columns.load(roadmap) if column.name.startswith("f")]


def labels(field: Field) -> list[str]:
    return list(field.options.filter(archived_at=None).values_list("label", flat=True))


# --- The archive


def test_an_archived_field_is_no_column_and_comes_back_with_its_values(roadmap: Roadmap) -> None:
    field = factories.make_field(roadmap.account, "Cost", "number")
    item = factories.make_item(roadmap, values={field.column: 7})
    services.archive_field(field=field, by=roadmap.owner)
    assert names_of(roadmap) == []
    services.update_item(item=item, texts={"name": ["Renamed"]}, by=roadmap.owner)
    item.refresh_from_db()
    assert item.values == {field.column: 7}

    services.restore_field(field=field, by=roadmap.owner)
    assert names_of(roadmap) == ["Cost"]


def test_a_field_that_a_sync_writes_is_not_archived(roadmap: Roadmap) -> None:
    field = synced(roadmap)
    with pytest.raises(services.Refused, match="No roadmap pulls it now"):
        services.archive_field(field=field, by=roadmap.owner)
    for number in range(5):
        factories.make_roadmap(roadmap.owner, f"Roadmap {number}", synced_columns=[field.column])
    with pytest.raises(services.Refused, match="“Roadmap 0”, “Roadmap 1”, “Roadmap 2” and 2 more"):
        services.archive_field(field=field, by=roadmap.owner)


def test_the_database_refuses_an_archived_synced_field(roadmap: Roadmap) -> None:
    field = synced(roadmap)
    with pytest.raises(IntegrityError, match="field_from_outside_is_not_archived"), transaction.atomic():
        Field.objects.filter(pk=field.pk).update(archived_at=timezone.now())


def test_the_name_of_an_archived_field_stays_taken(roadmap: Roadmap) -> None:
    field = services.create_field(account=roadmap.account, name="Cost", type_="number", by=roadmap.owner)
    services.archive_field(field=field, by=roadmap.owner)
    with pytest.raises(ValidationError, match="An archived field has that name"):
        services.create_field(account=roadmap.account, name="cost", type_="text", by=roadmap.owner)


def test_archived_fields_leave_room_for_others(roadmap: Roadmap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field_services, "MAX_FIELDS", 1)
    first = services.create_field(account=roadmap.account, name="One", type_="text", by=roadmap.owner)
    with pytest.raises(ValidationError, match="the most"):
        services.create_field(account=roadmap.account, name="Two", type_="text", by=roadmap.owner)
    services.archive_field(field=first, by=roadmap.owner)
    services.create_field(account=roadmap.account, name="Two", type_="text", by=roadmap.owner)
    with pytest.raises(services.Refused, match="the most"):
        services.restore_field(field=first, by=roadmap.owner)


def test_a_field_remembers_who_made_it_until_they_are_gone(roadmap: Roadmap, mallory: Membership) -> None:
    field = services.create_field(account=roadmap.account, name="Cost", type_="number", by=roadmap.owner)
    assert field.created_by == roadmap.owner
    with pytest.raises(IntegrityError, match="field_creator_account"), transaction.atomic():
        Field.objects.filter(pk=field.pk).update(created_by=mallory)


# --- Promoting


def test_a_promoted_field_is_on_every_roadmap_and_its_values_stay(roadmap: Roadmap) -> None:
    other = factories.make_roadmap(roadmap.owner, "Borealis")
    field = factories.make_field(roadmap.account, "Team", "choice", roadmap=roadmap, options=["Red", "Blue"])
    item = factories.make_item(roadmap, values={field.column: field.options.first().pk})
    before = item.values
    services.promote_field(field=field, name="Team", by=roadmap.owner)
    assert names_of(other) == ["Team"]
    assert labels(field) == ["Red", "Blue"]
    item.refresh_from_db()
    assert item.values == before


def test_a_promoted_field_needs_a_name_of_its_own(roadmap: Roadmap) -> None:
    factories.make_field(roadmap.account, "Team")
    field = factories.make_field(roadmap.account, "Team", roadmap=roadmap)
    with pytest.raises(ValidationError, match="already"):
        services.promote_field(field=field, name="team", by=roadmap.owner)
    field.refresh_from_db()
    assert field.roadmap == roadmap

    services.promote_field(field=field, name="Crew", by=roadmap.owner)
    field.refresh_from_db()
    assert (field.roadmap, field.name) == (None, "Crew")


def test_what_is_shared_or_archived_is_not_promoted(roadmap: Roadmap) -> None:
    shared = factories.make_field(roadmap.account, "Team")
    gone = factories.make_field(roadmap.account, "Cost", roadmap=roadmap, archived_at=timezone.now())
    for field, why in ((shared, "already"), (gone, "Bring it back")):
        with pytest.raises(services.Refused, match=why):
            services.promote_field(field=field, name="Name", by=roadmap.owner)


# --- The values of lists


@pytest.mark.parametrize(
    ("moved", "to", "expected"),
    [
        ("Blue", "up", ["Blue", "Red", "Green"]),
        ("Blue", "down", ["Red", "Green", "Blue"]),
        ("Red", "up", ["Red", "Blue", "Green"]),
        ("Green", "down", ["Red", "Blue", "Green"]),
    ],
)
def test_a_value_changes_places_with_its_neighbour(roadmap: Roadmap, moved: str, to: str, expected: list[str]) -> None:
    """Archived ones in between don't count; all stand at one position, as after a merge of two lists."""
    field = factories.make_field(roadmap.account, "Team", "choice")
    for label in ("Red", "Gone", "Blue", "Green"):
        factories.make_option(field, label, archived_at=timezone.now() if label == "Gone" else None)
    services.move_option(field=field, option_id=str(field.options.get(label=moved).pk), to=to)  # type: ignore[arg-type]
    assert labels(field) == expected


def test_a_list_is_sorted_as_people_sort(roadmap: Roadmap) -> None:
    field = factories.make_field(
        roadmap.account, "Sprint", "choice", options=["Sprint 10", "beta", "sprint 2", "Alpha", "1st"]
    )
    services.sort_options(field=field)
    assert labels(field) == ["1st", "Alpha", "beta", "sprint 2", "Sprint 10"]


@given(st.lists(st.text(max_size=20), max_size=6))
def test_any_labels_can_be_sorted(texts: list[str]) -> None:
    assert len(sorted(texts, key=fields.natural_order)) == len(texts)


def test_order_and_colour_of_a_synced_list_are_the_accounts_own(roadmap: Roadmap) -> None:
    """No sync touches them, so they can be changed; what a value is called, and whether it is offered, can't (D10)."""
    field = synced(roadmap, options=["started", "accepted"])
    started, accepted = field.options.all()
    services.move_option(field=field, option_id=str(accepted.pk), to="up")
    services.recolour_options(field=field, colours={started.pk: 9})
    assert list(field.options.values_list("label", "colour")) == [("accepted", 1), ("started", 9)]
    actions: list[Callable[[], object]] = [
        lambda: services.restore_option(field=field, option_id=str(started.pk), by=roadmap.owner),
        lambda: services.change_field(field=field, name="Phase", renamed={}, labels=[], by=roadmap.owner),
        lambda: services.change_field(
            field=field, name="State", renamed={started.pk: "begun"}, labels=[], by=roadmap.owner
        ),
        lambda: services.change_field(field=field, name="State", renamed={}, labels=["more"], by=roadmap.owner),
    ]
    for action in actions:
        with pytest.raises(services.Refused, match="comes from Pivotal Tracker"):
            action()


@pytest.mark.parametrize("colour", [0, 13, -1])
def test_there_are_twelve_colours(roadmap: Roadmap, colour: int) -> None:
    field = factories.make_field(roadmap.account, "Team", "choice", options=["Red"])
    with pytest.raises(services.Refused):
        services.recolour_options(field=field, colours={field.options.get().pk: colour})


def test_a_value_of_another_field_is_not_touched(roadmap: Roadmap, mallory: Membership) -> None:
    """S33."""
    mine = factories.make_field(roadmap.account, "Team", "choice", options=["Red"])
    theirs = factories.make_field(mallory.account, "Team", "choice", options=["Red"]).options.get()
    services.recolour_options(field=mine, colours={theirs.pk: 5})
    for action in ("up", "down", "archive", "restore", "nonsense"):
        with pytest.raises(services.Refused):
            services.change_field(
                field=mine, name="Team", renamed={}, labels=[], then=(action, str(theirs.pk)), by=roadmap.owner
            )
    assert FieldOption.objects.get(pk=theirs.pk).colour == 1


def test_a_button_that_fails_takes_what_was_typed_back(roadmap: Roadmap) -> None:
    field = factories.make_field(roadmap.account, "Team", "choice", options=["Red"])
    with pytest.raises(services.Refused):
        services.change_field(field=field, name="Crew", renamed={}, labels=["Blue"], then=("up", "0"), by=roadmap.owner)
    assert Field.objects.get().name == "Team"
    assert labels(field) == ["Red"]
