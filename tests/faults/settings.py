"""The site's own settings, for workers and beat that tests start: only what they wait for comes sooner."""

from __future__ import annotations

from roadmunk.settings import *  # noqa: F403  settings are read by name from this module
from roadmunk.settings import CELERY_BEAT_SCHEDULE, STORAGES
from tests.faults.times import DISPATCH_SECONDS

for _name in ("dispatch", "letters"):
    CELERY_BEAT_SCHEDULE[_name]["schedule"] = DISPATCH_SECONDS

# Hashed names need a collectstatic first; nobody looks at the pages.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
