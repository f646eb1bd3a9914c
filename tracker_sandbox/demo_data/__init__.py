"""The demo company's three projects as text, and the reader of that text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.resources import files

PROJECTS = ("rider_app", "web_shop", "station_platform")
_TYPES = {"f": "feature", "b": "bug", "c": "chore", "r": "release"}
_STORY = re.compile(
    r"(?:(?P<state>\w+) )?(?P<type>[fbcr])(?P<points>-|[\d.]+)? (?P<epic>[^:]+): (?P<title>.+?)"
    r"(?P<labels>(?: #[\w ]+)*)(?: @(?P<day>-?\d+))?$"
)


@dataclass(slots=True)
class ScriptedStory:
    """One story of the script. `day` is a release's deadline in days from now."""

    section: str
    state: str
    story_type: str
    estimate: float | None
    title: str
    labels: list[str]
    day: int | None
    description: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    tasks: list[tuple[str, bool]] = field(default_factory=list)
    blockers: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ScriptedProject:
    """One project of the script, stories in the order of time."""

    settings: dict[str, str] = field(default_factory=dict)
    epics: list[tuple[str, str, str]] = field(default_factory=list)
    stories: list[ScriptedStory] = field(default_factory=list)

    def section(self, name: str) -> list[ScriptedStory]:
        """The stories of one section: done, current, backlog, icebox."""
        return [story for story in self.stories if story.section == name]


def read_script(name: str) -> ScriptedProject:
    """Read one of PROJECTS; ValueError names a line that can't be read."""
    project = ScriptedProject()
    section = ""
    for line in (files(__package__) / f"{name}.txt").read_text("utf-8").splitlines():
        if line.startswith("    "):
            _read_detail(project.stories[-1], line[4:])
        elif line.startswith("["):
            section = line.strip("[]")
        elif line.startswith("epic "):
            label, _, rest = line.removeprefix("epic ").partition(": ")
            title, _, description = rest.partition(" | ")
            project.epics.append((label, title, description))
        elif section and line:
            project.stories.append(_read_story(section, line))
        elif line and not line.startswith("#"):
            key, _, value = line.partition(": ")
            project.settings[key] = value
        elif not line and section and project.stories and project.stories[-1].description:
            project.stories[-1].description.append("")
    return project


def _read_story(section: str, line: str) -> ScriptedStory:
    match = _STORY.match(line)
    if match is None:
        raise ValueError(f"The script has a line that can't be read: {line!r}")
    epic = [] if match["epic"] == "-" else [match["epic"]]
    labels = [label.strip() for label in match["labels"].split("#") if label.strip()]
    return ScriptedStory(
        section=section,
        state=match["state"] or "",
        story_type=_TYPES[match["type"]],
        estimate=None if match["points"] in (None, "-") else float(match["points"]),
        title=match["title"],
        labels=epic + labels,
        day=int(match["day"]) if match["day"] else None,
    )


def _read_detail(story: ScriptedStory, text: str) -> None:
    if text.startswith("> "):
        story.comments.append(text[2:])
    elif text.startswith("! "):
        story.blockers.append(text[2:])
    elif text.startswith("- ["):
        story.tasks.append((text[6:], text[3] == "x"))
    else:
        story.description.append(text)
