"""What web, worker and beat ask before they begin, however they are started."""

from __future__ import annotations

import logging

from django.core.checks import Tags, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connections

logger = logging.getLogger(__name__)


def check_database() -> None:
    """Run the checks that `migrate` runs, too. Raises ImproperlyConfigured where the site can't work on this database.

    One that is away is no reason: who starts meanwhile goes to work when it is back.
    """
    try:
        found = run_checks(tags=[Tags.database], databases=["default"])
    except Error as error:
        logger.warning("The database could not be looked at before the start: %s", " ".join(str(error).split()))
        return
    finally:
        connections.close_all()  # a worker forks after this
    if wrong := [message for message in found if message.is_serious()]:
        raise ImproperlyConfigured("\n".join(f"{message.msg} {message.hint}" for message in wrong))
