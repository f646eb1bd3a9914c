"""The search language of `filter` and `/search`: the part of it that clients use to choose stories."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tracker_sandbox.entities import Epic, Project, Story
from tracker_sandbox.errors import invalid_parameter
from tracker_sandbox.render import View

_TERM = re.compile(r'\(|\)|-?(?:[A-Za-z_]+:)?(?:"[^"]*"|[^\s()"]+)|-?[A-Za-z_]+:')
_RELATIVE = re.compile(r"-(\d{1,4})([hdwmy])$")
_UNITS = {"h": 1 / 24, "d": 1, "w": 7, "m": 30, "y": 365}
_DATE_KEY = re.compile(r"(created|updated|accepted)(?:_(on|since|after|before))?$")
Test = Callable[[Story], bool]


class Query:
    """A parsed search. AND and OR bind equally and from left to right; terms side by side are ANDed."""

    def __init__(self, text: str) -> None:
        if len(text) > 2000:
            raise invalid_parameter("The search is too long.")
        self.terms = _TERM.findall(text)
        self.include_done = any(term.lower() == "includedone:true" for term in self.terms)

    def stories(self, view: View, project: Project) -> list[Story]:
        """The matching stories in the API's order; done ones only with includedone:true."""
        test = _Parser(view, project, self.terms).parse()
        start = view.schedule(project).current.start
        return [
            story
            for story in view.world.listing(project)
            if (self.include_done or not _is_done(story, start)) and test(story)
        ]

    def with_done(self, view: View, project: Project) -> list[Story]:
        """The matching stories, done ones too."""
        test = _Parser(view, project, self.terms).parse()
        return [story for story in view.world.listing(project) if test(story)]

    def epics(self, view: View, project: Project) -> list[Epic]:
        """The epics whose name or description holds all plain words of the search."""
        words = [_unquote(t).lower() for t in self.terms if ":" not in t and t not in ("AND", "OR", "(", ")")]
        words += [_unquote(t[5:]).lower() for t in self.terms if t.startswith("name:")]
        found = [view.world.epics[i] for i in project.epic_rank]
        if not words or any(":" in t and not t.startswith("name:") for t in self.terms):
            return []
        return [epic for epic in found if all(w in f"{epic.name} {epic.description}".lower() for w in words)]


def _is_done(story: Story, current_start: int) -> bool:
    return story.accepted_at is not None and story.accepted_at < current_start


