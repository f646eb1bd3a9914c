"""What people may change, and what is refused (D10, D14, D22, D24)."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import Membership, Role
from roadmaps import services
from roadmaps.models import Field, FieldOption, Item, ItemEdit, Roadmap, Share
from tests import factories


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(olga, "Apollo", source_label="Pivotal Tracker")


def refusals(problem: pytest.ExceptionInfo[ValidationError]) -> dict[str, list[str]]:
    return problem.value.message_dict


# --- Items


def test_an_item_made_by_hand_keeps_what_was_typed(roadmap: Roadmap) -> None:
    points = factories.make_field(roadmap.account, "Points", "number")
    theme = factories.make_field(roadmap.account, "Theme", "choices", roadmap=roadmap, options=["Blue", "Red"])
    red = theme.options.get(label="Red").pk

    item = services.create_item(
        roadmap=roadmap,
        by=roadmap.owner,
        texts={
            "name": [" Pay by card "],
            "start_date": ["2026-01-31"],
            points.column: ["2,5"],
            theme.column: ["", str(red)],
        },
    )

    item.refresh_from_db()
    assert item.name == "Pay by card"
    assert item.values == {points.column: 2.5, theme.column: [red]}
    assert (item.origin, item.external_id, item.end_date) == ("", None, None)


def test_every_mistake_is_told_at_its_column_and_nothing_is_saved(roadmap: Roadmap) -> None:
    points = factories.make_field(roadmap.account, "Points", "number")
    link = factories.make_field(roadmap.account, "Spec", "link")
    text = factories.make_field(roadmap.account, "Words", "text")
    with pytest.raises(ValidationError) as problem:
        services.create_item(
            roadmap=roadmap,
            by=roadmap.owner,
            texts={
                "name": ["x" * 5001],
                "start_date": ["1899-12-31"],
                "end_date": ["soon"],
                points.column: ["NaN"],
                link.column: ["javascript:alert(1)"],
                text.column: ["x" * 5001],
            },
        )
    assert refusals(problem) == {
        "name": ["Please use at most 5,000 characters; this has 5,001."],
        "start_date": ["Enter a date between 1900 and 2200."],
        "end_date": ["Enter a date as year-month-day, such as 2026-03-31."],
        points.column: ["Enter a number with at most 15 digits."],
        link.column: ["Enter a web address that starts with https://."],
        text.column: ["Please use at most 5,000 characters; this has 5,001."],
    }
    assert not Item.objects.exists()


def test_a_name_of_5000_characters_is_kept_whole(roadmap: Roadmap) -> None:
    assert services.create_item(roadmap=roadmap, by=roadmap.owner, texts={"name": ["ä" * 5000]}).name == "ä" * 5000


def test_an_end_before_the_start_is_refused(roadmap: Roadmap) -> None:
    item = factories.make_item(roadmap, start_date="2026-02-01")
    with pytest.raises(ValidationError) as problem:
        services.update_item(item=item, by=roadmap.owner, texts={"end_date": ["2026-01-31"]})
    assert refusals(problem) == {"end_date": ["The end can't be before the start."]}


def test_what_was_not_sent_stays(roadmap: Roadmap) -> None:
    field = factories.make_field(roadmap.account, "Theme", roadmap=roadmap)
    item = factories.make_item(roadmap, "Pay", notes="Ask Vera", values={field.column: "Blue"})
    services.update_item(item=item, by=roadmap.owner, texts={"name": ["Pay later"]})
    item.refresh_from_db()
    assert (item.name, item.notes, item.values) == ("Pay later", "Ask Vera", {field.column: "Blue"})


def test_a_value_can_be_taken_away(roadmap: Roadmap) -> None:
    field = factories.make_field(roadmap.account, "Theme", roadmap=roadmap)
    item = factories.make_item(roadmap, "Pay", values={field.column: "Blue"})
    assert services.update_item(item=item, by=roadmap.owner, texts={field.column: [" "]}).values == {}


@pytest.mark.parametrize("state", ["", "deleted"])
def test_a_synced_cell_is_refused_whatever_a_form_sends(roadmap: Roadmap, state: str) -> None:
    """D10: also on items that their source lost, because they may come back."""
    field = factories.make_field(roadmap.account, "State", "text", source_kind="pivotal_tracker", source_key="state")
    roadmap.synced_columns = ["name", "start_date", field.column]
    roadmap.save()
    item = factories.make_item(roadmap, "Pay", external_id="1", values={field.column: "started"}, source_state=state)
    with pytest.raises(ValidationError) as problem:
        services.update_item(
            item=item,
            by=roadmap.owner,
            texts={"name": ["Mine"], field.column: ["accepted"], "start_date": [""], "notes": ["Hello"]},
        )
    sentence = ["Synced from Pivotal Tracker; it can only be changed there."]
    assert refusals(problem) == {"name": sentence, "start_date": sentence, field.column: sentence}
    item.refresh_from_db()
    assert (item.name, item.notes, item.values) == ("Pay", "", {field.column: "started"})


def test_own_cells_of_a_synced_item_can_be_changed(roadmap: Roadmap) -> None:
    """D10: local fields and notes are never touched by a sync, and always open to people."""
    roadmap.synced_columns = ["name", "description"]
    roadmap.save()
    theme = factories.make_field(roadmap.account, "Theme", roadmap=roadmap)
    item = factories.make_item(roadmap, "Pay", external_id="1")
    changed = services.update_item(item=item, by=roadmap.owner, texts={theme.column: ["Blue"], "notes": ["Ask Vera"]})
    assert (changed.values, changed.notes) == ({theme.column: "Blue"}, "Ask Vera")


def test_a_source_keeps_its_items_from_being_deleted(roadmap: Roadmap) -> None:
    item = factories.make_item(roadmap, external_id="1")
    with pytest.raises(services.Refused, match="comes from Pivotal Tracker and can't be deleted here"):
        services.delete_item(item=item)
    services.delete_item(item=factories.make_item(roadmap))
    assert Item.objects.get() == item


def test_an_option_of_another_account_is_refused(roadmap: Roadmap, mallory: Membership) -> None:
    """S33."""
    mine = factories.make_field(roadmap.account, "Theme", "choice", options=["Blue"])
    theirs = factories.make_field(mallory.account, "Theme", "choice", options=["Red"])
    with pytest.raises(ValidationError) as problem:
        services.create_item(
            roadmap=roadmap,
            by=roadmap.owner,
            texts={"name": ["x"], mine.column: [str(theirs.options.get().pk)], theirs.column: ["1"]},
        )
    assert refusals(problem) == {mine.column: ["Choose from the list; one of the values is no longer there."]}


def test_an_archived_list_value_stays_where_it_is_but_can_not_be_chosen_anew(roadmap: Roadmap) -> None:
    theme = factories.make_field(roadmap.account, "Theme", "choice", roadmap=roadmap, options=["Blue"])
    blue = theme.options.get()
    old = factories.make_item(roadmap, values={theme.column: blue.pk})
    services.archive_option(field=theme, option_id=str(blue.pk), by=roadmap.owner)

    services.update_item(item=old, by=roadmap.owner, texts={theme.column: [str(blue.pk)]})
    with pytest.raises(ValidationError):
        services.create_item(roadmap=roadmap, by=roadmap.owner, texts={"name": ["x"], theme.column: [str(blue.pk)]})


# --- The trail


def trail(item: Item) -> list[tuple[str, str, object]]:
    return [(edit.kind, str(edit.member), edit.changes) for edit in item.edits.select_related("member__user")]


def test_who_makes_an_item_and_what_they_gave_it_is_written_down(roadmap: Roadmap, olga: Membership) -> None:
    done = factories.make_field(roadmap.account, "Done", "checkbox")
    item = services.create_item(
        roadmap=roadmap, by=olga, texts={"name": ["Pay"], "start_date": ["2026-01-31"], done.column: ["no"]}
    )
    made = {"name": [None, "Pay"], "start_date": [None, "2026-01-31"], done.column: [None, False]}
    assert trail(item) == [("made", "Olga Olsen", made)]


def test_a_change_is_written_down_with_what_was_and_what_is(roadmap: Roadmap, alice: Membership) -> None:
    theme = factories.make_field(roadmap.account, "Theme", "choices", roadmap=roadmap, options=["Blue", "Red"])
    blue, red = theme.options.all()
    item = factories.make_item(
        roadmap, "Pay", notes="Ask", end_date="2026-03-01", values={theme.column: [blue.pk, red.pk]}
    )
    texts = {"name": ["Pay"], "notes": [""], "end_date": ["2026-03-02"], theme.column: [str(red.pk)]}
    services.update_item(item=item, by=alice, texts=texts)
    changed = {
        "notes": ["Ask", None],
        "end_date": ["2026-03-01", "2026-03-02"],
        theme.column: [[blue.pk, red.pk], [red.pk]],
    }
    assert trail(item) == [("changed", "Alice Acker", changed)]


def test_saving_what_was_there_already_changes_and_records_nothing(roadmap: Roadmap) -> None:
    item = factories.make_item(roadmap, "Pay", notes="Ask")
    services.update_item(item=item, by=roadmap.owner, texts={"name": ["Pay"], "notes": ["Ask "]})
    assert trail(item) == []
    assert Item.objects.get().updated_at == item.updated_at


def test_a_refused_change_leaves_no_trail(roadmap: Roadmap) -> None:
    item = factories.make_item(roadmap, "Pay")
    with pytest.raises(ValidationError):
        services.update_item(item=item, by=roadmap.owner, texts={"name": [""], "notes": ["x"]})
    assert not ItemEdit.objects.exists()


# --- Roadmaps and people


def test_a_reviewer_makes_no_roadmap(vera: Membership) -> None:
    with pytest.raises(services.Refused, match="Reviewers look at roadmaps"):
        services.create_roadmap(owner=vera, name="Mine")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [(" ", "Enter a name."), ("x" * 121, "Please use at most 120 characters; this has 121.")],
)
def test_a_roadmap_needs_a_name_that_fits(olga: Membership, name: str, sentence: str) -> None:
    with pytest.raises(ValidationError) as problem:
        services.create_roadmap(owner=olga, name=name)
    assert refusals(problem) == {"name": [sentence]}


def test_a_roadmap_is_shared_with_active_members_of_its_account_alone(
    roadmap: Roadmap, alice: Membership, vera: Membership, mallory: Membership
) -> None:
    gone = factories.make_member(roadmap.account, deactivated_at=timezone.now())
    for member in (mallory, gone):
        with pytest.raises(ValidationError, match="Choose somebody from the list"):
            services.share(roadmap=roadmap, member=member, level="viewer", by=roadmap.owner)
    with pytest.raises(ValidationError, match="Reviewers can only be viewers"):
        services.share(roadmap=roadmap, member=vera, level="editor", by=roadmap.owner)
    with pytest.raises(ValidationError, match="Choose “Editor” or “Viewer”"):
        services.share(roadmap=roadmap, member=alice, level="owner", by=roadmap.owner)
    with pytest.raises(ValidationError, match="owns this roadmap already"):
        services.share(roadmap=roadmap, member=roadmap.owner, level="viewer", by=roadmap.owner)
    assert not Share.objects.exists()

    services.share(roadmap=roadmap, member=alice, level="viewer", by=roadmap.owner)
    services.share(roadmap=roadmap, member=alice, level="editor", by=roadmap.owner)
    assert Share.objects.get().level == "editor"
    services.unshare(roadmap=roadmap, member=alice, by=roadmap.owner)
    assert not Share.objects.exists()


def test_a_roadmap_is_handed_over_whole(
    roadmap: Roadmap, olga: Membership, alice: Membership, vera: Membership
) -> None:
    services.share(roadmap=roadmap, member=alice, level="viewer", by=roadmap.owner)
    services.hand_over(roadmap=roadmap, member=alice, by=roadmap.owner)
    roadmap.refresh_from_db()
    assert roadmap.owner == alice
    assert {(share.member, share.level) for share in roadmap.shares.all()} == {(olga, "editor")}


def test_a_roadmap_is_handed_over_to_somebody_who_can_own_it(
    roadmap: Roadmap, olga: Membership, vera: Membership, mallory: Membership
) -> None:
    for member, sentence in (
        (vera, "Reviewers can't own roadmaps"),
        (mallory, "Choose somebody from the list"),
    ):
        with pytest.raises(ValidationError, match=sentence):
            services.hand_over(roadmap=roadmap, member=member, by=roadmap.owner)
    with pytest.raises(services.Refused, match="owns this roadmap already"):
        services.hand_over(roadmap=roadmap, member=olga, by=roadmap.owner)


def test_an_owner_who_became_a_reviewer_stays_a_viewer(roadmap: Roadmap, olga: Membership, alice: Membership) -> None:
    olga.role = Role.REVIEWER
    olga.save()
    services.hand_over(roadmap=roadmap, member=alice, by=roadmap.owner)
    assert Share.objects.get().level == "viewer"


# --- Fields


def test_a_list_field_starts_with_its_values_each_in_a_colour(roadmap: Roadmap) -> None:
    field = services.create_field(
        account=roadmap.account,
        roadmap=roadmap,
        name="Theme",
        type_="choice",
        labels=["Blue", " ", "blue", "Red "],
        by=roadmap.owner,
    )
    options = field.options.values_list("label", "colour", "position")
    assert list(options) == [("Blue", 1, 0), ("Red", 2, 1)]


@pytest.mark.parametrize(
    ("name", "type_", "errors"),
    [
        ("", "text", {"name": ["Enter a name."]}),
        ("x" * 81, "text", {"name": ["Please use at most 80 characters; this has 81."]}),
        ("theme", "text", {"name": ["There is a field of that name already."]}),
        ("External  id", "text", {"name": ["Every item has “External  id” already; choose another name."]}),
        ("New", "money", {"type": ["Choose a type from the list."]}),
    ],
)
def test_a_field_that_can_not_be(roadmap: Roadmap, name: str, type_: str, errors: dict[str, list[str]]) -> None:
    factories.make_field(roadmap.account, "Theme")
    with pytest.raises(ValidationError) as problem:
        services.create_field(account=roadmap.account, name=name, type_=type_, by=roadmap.owner)
    assert refusals(problem) == errors


def test_a_field_goes_to_a_roadmap_of_its_own_account(roadmap: Roadmap, mallory: Membership) -> None:
    with pytest.raises(ValidationError, match="another account"):
        services.create_field(account=mallory.account, roadmap=roadmap, name="Theme", type_="text", by=roadmap.owner)


def test_a_synced_field_is_left_alone(roadmap: Roadmap) -> None:
    field = factories.make_field(
        roadmap.account,
        "State",
        "choice",
        options=["started"],
        source_kind="pivotal_tracker",
        source_key="state",
        source_label="Pivotal Tracker",
    )
    option = field.options.get()
    for change in (
        lambda: services.rename_field(field=field, name="Phase", by=roadmap.owner),
        lambda: services.add_options(field=field, labels=["more"], by=roadmap.owner),
        lambda: services.rename_options(field=field, labels={option.pk: "begun"}, by=roadmap.owner),
        lambda: services.archive_option(field=field, option_id=str(option.pk), by=roadmap.owner),
    ):
        with pytest.raises(services.Refused, match="comes from Pivotal Tracker"):
            change()


def test_the_values_of_a_list_change_all_together_or_not_at_all(roadmap: Roadmap) -> None:
    field = factories.make_field(roadmap.account, "Theme", "choice", options=["Blue", "Red"])
    red = field.options.get(label="Red")
    with pytest.raises(ValidationError) as problem:
        services.change_field(field=field, name="Topic", renamed={red.pk: "BLUE"}, labels=["Green"], by=roadmap.owner)
    assert refusals(problem) == {f"option_{red.pk}": ["“BLUE” is in the list already, or was."]}
    assert Field.objects.get().name == "Theme"

    services.change_field(field=field, name="Topic", renamed={red.pk: "Crimson"}, labels=["Green"], by=roadmap.owner)
    assert Field.objects.get().name == "Topic"
    assert list(field.options.values_list("label", flat=True)) == ["Blue", "Crimson", "Green"]


def test_an_archived_list_value_comes_back_instead_of_a_twin(roadmap: Roadmap) -> None:
    field = factories.make_field(roadmap.account, "Theme", "choice", options=["Blue"])
    services.archive_option(field=field, option_id=str(field.options.get().pk), by=roadmap.owner)
    services.add_options(field=field, labels=["BLUE"], by=roadmap.owner)
    option = FieldOption.objects.get()
    assert (option.label, option.archived_at) == ("Blue", None)


def test_only_lists_have_values(roadmap: Roadmap) -> None:
    with pytest.raises(services.Refused, match="is no list"):
        services.add_options(field=factories.make_field(roadmap.account, "Words"), labels=["x"], by=roadmap.owner)
