"""By weight, so that what is heavy delays nothing light: workers take from each queue in turn, or from some alone."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Queue(StrEnum):
    """Which list of messages a run waits in. The first is Celery's own, where beat's tasks and previews go too."""

    #: What a person waits for, and what keeps everything going.
    ASKED = "celery"
    #: Scheduled runs that read what changed since the last one: mostly one request.
    CHANGES = "changes"
    #: Scheduled runs that read the whole project: the first one, and one a day.
    WHOLE = "whole"


#: For a run and its link in SQL.
QUEUE_OF: Final = f"""CASE
    WHEN run.trigger <> 'schedule' THEN '{Queue.ASKED}'
    WHEN link.last_full_at > now() - interval '1 day' THEN '{Queue.CHANGES}'
    ELSE '{Queue.WHOLE}' END"""
