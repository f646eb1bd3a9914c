from __future__ import annotations

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"

    def ready(self) -> None:
        """Tell the roadmaps below how fresh they are, how far their work has come, and what syncs changed.

        And have accounts tell who left.
        """
        from accounts import departures
        from integrations import checks  # noqa: F401 - registers them
        from integrations.departures import follow
        from integrations.history import moves_since
        from integrations.panel import remembered_status
        from integrations.registry import progress_of
        from integrations.status import freshness_of_each
        from roadmaps import freshness, moves, progress

        departures.tell_by(follow)
        freshness.tell_by(freshness_of_each)
        freshness.note_by(remembered_status)
        moves.tell_by(moves_since)
        progress.tell_by(progress_of)
