"""W13: what a form does not ask for is not written, whoever adds it to a good post."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import pytest

from tests.factories import PASSWORD
from tests.matrix.asking import address_of, filled, send, taken_back
from tests.matrix.planted import MARKS, MODELS, planted, space_of, value_for
from tests.matrix.rows import all_rows
from tests.matrix.site import FAR, Site, count_on_from
from tests.matrix.table import TABLE

pytestmark = pytest.mark.django_db

#: Posts that are good to their end, where the matrix asks for less than that.
GOOD = {
    "account_signup": {
        "name": "Nadja Neu",
        "account_name": "Novum",
        "email": "nadja@example.test",
        "password1": PASSWORD,
    },
    "account_login": {"login": "olga-olsen@example.test", "password": PASSWORD},
    "account_email": {"email": "second@example.test", "action_add": "1"},
    "account_change_password": {"oldpassword": PASSWORD, "password1": f"{PASSWORD}-2", "password2": f"{PASSWORD}-2"},
    "invitations:join": {"name": "Nadja Neu", "password": PASSWORD},
}
#: What else of a model's fields a form asks for, so that posting it is no trick.
ASKED_FOR: dict[str, set[str]] = {
    "accounts:account": {"requires_second_factor"},
    "roadmaps:new": {"description"},
    "roadmaps:settings": {"description"},
    "roadmaps:view-new": {"layout"},
    "roadmaps:item-new": {"description", "notes", "start_date", "end_date"},
    "roadmaps:item-edit": {"description", "notes", "start_date", "end_date"},
}


def test_each_field_of_each_model_has_a_value_to_plant(site: Site) -> None:
    """A new kind of field fails here: say what would fit it."""
    fields = [field for model in MODELS for field in model._meta.concrete_fields]
    assert all(value_for(field, site) for field in fields)
    assert {field.name for field in fields} >= {"sealed", "role", "is_active", "verified", "owner", "source_state"}


@pytest.mark.parametrize("who", ["nobody", "reviewer", "editor", "owner", "admin"])
def test_what_a_form_does_not_ask_for_is_not_written(who: str, site: Site) -> None:
    """Every good post again, with all fields of all models added, leaves the same rows, and nothing planted in any."""
    everything = {space: planted(space, site) for space in {*map(space_of, TABLE)}}
    wrong = []
    for name, row in TABLE.items():
        if not row.post or who not in row.may:
            continue
        address, good = address_of(name, row, site.things), GOOD.get(name) or filled(row, site.things)
        asked_for = ASKED_FOR.get(name, set())
        added = {key: value for key, value in everything[space_of(name)].items() if key not in asked_for}
        (status, plain), (also, after) = (rows_after(site, who, address, body) for body in (good, {**added, **good}))
        if status != also or (name in GOOD and status != 302):
            wrong.append(f"{address}: answered {status}, and {also} with more")
        changed = [
            table for table in plain if list(map(comparable, plain[table])) != list(map(comparable, after[table]))
        ]
        if changed:
            wrong.append(f"{address}: {changed}")
        marked = [table for table, rows in after.items() if any(map(MARKS.search, rows))]
        if marked:
            wrong.append(f"{address}: planted in {marked}")
    assert wrong == []


#: What is new each time: moments, seals, and what is made by chance. Of what was planted there, the marks tell.
_NEW = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00|v1\.[\w=.-]+|[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4,12}){4}"
    r"|md5\$[^\"]+|\"session_key\": \"\w+\"|\"slug\": \"[\w-]+-\w{4}\""
)


@cache
def comparable(row: str) -> str:
    """The row without what is new each time."""
    return _NEW.sub("", row)


def rows_after(site: Site, who: str, address: str, body: Mapping[str, str]) -> tuple[int, dict[str, list[str]]]:
    """The answer, and all rows of all accounts as they are after a post, which is then taken back."""
    with taken_back(site, who) as browser:
        count_on_from(2 * FAR)
        answer, _ = send(browser, "POST", address, body)
        return answer.status_code, all_rows()
