"""The World: everything that the sandbox knows, and every way to change it."""

from __future__ import annotations

from tracker_sandbox.changes import StoryChanges
from tracker_sandbox.projects import ProjectChanges
from tracker_sandbox.remarks import RemarkChanges


class World(StoryChanges, RemarkChanges, ProjectChanges):
    """People, tokens, projects and all that is in them, behind one lock.

    Each change method raises the `version` of each project that it touches by exactly one and appends one
    activity there. Times are whole seconds of the clock. Hold `world.lock` to change several things at once.
    """
