"""Pivotal Tracker, API version 5, and servers that answer like it."""

from __future__ import annotations

from integrations.connectors.pivotal_tracker.connector import PivotalTracker

connector = PivotalTracker()
