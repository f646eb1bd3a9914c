"""The site's own settings, with what would only make tests slow taken out."""

from __future__ import annotations

import os

# Each process of pytest-xdist has a Redis database of its own. Chosen here, because pytest-django reads the settings of
# such a process before its conftest.
if _worker := os.environ.get("PYTEST_XDIST_WORKER"):
    _database = int(_worker.removeprefix("gw")) % 15 + 1
    os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].partition('?')[0]}?db={_database}"

from roadmunk.settings import *  # noqa: F403  settings are read by name from this module
from roadmunk.settings import STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Hashed names need a collectstatic first; tests read the files where they are.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
# Where the test client asks, so that it can follow the links in letters.
SITE_URL = "http://testserver"
WHITENOISE_AUTOREFRESH = True
