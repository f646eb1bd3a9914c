"""The site's own settings, with what would only make tests slow taken out."""

from __future__ import annotations

from roadmunk.settings import *  # noqa: F403  settings are read by name from this module
from roadmunk.settings import STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Hashed names need a collectstatic first; tests read the files where they are.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True
