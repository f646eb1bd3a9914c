"""What each refusal means: a dead token, a lost project, our own fault, or trouble that passes (N6, D20)."""

from __future__ import annotations

import pytest

from integrations.connectors.base import Auth
from integrations.connectors.pivotal_tracker import connector
from integrations.connectors.pivotal_tracker.client import Client
from integrations.errors import (
    CredentialRejected,
    ProjectUnavailable,
    PullError,
    PullRefused,
    TrackerUnavailable,
    UnexpectedResponse,
)
from tests.connectors.scripted import FOREIGN, NO_ROUTE, REFUSED, TOKEN, UNFOUND, Reply, ScriptedHttp, auth_for, routes

ME = Reply({"id": 3, "name": "Olga Olsen", "api_token": TOKEN, "projects": []}, version=None)
PAGE = Reply(b"<html>Forbidden</html>", status=403)
PROJECT = "/projects/7"


def refusal_of(table: dict[str, Reply]) -> tuple[type[PullError], list[str]]:
    """How a request about a project fails, and what was asked."""
    http = ScriptedHttp(routes(table))
    with pytest.raises(PullError) as caught:
        Client(Auth(TOKEN, http)).project("7", fields="version")
    assert TOKEN not in str(caught.value)
    return type(caught.value), http.paths


@pytest.mark.parametrize("refusal", [REFUSED, Reply({}, status=401), PAGE], ids=["403", "401", "page"])
def test_a_refused_token_is_asked_about_once_more(refusal: Reply) -> None:
    """S11: at most one request more."""
    assert refusal_of({PROJECT: refusal, "/me": REFUSED}) == (CredentialRejected, [PROJECT, "/me"])


@pytest.mark.parametrize("refusal", [REFUSED, Reply({"code": ""}, status=403), Reply({}, status=401)])
def test_me_itself_is_not_asked_twice(refusal: Reply) -> None:
    http = ScriptedHttp(routes({"/me": refusal}))
    with pytest.raises(CredentialRejected):
        connector.verify(Auth(TOKEN, http))
    assert http.paths == ["/me"]


def test_a_token_that_is_taken_again_is_trouble_that_passes() -> None:
    assert refusal_of({PROJECT: REFUSED, "/me": ME})[0] is TrackerUnavailable


@pytest.mark.parametrize("refusal", [FOREIGN, UNFOUND], ids=["403", "404"])
def test_a_project_that_can_not_be_seen_is_unavailable_and_the_token_is_not_doubted(refusal: Reply) -> None:
    assert refusal_of({PROJECT: refusal}) == (ProjectUnavailable, [PROJECT])


def test_a_refusal_that_is_no_json_is_about_the_project_where_the_token_is_good() -> None:
    assert refusal_of({PROJECT: PAGE, "/me": ME})[0] is ProjectUnavailable


def test_a_page_in_front_of_everything_kills_no_token() -> None:
    """A firewall's 403 says nothing about the token."""
    assert refusal_of({PROJECT: PAGE, "/me": PAGE})[0] is TrackerUnavailable


@pytest.mark.parametrize("status", [400, 402, 405, 406, 409, 410, 414, 422])
def test_other_refusals_are_our_fault(status: int) -> None:
    error, asked = refusal_of({PROJECT: Reply({"code": "invalid_parameter"}, status=status)})
    assert (error, asked) == (PullRefused, [PROJECT])


def test_a_path_that_the_server_does_not_know_is_our_fault() -> None:
    assert refusal_of({PROJECT: NO_ROUTE})[0] is PullRefused


@pytest.mark.parametrize(
    ("status", "error"), [(204, UnexpectedResponse), (304, UnexpectedResponse), (501, TrackerUnavailable)]
)
def test_statuses_that_should_not_be(status: int, error: type[PullError]) -> None:
    assert refusal_of({PROJECT: Reply(b"", status=status)})[0] is error


