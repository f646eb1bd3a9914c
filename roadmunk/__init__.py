"""The project: settings, addresses, the Celery application and the one-command start."""

from __future__ import annotations

from roadmunk.celery import app as celery_app

__all__ = ["celery_app"]