def _unquote(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


class _Parser:
    def __init__(self, view: View, project: Project, terms: list[str]) -> None:
        self.view = view
        self.project = project
        self.terms = terms
        self.place = 0

    def parse(self) -> Test:
        test = self._group()
        if self.place < len(self.terms):
            raise invalid_parameter("The search has an unmatched parenthesis.")
        return test

    def _group(self) -> Test:
        result: Test | None = None
        either = False
        while self.place < len(self.terms) and self.terms[self.place] != ")":
            term = self.terms[self.place]
            self.place += 1
            if term in ("AND", "OR"):
                either = term == "OR"
                continue
            test = self._parenthesised() if term == "(" else self._term(term)
            result = test if result is None else _both(result, test, either=either)
            either = False
        return result or (lambda story: True)

    def _parenthesised(self) -> Test:
        test = self._group()
        if self.place >= len(self.terms):
            raise invalid_parameter("The search has an open parenthesis.")
        self.place += 1
        return test

    def _term(self, term: str) -> Test:
        negated = term.startswith("-") and len(term) > 1
        key, colon, value = term.removeprefix("-").partition(":")
        test = self._keyword(key.lower(), value) if colon and not key.startswith('"') else None
        if test is None:
            test = _contains(_unquote(term.removeprefix("-")))
        return (lambda story: not test(story)) if negated else test

    def _keyword(self, key: str, value: str) -> Test | None:
        if key == "includedone":
            return lambda story: True
        dated = _DATE_KEY.match(key)
        if dated:
            return self._date(dated[1], dated[2] or "on", _unquote(value))
        make = _KEYWORDS.get(key)
        return make(self.view, self.project, value) if make else None

    def _date(self, member: str, how: str, value: str) -> Test:
        first, dots, last = value.partition("..")
        if dots:
            start, end = self._day(first)[0], self._day(last)[1]
        else:
            start, end = self._day(first)
        bounds = {
            "on": (start, end),
            "since": (start, 2**62),
            "after": (end, 2**62),
            "before": (-(2**62), start),
        }
        low, high = bounds[how]

        def test(story: Story) -> bool:
            moment = getattr(story, f"{member}_at")
            return moment is not None and low <= moment < high

        return test

    def _day(self, text: str) -> tuple[int, int]:
        """Start and end of a day in the reader's time zone."""
        reader = self.view.reader
        zone = ZoneInfo(reader.time_zone if reader else "UTC")
        relative = _RELATIVE.match(text)
        if relative:
            now = datetime.fromtimestamp(self.view.world.clock.now(), UTC).astimezone(zone)
            day = now - timedelta(days=float(relative[1]) * _UNITS[relative[2]])
        else:
            day = _parse_day(text).replace(tzinfo=zone)
        start = day.replace(hour=0, minute=0, second=0, microsecond=0)
        return int(start.timestamp()), int((start + timedelta(days=1)).timestamp())


def _parse_day(text: str) -> datetime:
    for form in ("%Y-%m-%d", "%m/%d/%Y", "%Y/%m/%d"):
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    raise invalid_parameter(f"The search has the date {text[:40]!r}, which can't be read.")


def _both(first: Test, second: Test, *, either: bool) -> Test:
    if either:
        return lambda story: first(story) or second(story)
    return lambda story: first(story) and second(story)


def _contains(text: str) -> Test:
    wanted = text.lower()
    return lambda story: wanted in f"{story.name}\n{story.description or ''}".lower()


def _list(value: str) -> set[str]:
    return {_unquote(part.strip()).lower() for part in _unquote(value).split(",")}


def _by_state(view: View, project: Project, value: str) -> Test:
    wanted = _list(value)
    return lambda story: story.current_state in wanted


def _by_type(view: View, project: Project, value: str) -> Test:
    wanted = _list(value)
    return lambda story: story.story_type in wanted


def _by_id(view: View, project: Project, value: str) -> Test:
    wanted = {part.lstrip("#") for part in _list(value)}
    return lambda story: str(story.id) in wanted


def _by_external_id(view: View, project: Project, value: str) -> Test:
    wanted = _list(value)
    return lambda story: (story.external_id or "").lower() in wanted


def _by_label(view: View, project: Project, value: str) -> Test:
    name = _unquote(value)
    if not name:
        return lambda story: not story.label_ids
    label = view.world.label_named(project, name)
    return lambda story: label is not None and label.id in story.label_ids


def _by_epic(view: View, project: Project, value: str) -> Test:
    name = _unquote(value).lower()
    labels = {view.world.epics[i].label_id for i in project.epic_rank if view.world.epics[i].name.lower() == name}
    return lambda story: bool(labels.intersection(story.label_ids))


def _by_name(view: View, project: Project, value: str) -> Test:
    wanted = _unquote(value).lower()
    return lambda story: wanted in story.name.lower()


def _by_estimate(view: View, project: Project, value: str) -> Test:
    try:
        wanted = {float(part) for part in _list(value)}
    except ValueError:
        raise invalid_parameter("The search has an estimate that is no number.") from None
    return lambda story: (-1.0 if story.estimate is None else float(story.estimate)) in wanted


def _person_ids(view: View, value: str) -> set[int]:
    wanted = _unquote(value).lower()
    return {
        person.id
        for person in view.world.people.values()
        if wanted in (person.name.lower(), person.initials.lower(), person.username.lower(), str(person.id))
    }


def _by_owner(view: View, project: Project, value: str) -> Test:
    if not _unquote(value):
        return lambda story: not story.owner_ids
    ids = _person_ids(view, value)
    return lambda story: bool(ids.intersection(story.owner_ids))


def _by_requester(view: View, project: Project, value: str) -> Test:
    ids = _person_ids(view, value)
    return lambda story: story.requested_by_id in ids


def _by_work(view: View, project: Project, value: str) -> Test:
    ids = _person_ids(view, value)
    open_states = ("planned", "unstarted", "started", "finished", "delivered", "rejected")
    return lambda story: story.current_state in open_states and bool(ids.intersection(story.owner_ids))


def _by_priority(view: View, project: Project, value: str) -> Test:
    wanted = _list(value)
    return lambda story: story.story_priority in wanted


_HAS: dict[str, Test] = {
    "label": lambda story: bool(story.label_ids),
    "owner": lambda story: bool(story.owner_ids),
    "blocked": lambda story: any(not blocker.resolved for blocker in story.blockers),
    "blocker": lambda story: bool(story.blockers),
    "comment": lambda story: bool(story.comments),
    "task": lambda story: bool(story.tasks),
    "description": lambda story: bool(story.description),
    "deadline": lambda story: story.deadline is not None,
    "estimate": lambda story: story.estimate is not None,
}


def _by_having(view: View, project: Project, value: str) -> Test:
    test = _HAS.get(_unquote(value).lower().rstrip("s"))
    if test is None:
        raise invalid_parameter(f"The search asks for {value[:40]!r}, which is not known.")
    return test


def _by_lacking(view: View, project: Project, value: str) -> Test:
    test = _by_having(view, project, value)
    return lambda story: not test(story)


_KEYWORDS: dict[str, Callable[[View, Project, str], Test]] = {
    "state": _by_state,
    "type": _by_type,
    "id": _by_id,
    "external_id": _by_external_id,
    "label": _by_label,
    "epic": _by_epic,
    "name": _by_name,
    "estimate": _by_estimate,
    "owner": _by_owner,
    "owned_by": _by_owner,
    "requester": _by_requester,
    "requested_by": _by_requester,
    "mywork": _by_work,
    "priority": _by_priority,
    "is": _by_having,
    "has": _by_having,
    "no": _by_lacking,
}
