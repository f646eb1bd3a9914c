"""The WSGI entry point for gunicorn."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from roadmunk import start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "roadmunk.settings")

application = get_wsgi_application()
start.check_database()