def test_a_refusals_own_words_are_never_repeated() -> None:
    with pytest.raises(PullRefused) as caught:
        refusal = Reply({"code": "<script>", "error": "<b>"}, status=400)
        Client(auth_for(routes({PROJECT: refusal}))).project("7", fields="version")
    assert "<" not in str(caught.value)


@pytest.mark.parametrize(
    "secret", ["", "short", "a b" * 12, "a\n" + "b" * 31, "tök" * 11, "x" * 10_000, "https://evil.test/aaaa"]
)
def test_a_token_that_can_be_none_is_refused_before_it_is_sent(secret: str) -> None:
    """Bad input: blanks, line breaks, 10 KB, an address."""
    http = ScriptedHttp(routes({}))
    with pytest.raises(CredentialRejected) as caught:
        connector.verify(Auth(secret, http))
    assert http.asked == []
    assert not secret or secret not in str(caught.value)


@pytest.mark.parametrize("project_id", ["", "0", "-1", "1/../2", "1?x", "%31", "١", "1 ", "1\n", "9" * 30, "new"])
def test_a_project_id_is_ascii_digits_only(project_id: str) -> None:
    """W7."""
    http = ScriptedHttp(routes({}))
    with pytest.raises(ProjectUnavailable):
        connector.describe(Auth(TOKEN, http), project_id)
    assert http.asked == []


def test_the_token_is_in_nothing_that_is_printed() -> None:
    auth = auth_for(routes({"/me": ME}))
    client = Client(auth)
    assert TOKEN not in f"{auth!r} {client!r} {client.__dict__!r} {client.me()!r} {connector.verify(auth)!r}"


def test_verify_says_whose_token_it_is_and_how_many_projects_it_sees() -> None:
    """D7."""
    body = {"id": 3, "name": "Olga Olsen", "projects": [{"project_id": 1}, {"project_id": 2}]}
    identity = connector.verify(auth_for(routes({"/me": Reply(body, version=None)})))
    assert (identity.id, identity.name, identity.projects) == ("3", "Olga Olsen", 2)


def test_projects_are_listed_by_name() -> None:
    """S16."""
    body = [{"id": 2, "name": "beta"}, {"id": 1, "name": "Alpha"}, {"id": 3, "title": "Gamma"}, {"id": 4}]
    refs = connector.list_projects(auth_for(routes({"/projects": Reply(body, version=None)})))
    assert [(ref.id, ref.name) for ref in refs] == [("1", "Alpha"), ("2", "beta"), ("3", "Gamma"), ("4", "Project 4")]
    assert refs[0].url == "https://tracker.test/n/projects/1"


def test_no_projects_is_an_empty_list() -> None:
    assert connector.list_projects(auth_for(routes({"/projects": Reply([], version=None)}))) == []


def test_a_server_without_a_list_of_projects_tells_them_by_me() -> None:
    """LiteTracker: `/me` has project_id and project_name."""
    me = Reply({"id": 3, "projects": [{"project_id": 9, "project_name": "Only", "role": "owner"}]}, version=None)
    refs = connector.list_projects(auth_for(routes({"/me": me, "/projects": NO_ROUTE})))
    assert [(ref.id, ref.name) for ref in refs] == [("9", "Only")]


def test_describe_is_stable_and_fits_the_project() -> None:
    """S17 to S19, D15, D16."""
    by_hand = Reply({"id": 7, "name": "Shop", "automatic_planning": False})
    described = connector.describe(auth_for(routes({PROJECT: by_hand})), "7")
    assert described == connector.describe(auth_for(routes({PROJECT: by_hand})), "7")
    assert (described.project.id, described.project.name) == ("7", "Shop")
    keys = [one.key for one in described.states]
    assert "planned" in keys
    assert set(described.suggested_states) <= set(keys)
    assert set(described.suggested_fields) <= {spec.key for spec in described.fields}
    assert {*described.suggested_start, *described.suggested_end} <= {spec.key for spec in described.dates}
    automatic = connector.describe(auth_for(routes({PROJECT: Reply({"id": 7, "name": "Shop"})})), "7")
    assert "planned" not in [one.key for one in automatic.states]
