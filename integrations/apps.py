from __future__ import annotations

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"

    def ready(self) -> None:
        """Tell the roadmaps below how fresh they are, and which fields tell how far the work has come."""
        from integrations.registry import progress_of
        from integrations.status import freshness_of_each
        from roadmaps import freshness, progress

        freshness.tell_by(freshness_of_each)
        progress.tell_by(progress_of)
