"""The control page: see what the sandbox holds and who asked for what, and break things on purpose."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from tracker_sandbox.app import App
from tracker_sandbox.clock import iso
from tracker_sandbox.effects import KINDS
from tracker_sandbox.entities import STATES, Story
from tracker_sandbox.html import Html, button, field, page, select, table, tag, text
from tracker_sandbox.life import Life
from tracker_sandbox.web import Reply, Request, redirect_reply

SHOWN_REQUESTS = 40
_SLOW = {"slow", "drip", "hang", "hang_after_headers"}
Form = dict[str, str]


class Mistake(Exception):
    """A form that can't be obeyed; the text says why."""


class Control:
    """Shows the control page, and does what its forms ask for."""

    def __init__(self, app: App, life: Life) -> None:
        self.app = app
        self.world = app.world
        self.faults = app.faults
        self.life = life
        self._actions: dict[str, Callable[[Form], str]] = {
            "revoke": self._revoke,
            "regenerate": self._regenerate,
            "story": self._change_story,
            "project": self._change_project,
            "fault": self._arm,
            "fault-off": self._disarm,
            "faults-off": self._disarm_all,
            "live": self._live,
            "jump": self._jump,
        }

    def reply(self, request: Request, path: str) -> Reply:
        """The page on GET; on POST the action, and then back to the page."""
        if request.method in ("GET", "HEAD"):
            return self._page(dict(request.params()).get("said", "")) if path == "/sandbox" else _unknown()
        action = self._actions.get(path.removeprefix("/sandbox/"))
        if request.method != "POST" or action is None:
            return _unknown()
        if not _is_from_here(request):
            return page("Refused", tag("p", "This form was not sent from the sandbox's own page."), status=403)
        try:
            said = action(request.form())
        except (Mistake, ValueError) as error:
            said = f"Nothing was changed: {error}"
        return redirect_reply(f"/sandbox?said={quote(said)}")

    # -- actions

    def _revoke(self, form: Form) -> str:
        self.world.revoke_token(form.get("token", ""))
        return "The token is revoked. Whoever uses it gets 403 invalid_authentication."

    def _regenerate(self, form: Form) -> str:
        person = self.world.people.get(_number(form, "person"))
        if person is None:
            raise Mistake("there is no such person.")
        self.world.regenerate_token(person.id)
        return f"{person.name} has a new token; see the table. The old one is dead."

    def _story_of(self, form: Form) -> Story:
        story = self.world.stories.get(_number(form, "story"))
        if story is None:
            raise Mistake("there is no story with that id.")
        return story

    def _change_story(self, form: Form) -> str:
        story = self._story_of(form)
        act, value = form.get("act", ""), form.get("value", "").strip()
        if act == "delete":
            self.world.delete_story(story.id)
        elif act == "rename" and value:
            self.world.update_story(story.id, name=value)
        elif act == "move":
            project_id = _number(form, "value")
            if project_id not in self.world.projects:
                raise Mistake("there is no project with that id.")
            self.world.move_to_project(story.id, project_id)
        elif act == "top":
            first = self.world.projects[story.project_id].story_rank[0]
            self.world.move_story(story.id, before=first)
        elif act in STATES:
            self.world.set_state(story.id, act)
        else:
            raise Mistake("say what to do, and a new name or a project's id where one is needed.")
        return f"Story #{story.id}: {act}."

    def _change_project(self, form: Form) -> str:
        project = self.world.projects.get(_number(form, "project"))
        if project is None:
            raise Mistake("there is no such project.")
        act = form.get("act", "")
        changes: dict[str, Callable[[], None]] = {
            "delete": lambda: self.world.delete_project(project.id),
            "archive": lambda: self.world.archive_project(project.id, archived=not project.archived),
            "api": lambda: self.world.set_api_access(project.id, not project.api_access),
            "public": lambda: self.world.set_public(project.id, not project.public),
        }
        if act not in changes:
            raise Mistake("there is no such change of a project.")
        changes[act]()
        return f"{project.name}: {act}."

    def _arm(self, form: Form) -> str:
        times = form.get("times", "").strip()
        fault = self.faults.add(
            form.get("kind", ""),
            path=form.get("path", "").strip(),
            times=int(times) if times else None,
            after=int(form.get("after") or 0),
            retry_after=form.get("retry_after", "").strip() or None,
            seconds=float(form.get("seconds") or 1),
            megabytes=int(form.get("megabytes") or 20),
        )
        return f"Armed: {fault.kind}."

    def _disarm(self, form: Form) -> str:
        self.faults.remove(_number(form, "fault"))
        return "The fault is off."

    def _disarm_all(self, form: Form) -> str:
        self.faults.clear()
        return "All faults are off."

    def _live(self, form: Form) -> str:
        return f"{self.life.step()}."

    def _jump(self, form: Form) -> str:
        self.world.clock.advance(_number(form, "hours") * 3600)
        return f"It is now {iso(self.world.clock.now())}."

    # -- the page

    def _page(self, said: str) -> Reply:
        return page(
            "Control page",
            tag("p", said, class_="flash", role="status") if said else "",
            tag("p", "Break things here and see what Roadmunk makes of it. Nothing on this page leaves this machine."),
            self._time_part(),
            self._faults_part(),
            self._tokens_part(),
            self._stories_part(),
            self._projects_part(),
            self._requests_part(),
        )

    def _time_part(self) -> Html:
        return text(
            tag("h2", "Time and life"),
            tag("p", f"It is {iso(self.world.clock.now())}."),
            button("/sandbox/live", "Make one change now"),
            button("/sandbox/jump", "Jump ahead a day", quiet=True, hours=24),
            button("/sandbox/jump", "Jump ahead a week", quiet=True, hours=168),
        )

    def _faults_part(self) -> Html:
        armed = [
            (
                tag("strong", fault.kind, class_="bad"),
                tag("code", fault.path or "every request"),
                "until off" if fault.times is None else f"{fault.hits} of {fault.times}",
                button("/sandbox/fault-off", "Off", quiet=True, fault=fault.id),
            )
            for fault in self.faults
        ]
        kinds = [
            (
                kind,
                (effect.__doc__ or "").strip(),
                text(
                    button("/sandbox/fault", "Once", quiet=True, kind=kind, times=1, **_pace(kind)),
                    button("/sandbox/fault", "Until off", quiet=True, kind=kind, **_pace(kind)),
                ),
            )
            for kind, effect in KINDS.items()
            if kind != "change"
        ]
        form = tag(
            "form",
            select("Fault", "kind", [(kind, kind) for kind in KINDS]),
            field("Path or query matches", "path", placeholder="/stories"),
            field("Times (empty: until off)", "times", value=1, type_="number", min=1),
            field("Let pass first", "after", value=0, type_="number", min=0),
            field("Seconds", "seconds", value=5, type_="number", step="any", min=0),
            field("Retry-After", "retry_after", placeholder="30, date, soon"),
            tag("button", "Arm"),
            method="post",
            action="/sandbox/fault",
        )
        now = (
            table(("Armed", "Where", "Went off", ""), armed) if armed else tag("p", "No fault is armed.", class_="soft")
        )
        off = button("/sandbox/faults-off", "All off") if armed else ""
        return text(tag("h2", "Faults"), now, off, form, table(("Fault", "What happens", ""), kinds))

    def _tokens_part(self) -> Html:
        tokens = {person_id: token for token, person_id in self.world.tokens.items()}
        rows = [
            (
                person.name,
                tag("code", tokens.get(person.id, "none")),
                text(
                    button("/sandbox/revoke", "Revoke", quiet=True, token=tokens[person.id])
                    if person.id in tokens
                    else "",
                    button("/sandbox/regenerate", "New token", quiet=True, person=person.id),
                ),
            )
            for person in self.world.people.values()
        ]
        return text(tag("h2", "People and tokens"), table(("Person", "API token", ""), rows))

    def _stories_part(self) -> Html:
        acts = [(state, f"set to {state}") for state in STATES]
        acts += [("rename", "rename"), ("top", "move to the top"), ("move", "move to project"), ("delete", "delete")]
        form = tag(
            "form",
            field("Story's id", "story", type_="number", required=True),
            select("Do", "act", acts),
            field("New name, or project's id", "value"),
            tag("button", "Change the story"),
            method="post",
            action="/sandbox/story",
        )
        latest = sorted(self.world.stories.values(), key=lambda story: story.updated_at, reverse=True)[:15]
        rows = [
            (
                f"#{story.id}",
                tag("a", story.name, href=f"/story/show/{story.id}"),
                story.current_state,
                iso(story.updated_at),
                button("/sandbox/story", "Delete", quiet=True, story=story.id, act="delete"),
            )
            for story in latest
        ]
        headings = ("ID", "Story", "State", "Updated", "")
        return text(tag("h2", "Stories"), form, tag("h2", "Changed last"), table(headings, rows))

    def _projects_part(self) -> Html:
        rows = [
            (
                project.name,
                project.id,
                project.version,
                ", ".join(name for name in ("deleted", "archived", "public") if getattr(project, name))
                + ("" if project.api_access else " API closed"),
                text(
                    [
                        button("/sandbox/project", label, quiet=True, project=project.id, act=act)
                        for act, label in (
                            ("api", "API access on/off"),
                            ("archive", "Archive on/off"),
                            ("public", "Public on/off"),
                            ("delete", "Delete"),
                        )
                    ]
                ),
            )
            for project in self.world.projects.values()
        ]
        return text(tag("h2", "Projects"), table(("Project", "ID", "Version", "Is", ""), rows))

    def _requests_part(self) -> Html:
        latest = list(self.app.requests)[-SHOWN_REQUESTS:][::-1]
        rows = [
            (
                iso(one.at)[11:19],
                one.method,
                tag("code", one.path.removeprefix("/services/v5") + (f"?{one.query}" if one.query else "")),
                tag("span", str(one.status), class_="bad" if one.status >= 400 else None),
                f"{one.seconds * 1000:.0f} ms",
                one.fault or "",
            )
            for one in latest
        ]
        writes = len(self.app.non_gets)
        note = tag("p", f"{len(self.app.requests)} requests so far, {writes} of them not a GET.", class_="soft")
        return text(tag("h2", "Requests"), note, table(("At", "Method", "Path", "Status", "Took", "Fault"), rows))


def _pace(kind: str) -> dict[str, object]:
    return {"seconds": 0.05 if kind == "drip" else 5} if kind in _SLOW else {}


def _number(form: Form, name: str) -> int:
    with contextlib.suppress(ValueError):
        return int(form.get(name, "").strip().lstrip("#"))
    raise Mistake(f"{name!r} has to be a number.")


def _is_from_here(request: Request) -> bool:
    """Whether the form came from this server's own page, or from a client that tells no origin."""
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _unknown() -> Reply:
    return page("Not found", tag("p", "The control page has no such action."), status=404)
