"""The pages behind links, and the control page that breaks things on purpose."""

from __future__ import annotations

import http.client
import re
from urllib.parse import urlencode

import pytest

from tests.tracker_sandbox.support import ALICE, Acme, Client, Got
from tracker_sandbox.effects import KINDS
from tracker_sandbox.server import Sandbox


def visit(sandbox: Sandbox, path: str, form: dict[str, object] | None = None, **headers: str) -> Got:
    """GET a page, or POST a form to it."""
    connection = http.client.HTTPConnection(sandbox.url.removeprefix("http://"), timeout=5)
    try:
        if form is None:
            connection.request("GET", path, headers=headers)
        else:
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", path, body=urlencode(form), headers=kind | headers)
        response = connection.getresponse()
        return Got(response.status, response.headers, response.read())
    finally:
        connection.close()


def test_a_storys_url_leads_to_its_page(client: Client, sandbox: Sandbox, acme: Acme) -> None:
    story = acme.world.create_story(acme.project.id, "<b>Bold</b> & “new”", description="*Why* not", labels=["x"])
    url = client.get(f"/stories/{story.id}").json["url"]
    assert url.startswith(sandbox.url)
    got = visit(sandbox, url.removeprefix(sandbox.url))
    assert got.status == 200
    shown = got.body.decode()
    assert "&lt;b&gt;Bold&lt;/b&gt; &amp; “new”" in shown
    assert "<b>" not in shown and "*Why* not" in shown
    assert visit(sandbox, f"/n/projects/{acme.project.id}/stories/{story.id}").body == got.body


def test_project_and_epic_pages_list_their_stories(sandbox: Sandbox, acme: Acme) -> None:
    epic = acme.world.create_epic(acme.project.id, "Epic thing", label="ep")
    acme.world.create_story(acme.project.id, "Within", labels=["ep"])
    for path in (f"/epic/show/{epic.id}", f"/n/projects/{acme.project.id}"):
        assert "Within" in visit(sandbox, path).body.decode()
    assert "Acme" in visit(sandbox, "/").body.decode()


@pytest.mark.parametrize("path", ["/story/show/1", "/epic/show/1", "/n/projects/1", "/nothing", "/sandbox/nothing"])
def test_what_is_not_there_is_404(sandbox: Sandbox, path: str) -> None:
    assert visit(sandbox, path).status == 404


def test_a_moved_story_is_found_under_its_new_project(sandbox: Sandbox, acme: Acme) -> None:
    story = acme.world.create_story(acme.project.id, "Wanderer")
    acme.world.move_to_project(story.id, acme.other.id)
    got = visit(sandbox, f"/n/projects/{acme.project.id}/stories/{story.id}")
    assert (got.status, got.headers["Location"]) == (303, f"/story/show/{story.id}")


def test_pages_have_no_inline_script_or_style(sandbox: Sandbox, acme: Acme) -> None:
    acme.world.create_story(acme.project.id, "One")
    for path in ("/", "/sandbox", f"/n/projects/{acme.project.id}"):
        got = visit(sandbox, path)
        assert not re.search(rb"<script|<style|\sstyle=|\son\w+=", got.body)
        assert got.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert visit(sandbox, "/sandbox.css").headers["Content-Type"].startswith("text/css")


def test_the_control_page_changes_tokens(client: Client, sandbox: Sandbox, acme: Acme) -> None:
    assert visit(sandbox, "/sandbox/revoke", {"token": ALICE}).status == 303
    assert client.get("/me").json["code"] == "invalid_authentication"
    visit(sandbox, "/sandbox/regenerate", {"person": acme.alice.id})
    fresh = acme.world.token_of(acme.alice.id)
    assert fresh is not None and fresh in visit(sandbox, "/sandbox").body.decode()


@pytest.mark.parametrize(
    ("act", "value"), [("started", ""), ("rename", "New name"), ("top", ""), ("move", "other"), ("delete", "")]
)
def test_the_control_page_changes_stories(sandbox: Sandbox, acme: Acme, act: str, value: str) -> None:
    acme.world.create_story(acme.project.id, "First")
    story = acme.world.create_story(acme.project.id, "Second")
    version = acme.project.version
    value = str(acme.other.id) if value == "other" else value
    got = visit(sandbox, "/sandbox/story", {"story": story.id, "act": act, "value": value})
    assert "Nothing" not in got.headers["Location"]
    assert acme.project.version == version + 1


def test_the_control_page_says_what_it_could_not_do(sandbox: Sandbox) -> None:
    for action, form in (("story", {"story": "x"}), ("story", {"story": 1}), ("fault", {"kind": "plague"})):
        assert "Nothing" in visit(sandbox, f"/sandbox/{action}", dict(form)).headers["Location"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_fault_can_be_switched_on_and_off(sandbox: Sandbox, kind: str) -> None:
    visit(sandbox, "/sandbox/fault", {"kind": kind, "path": "/stories"})
    (fault,) = sandbox.faults
    assert (fault.kind, fault.times, fault.path) == (kind, None, "/stories")
    visit(sandbox, "/sandbox/fault-off", {"fault": fault.id})
    assert list(sandbox.faults) == []


def test_time_can_be_jumped_and_life_made(sandbox: Sandbox, acme: Acme) -> None:
    now, versions = acme.world.clock.now(), acme.project.version + acme.other.version
    visit(sandbox, "/sandbox/jump", {"hours": 24})
    visit(sandbox, "/sandbox/live", {})
    assert acme.world.clock.now() == now + 86400
    assert acme.project.version + acme.other.version == versions + 1


def test_projects_can_be_closed_archived_and_deleted(client: Client, sandbox: Sandbox, acme: Acme) -> None:
    for act in ("api", "archive", "public", "delete"):
        visit(sandbox, "/sandbox/project", {"project": acme.project.id, "act": act})
    project = acme.project
    assert (project.api_access, project.archived, project.public, project.deleted) == (False, True, True, True)


def test_a_form_from_another_site_is_refused(sandbox: Sandbox, acme: Acme) -> None:
    got = visit(sandbox, "/sandbox/revoke", {"token": ALICE}, Origin="http://evil.example")
    assert got.status == 403
    assert ALICE in acme.world.tokens
    assert visit(sandbox, "/sandbox/live", {}, Origin=sandbox.url).status == 303


def test_the_request_log_is_on_the_control_page(client: Client, sandbox: Sandbox) -> None:
    client.get("/projects", fields="id,version")
    assert "/projects?fields=id%2Cversion" in visit(sandbox, "/sandbox").body.decode()
