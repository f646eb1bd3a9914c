"""What stories only point at: epics by label, people, iterations, the project's name. Fetched only where wanted."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from integrations.connectors.pivotal_tracker import wire
from integrations.connectors.pivotal_tracker.catalog import Need
from integrations.connectors.pivotal_tracker.client import Client, Sheet
from integrations.connectors.pivotal_tracker.values import Lookups, clean_name, person_name
from integrations.connectors.pivotal_tracker.wire import T
from integrations.records import Page


def read_references(client: Client, project_id: str, needs: frozenset[Need]) -> Generator[Page, None, Lookups]:
    """Fetch what is needed and return it; yield a page without records for the stamp of each answer."""
    epics: dict[int, str] = {}
    people: dict[int, str] = {}
    calendar: list[wire.Iteration] = []
    project = ""
    if "project" in needs:
        named = yield from _stamped([client.project(project_id, fields="name")])
        project = project_name(named[0])
    if "epics" in needs:
        epics = _epics_by_label((yield from _stamped([client.epics(project_id)])))
    if "people" in needs:
        people = _people_by_id((yield from _stamped([client.memberships(project_id)])))
    if "iterations" in needs:
        calendar = yield from _stamped(client.iterations(project_id))
    by_story = _iterations_by_story(calendar)
    return Lookups(epics=epics, people=people, iterations=by_story, calendar=calendar, project=project)


def project_name(project: wire.Project) -> str:
    """The name to show for a project."""
    return clean_name(project.name or project.title or "") or f"Project {project.id}"


def _stamped(sheets: Iterable[Sheet[T]]) -> Generator[Page, None, list[T]]:
    entries: list[T] = []
    for sheet in sheets:
        if sheet.found:
            yield Page(stamp=sheet.stamp)
        entries += sheet.listing.entries
    return entries


def _epics_by_label(epics: Iterable[wire.Epic]) -> dict[int, str]:
    return {epic.label.id: clean_name(epic.name or "") or f"Epic {epic.id}" for epic in epics if epic.label is not None}


def _people_by_id(memberships: Iterable[wire.Membership]) -> dict[int, str]:
    return {one.person.id: person_name(one.person) for one in memberships if one.person is not None}


def _iterations_by_story(iterations: Iterable[wire.Iteration]) -> dict[int, wire.Iteration]:
    return {story_id: iteration for iteration in iterations for story_id in iteration.story_ids or ()}
