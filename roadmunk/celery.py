"""The Celery application. A message is only a poke: the database holds what is to be done."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "roadmunk.settings")

app = Celery("roadmunk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
