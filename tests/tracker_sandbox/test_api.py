"""What a client sees: tokens, errors, paging, fields, versions, as the notes on the v5 API say."""

from __future__ import annotations

import hashlib

import pytest

from tests.tracker_sandbox.support import NOON, VERA, Acme, Client
from tracker_sandbox.entities import ReviewType
from tracker_sandbox.server import Sandbox

PAGINATION = [f"X-Tracker-Pagination-{name}" for name in ("Total", "Limit", "Offset", "Returned")]


def _stories(acme: Acme, count: int) -> list[int]:
    return [acme.world.create_story(acme.project.id, f"Story {n}").id for n in range(count)]


def test_me_tells_whose_token_it_is_and_has_no_version_header(client: Client, acme: Acme) -> None:
    got = client.get("/me")
    assert (got.status, got.json["name"], got.json["kind"]) == (200, "Alice Ames", "me")
    assert [one["project_id"] for one in got.json["projects"]] == [acme.project.id, acme.other.id]
    assert "X-Tracker-Project-Version" not in got.headers


@pytest.mark.parametrize("token", ["", "0" * 32])
def test_a_missing_or_wrong_token_is_403_invalid_authentication(sandbox: Sandbox, acme: Acme, token: str) -> None:
    for path in ("/me", f"/projects/{acme.project.id}"):
        got = Client(sandbox, token).get(path)
        assert (got.status, got.json["code"]) == (403, "invalid_authentication")
        assert "possible_fix" in got.json
        assert "ETag" not in got.headers
        assert got.headers["Cache-Control"] == "no-cache"


def test_a_revoked_or_regenerated_token_opens_nothing_any_more(client: Client, acme: Acme) -> None:
    fresh = acme.world.regenerate_token(acme.alice.id)
    assert client.get("/me").json["code"] == "invalid_authentication"
    client.token = fresh
    assert client.get("/me").status == 200
    acme.world.revoke_token(fresh)
    assert client.get("/me").status == 403


def test_foreign_deleted_and_closed_projects_are_403_unauthorized_operation(client: Client, acme: Acme) -> None:
    client.token = VERA
    path = f"/projects/{acme.project.id}/stories"
    assert client.get(f"/projects/{acme.other.id}").json["code"] == "unauthorized_operation"
    assert client.get(path).status == 200
    acme.world.set_api_access(acme.project.id, False)
    assert client.get(path).json["code"] == "unauthorized_operation"
    acme.world.set_api_access(acme.project.id, True)
    acme.world.leave(acme.project.id, acme.vera.id)
    assert client.get(path).json["code"] == "unauthorized_operation"
    acme.world.set_public(acme.project.id, True)
    client.token = ""
    assert client.get(path).status == 200
    acme.world.delete_project(acme.project.id)
    assert client.get(path).json["code"] == "unauthorized_operation"


def test_archived_and_deleted_projects_are_not_listed(client: Client, acme: Acme) -> None:
    acme.world.archive_project(acme.other.id)
    assert [one["id"] for one in client.get("/projects", fields="id,version").json] == [acme.project.id]
    assert client.get(f"/projects/{acme.other.id}").status == 200


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/projects/-1", "unfound_resource"),
        ("/projects/123456789123456789", "unfound_resource"),
        ("/projects/new", "route_not_found"),
        ("/project/1", "route_not_found"),
        ("/projects//epics", "unfound_resource"),
        ("/projects//stories//comments", "route_not_found"),
        ("/stories/1", "unfound_resource"),
    ],
)
def test_unknown_ids_and_paths_are_404_with_the_right_code(client: Client, path: str, code: str) -> None:
    got = client.get(path)
    assert (got.status, got.json["code"], got.json["kind"]) == (404, code, "error")


def test_a_story_answers_under_its_project_only_and_without_one(client: Client, acme: Acme) -> None:
    (story,) = _stories(acme, 1)
    assert client.get(f"/projects/{acme.project.id}/stories/{story}").json["id"] == story
    assert client.get(f"/projects/{acme.other.id}/stories/{story}").json["code"] == "unfound_resource"
    got = client.get(f"/stories/{story}")
    assert got.headers["X-Tracker-Project-Version"] == str(acme.project.version)


def test_stories_come_by_100_and_at_most_500_with_the_used_limit_in_the_header(client: Client, acme: Acme) -> None:
    _stories(acme, 510)
    path = f"/projects/{acme.project.id}/stories"
    pages = [client.get(path), client.get(path, limit=10_000), client.get(path, limit=7, offset=505)]
    told = [[int(page.headers[name]) for name in PAGINATION] for page in pages]
    assert told == [[510, 100, 0, 100], [510, 500, 0, 500], [510, 7, 505, 5]]
    past = client.get(path, offset=9999)
    assert (past.status, past.json, past.headers["X-Tracker-Pagination-Offset"]) == (200, [], "9999")
    assert client.get(path, limit=0).headers["X-Tracker-Pagination-Total"] == "510"


