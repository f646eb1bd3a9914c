"""Pages for people: what stands behind a story's link, and lists that lead there."""

from __future__ import annotations

import re
from importlib.resources import files

from tracker_sandbox.clock import iso
from tracker_sandbox.control import Control
from tracker_sandbox.entities import Epic, Project, Story
from tracker_sandbox.html import Html, page, table, tag, text
from tracker_sandbox.render import number
from tracker_sandbox.state import World
from tracker_sandbox.web import Reply, Request, clean_path, redirect_reply

_STATES = ("started", "finished", "delivered", "rejected", "planned", "unstarted", "accepted", "unscheduled")
_STORY = re.compile(r"(?:/story/show|/n/projects/(?P<project>\d{1,18})/stories)/(?P<id>\d{1,18})")
_EPIC = re.compile(r"/epic/show/(?P<id>\d{1,18})")
_PROJECT = re.compile(r"/n/projects/(?P<id>\d{1,18})")


class Pages:
    """Answers everything outside of the API."""

    def __init__(self, world: World, control: Control) -> None:
        self.world = world
        self.control = control

    def reply(self, request: Request) -> Reply:
        """The page, under the world's lock."""
        path = clean_path(request.path)
        if path == "/sandbox.css":
            return _stylesheet()
        with self.world.lock:
            if path == "/sandbox" or path.startswith("/sandbox/"):
                return self.control.reply(request, path)
            if request.method not in ("GET", "HEAD"):
                return page("Not here", tag("p", "This page takes no input."), status=405)
            return self._find(path) or _missing()

    def _find(self, path: str) -> Reply | None:
        if path == "/":
            return self._projects()
        story_match, epic_match, project_match = _STORY.fullmatch(path), _EPIC.fullmatch(path), _PROJECT.fullmatch(path)
        if story_match:
            story = self.world.stories.get(int(story_match["id"]))
            return self._moved_or_shown(story, story_match["project"])
        if epic_match:
            epic = self.world.epics.get(int(epic_match["id"]))
            return self._epic(epic) if epic else None
        if project_match:
            project = self.world.projects.get(int(project_match["id"]))
            return self._project(project) if project else None
        return None

    def _moved_or_shown(self, story: Story | None, project_id: str | None) -> Reply | None:
        if story is None:
            return None
        if project_id and int(project_id) != story.project_id:
            return redirect_reply(f"/story/show/{story.id}")
        return self._story(story)

    def _projects(self) -> Reply:
        rows = [
            (
                tag("a", project.name, href=f"/n/projects/{project.id}"),
                project.description,
                len(project.story_rank),
                project.version,
            )
            for project in self.world.projects.values()
            if not project.deleted
        ]
        return page("Projects", table(("Project", "About", "Stories", "Version"), rows))

    def _project(self, project: Project) -> Reply:
        stories = self.world.listing(project)
        parts: list[Html] = []
        for state in _STATES:
            here = [story for story in stories if story.current_state == state]
            if here:
                parts += [tag("h2", f"{state.capitalize()} ({len(here)})"), self._story_table(here)]
        epics = [tag("li", tag("a", self.world.epics[i].name, href=f"/epic/show/{i}")) for i in project.epic_rank]
        return page(
            project.name, tag("p", project.description, class_="soft"), tag("h2", "Epics"), tag("ul", epics), parts
        )

    def _story_table(self, stories: list[Story]) -> Html:
        rows = [
            (
                tag("a", story.name, href=f"/story/show/{story.id}"),
                story.story_type,
                number(story.estimate),
                self._chips(story),
            )
            for story in stories
        ]
        return table(("Story", "Type", "Points", "Labels"), rows)

    def _chips(self, story: Story) -> list[Html]:
        return [tag("span", name, class_="chip") for name in self.world.label_names(story.label_ids)]

    def _names(self, ids: list[int]) -> str:
        people = (self.world.people.get(i) for i in ids)
        return ", ".join(person.name for person in people if person)

    def _story(self, story: Story) -> Reply:
        project = self.world.projects[story.project_id]
        facts = [
            ("Project", tag("a", project.name, href=f"/n/projects/{project.id}")),
            ("ID", f"#{story.id}"),
            ("Type", story.story_type),
            ("State", story.current_state),
            ("Points", number(story.estimate)),
            ("Labels", self._chips(story) or None),
            ("Owners", self._names(story.owner_ids)),
            ("Requested by", self._names([story.requested_by_id])),
            ("Deadline", iso(story.deadline)[:10] if story.deadline else None),
            ("Created", iso(story.created_at)),
            ("Updated", iso(story.updated_at)),
            ("Accepted", iso(story.accepted_at) if story.accepted_at else None),
        ]
        return page(
            story.name,
            tag("dl", [text(tag("dt", name), tag("dd", value)) for name, value in facts if value not in (None, "")]),
            tag("div", story.description, class_="prose") if story.description else "",
            self._lists(story),
        )

    def _lists(self, story: Story) -> Html:
        tasks = [tag("li", "✓ " if task.complete else "○ ", task.description) for task in story.tasks]
        comments = [tag("li", tag("strong", self._names([one.person_id])), ": ", one.text) for one in story.comments]
        steps = [tag("li", f"{iso(step.occurred_at)} {step.state}") for step in story.transitions]
        blockers = [tag("li", one.description, " (resolved)" if one.resolved else "") for one in story.blockers]
        titled = (("Blockers", blockers), ("Tasks", tasks), ("Comments", comments), ("Transitions", steps))
        return text([text(tag("h2", title), tag("ul", items)) for title, items in titled if items])

    def _epic(self, epic: Epic) -> Reply:
        project = self.world.projects[epic.project_id]
        stories = self.world.stories_with_label(project, epic.label_id)
        return page(
            epic.name,
            tag("p", "Epic of ", tag("a", project.name, href=f"/n/projects/{project.id}"), class_="soft"),
            tag("div", epic.description, class_="prose") if epic.description else "",
            tag("h2", f"Stories ({len(stories)})"),
            self._story_table(stories),
        )


def _stylesheet() -> Reply:
    css = (files(__package__) / "sandbox.css").read_bytes()
    return Reply(200, {"Content-Type": "text/css; charset=utf-8", "Cache-Control": "max-age=300"}, css)


def _missing() -> Reply:
    return page("Not found", tag("p", "There is no such page, or what it showed was deleted."), status=404)
