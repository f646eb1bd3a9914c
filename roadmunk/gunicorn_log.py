"""Lets gunicorn write its own lines as the site does; requests are told by `roadmunk.request_log`."""

from __future__ import annotations

import logging

from django.conf import settings
from gunicorn.config import Config
from gunicorn.glogging import Logger

from roadmunk.logs import JsonFormatter, LineFormatter


class GunicornLogger(Logger):
    """Given to gunicorn by `--logger-class`."""

    def setup(self, cfg: Config) -> None:
        """Set up as gunicorn does, with our formatter."""
        super().setup(cfg)
        logging.captureWarnings(True)  # a warning is an event, and one line, too
        formatter = JsonFormatter() if settings.LOG_FORMAT == "json" else LineFormatter()
        for handler in self.error_log.handlers:
            handler.setFormatter(formatter)