def test_lists_without_pagination_have_no_such_headers(client: Client, acme: Acme) -> None:
    for name in ("epics", "labels", "memberships"):
        got = client.get(f"/projects/{acme.project.id}/{name}")
        assert not [header for header in PAGINATION if header in got.headers]
        assert got.headers["X-Tracker-Project-Version"] == str(acme.project.version)


@pytest.mark.parametrize(
    "query",
    [
        {"bogus": "1"},
        {"limit": "many"},
        {"limit": "-1"},
        {"offset": "-1"},
        {"with_state": "done"},
        {"with_story_type": "epic"},
        {"updated_after": "yesterday"},
        {"filter": "state:started", "with_state": "started"},
        {"fields": "name,(id)"},
        {"fields": "labels(name"},
        {"fields": "nmae"},
        {"date_format": "unix"},
        {"envelope": "yes"},
    ],
)
def test_wrong_parameters_are_400_and_named(client: Client, acme: Acme, query: dict[str, str]) -> None:
    got = client.get(f"/projects/{acme.project.id}/stories", **query)
    assert (got.status, got.json["code"]) == (400, "invalid_parameter")
    assert got.json["general_problem"]


def test_members_without_a_value_are_absent_and_empty_lists_are_not(client: Client, acme: Acme) -> None:
    story = acme.world.create_story(acme.project.id, "Bare")
    got = client.get(f"/stories/{story.id}").json
    assert not {"estimate", "description", "accepted_at", "deadline", "owned_by_id"} & got.keys()
    assert (got["owner_ids"], got["labels"]) == ([], [])
    assert client.get(f"/stories/{story.id}", fields="estimate").json == {"id": story.id}


def test_fields_pick_add_and_nest(client: Client, acme: Acme) -> None:
    owner = acme.alice.id
    story = acme.world.create_story(acme.project.id, "Full", labels=["Zeta", "alpha"], owner_ids=[owner], estimate=0.5)
    path = f"/stories/{story.id}"
    assert client.get(path, fields="story_type,current_state").json.keys() == {"id", "story_type", "current_state"}
    default = client.get(path).json
    assert (default["estimate"], default["owned_by_id"]) == (0.5, owner)
    assert [label["name"] for label in default["labels"]] == ["alpha", "zeta"]
    more = client.get(path, fields=":default,label_ids,owners(name)").json
    assert more.keys() - default.keys() == {"label_ids", "owners"}
    assert more["owners"] == [{"id": owner, "name": "Alice Ames"}]
    assert "owned_by_id" not in client.get(path, fields=":default,owned_by").json


def test_an_epic_is_known_by_its_label(client: Client, acme: Acme) -> None:
    epic = acme.world.create_epic(acme.project.id, "Big Thing", label="Big", description="All of it")
    acme.world.create_story(acme.project.id, "Part", labels=["big"])
    got = client.get(f"/epics/{epic.id}", fields=":default,label_id").json
    assert (got["label"]["name"], got["label"]["id"]) == ("big", got["label_id"])
    project = client.get(f"/projects/{acme.project.id}", fields="epics(name,label(name))").json
    assert project == {
        "id": acme.project.id,
        "epics": [{"id": epic.id, "name": "Big Thing", "label": {"id": got["label_id"], "name": "big"}}],
    }


def test_times_come_in_milliseconds_on_demand(client: Client, acme: Acme) -> None:
    story = acme.world.create_story(acme.project.id, "Timed")
    assert client.get(f"/stories/{story.id}").json["created_at"] == "2026-03-02T12:00:00Z"
    assert client.get(f"/stories/{story.id}", date_format="millis").json["created_at"] == NOON * 1000
    changes = client.get(f"/projects/{acme.project.id}/activity", date_format="millis", limit=1).json[0]["changes"]
    assert changes[-1]["new_values"]["created_at"] == NOON * 1000


def test_an_envelope_holds_data_and_pagination(client: Client, acme: Acme) -> None:
    _stories(acme, 3)
    got = client.get(f"/projects/{acme.project.id}/stories", envelope="true", limit=2).json
    assert len(got["data"]) == 2
    assert got["pagination"] == {"total": 3, "limit": 2, "offset": 0, "returned": 2}
    assert client.get("/me", envelope="true").json.keys() == {"data"}


