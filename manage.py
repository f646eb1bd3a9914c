#!/usr/bin/env python
"""Django's command line; `manage.py up` starts the whole site."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

from accounts import walls
from accounts.walls import Across

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "roadmunk.settings")
    with walls.every_account(Across.OPERATOR):
        execute_from_command_line(sys.argv)
