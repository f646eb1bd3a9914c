from __future__ import annotations

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"

    def ready(self) -> None:
        """Tell the roadmaps below how fresh they are."""
        from integrations.status import freshness_of_each
        from roadmaps import freshness

        freshness.tell_by(freshness_of_each)