def test_the_etag_is_the_weak_md5_of_the_body_and_gives_304(client: Client, acme: Acme) -> None:
    _stories(acme, 1)
    path = f"/projects/{acme.project.id}/stories"
    got = client.get(path)
    assert got.headers["ETag"] == f'W/"{hashlib.md5(got.body, usedforsecurity=False).hexdigest()}"'
    again = client.get(path, headers={"If-None-Match": got.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    assert client.get(path, headers={"If-None-Match": '"other"'}).status == 200


def test_bodies_are_packed_for_those_who_take_gzip(client: Client, acme: Acme) -> None:
    _stories(acme, 20)
    path = f"/projects/{acme.project.id}/stories"
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.json == client.get(path).json


def test_every_success_carries_the_headers_of_the_service(client: Client) -> None:
    headers = client.get("/me").headers
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["X-Tracker-Client-Pinger-Interval"] == "20"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["X-Request-Id"] and headers["X-Runtime"] and headers["Date"]


def test_bulk_answers_what_is_still_there_and_drops_the_rest(client: Client, acme: Acme) -> None:
    first, second, third = _stories(acme, 3)
    acme.world.delete_story(second)
    acme.world.move_to_project(third, acme.other.id)
    path = f"/projects/{acme.project.id}/stories/bulk"
    got = client.get(path, ids=f"{first},{second},{third},1", fields="name")
    assert [story["id"] for story in got.json] == [first]
    assert client.get(path).json["code"] == "invalid_parameter"
    assert client.get(path, ids=",".join(map(str, range(501)))).status == 400


def test_the_order_is_accepted_by_time_then_rank_then_icebox(client: Client, acme: Acme) -> None:
    make = acme.world.create_story
    icebox = make(acme.project.id, "icebox").id
    backlog = make(acme.project.id, "backlog", current_state="unstarted").id
    late = make(acme.project.id, "late", current_state="unstarted").id
    early = make(acme.project.id, "early", current_state="unstarted").id
    acme.world.set_state(early, "accepted")
    acme.world.clock.advance(10)
    acme.world.set_state(late, "accepted")
    got = client.get(f"/projects/{acme.project.id}/stories", fields="id").json
    assert [story["id"] for story in got] == [early, late, backlog, icebox]


def test_updated_after_leaves_out_its_own_second(client: Client, acme: Acme) -> None:
    first, second = _stories(acme, 2)
    acme.world.clock.advance(1)
    acme.world.update_story(second, name="Later")
    path = f"/projects/{acme.project.id}/stories"
    found = client.get(path, updated_after="2026-03-02T12:00:00Z", fields="id").json
    assert [story["id"] for story in found] == [second]
    found = client.get(path, updated_before=str((NOON + 1) * 1000), fields="id").json
    assert [story["id"] for story in found] == [first]


def test_other_methods_are_refused_and_counted(client: Client, sandbox: Sandbox) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert client.ask(method, "/projects").json["code"] == "route_not_found"
    assert [record.method for record in sandbox.non_gets] == ["POST", "PUT", "DELETE", "PATCH"]


def test_the_request_log_holds_paths_but_never_a_token(client: Client, sandbox: Sandbox) -> None:
    client.get("/projects", fields="id")
    client.get("/projects", token=client.token)
    assert [(one.path, one.query, one.status) for one in sandbox.requests] == [
        ("/services/v5/projects", "fields=id", 200),
        ("/services/v5/projects", "token=...", 400),
    ]
    assert client.token not in repr(sandbox.requests)


def test_neighbours_and_blocked_stories_are_told_on_demand(client: Client, acme: Acme) -> None:
    first, second, third = _stories(acme, 3)
    blocker = acme.world.add_blocker(third, f"waits for #{first}")
    path = f"/projects/{acme.project.id}/stories"
    told = {one["id"]: one for one in client.get(path, fields="before_id,after_id,blocked_story_ids").json}
    assert told[first] == {"id": first, "before_id": second, "blocked_story_ids": [third]}
    assert (told[third]["after_id"], told[third]["blocked_story_ids"]) == (second, [])
    acme.world.resolve_blocker(third, blocker.id)
    assert client.get(f"/stories/{first}", fields="blocked_story_ids").json["blocked_story_ids"] == []


@pytest.mark.parametrize("part", ["tasks", "comments", "owners", "labels", "blockers", "reviews", "transitions"])
def test_a_storys_lists_have_endpoints_of_their_own(client: Client, acme: Acme, part: str) -> None:
    story = acme.world.create_story(
        acme.project.id, "Full", labels=["x"], owner_ids=[acme.vera.id], current_state="started"
    )
    acme.world.add_task(story.id, "Do")
    acme.world.add_comment(story.id, "Say")
    acme.world.add_blocker(story.id, "Wait")
    kind = ReviewType(1, acme.project.id, "Design", story.created_at, story.created_at)
    acme.world.add_review(story.id, kind, reviewer_id=acme.vera.id)
    got = client.get(f"/projects/{acme.project.id}/stories/{story.id}/{part}")
    assert len(got.json) == 1
    nested = client.get(f"/stories/{story.id}", fields=part).json
    assert nested[part] == got.json


def test_people_hide_their_address_from_strangers_in_public_projects(client: Client, acme: Acme) -> None:
    story = acme.world.create_story(acme.project.id, "Public", owner_ids=[acme.vera.id])
    acme.world.set_public(acme.project.id, True)
    path = f"/projects/{acme.project.id}/stories/{story.id}/owners"
    assert "email" in client.get(path).json[0]
    client.token = ""
    assert "email" not in client.get(path).json[0]


def test_a_label_counts_its_stories_on_demand(client: Client, acme: Acme) -> None:
    acme.world.create_story(acme.project.id, "A", labels=["x"], estimate=2, current_state="started")
    counts = client.get(f"/projects/{acme.project.id}/labels", fields="counts").json[0]["counts"]
    assert counts["number_of_stories_by_state"]["started"] == 1
    assert counts["sum_of_story_estimates_by_state"]["started"] == 2
