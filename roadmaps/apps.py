from __future__ import annotations

from django.apps import AppConfig


class RoadmapsConfig(AppConfig):
    name = "roadmaps"
