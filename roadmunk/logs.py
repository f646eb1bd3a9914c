"""How a log line looks: one event, one line, in UTC, with the ids of what it is about (W20).

Names and texts from outside can neither start a line of their own nor colour a terminal: what is no printable
character is escaped.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from celery import current_task
from django.http import HttpRequest

from accounts import log_ids
from roadmunk.unquoted import without_rows

#: What every record has; anything else was given to the call as `extra` and is part of the event.
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {
    *("message", "asctime", "taskName"),  # added when a record is written
    *("request", "status_code", "data"),  # added by Django and Celery
}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, ids, what the call gave as `extra`, and a trace."""

    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, Any] = {
            "time": _utc(record),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
            **_ids(),
            **{name: value for name, value in vars(record).items() if name not in _USUAL and not name.startswith("_")},
        }
        if record.exc_info:
            event["trace"] = without_rows(self.formatException(record.exc_info), _errors(record))
        if record.stack_info:
            event["stack"] = record.stack_info
        return json.dumps(event, default=str)


class LineFormatter(logging.Formatter):
    """For the eyes of who develops: time, level, logger, message, ids. A trace follows, indented: no line of it can
    pass for an event."""

    def format(self, record: logging.LogRecord) -> str:
        ids = "".join(f" {name}={value}" for name, value in _ids().items())
        line = f"{_utc(record)} {record.levelname} {record.name} {escaped(_message(record))}{ids}"
        if not record.exc_info:
            return line
        trace = without_rows(self.formatException(record.exc_info), _errors(record))
        return "\n".join([line, *(f"  {escaped(each)}" for each in trace.splitlines())])


class RouteForPath(logging.Filter):
    """Django names the path of a request that failed; a path may hold the secret of an invitation. A route does not."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
            paths = {request.path, request.path.encode("unicode_escape").decode("ascii")}
            record.args = tuple(route_of(request) if each in paths else each for each in record.args)
        return True


class NotEachLook(logging.Filter):
    """Celery's beat says of each task that it sends it; of the look for what is due that is a line each second."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (str(record.msg).startswith("Scheduler: Sending") and "dispatch" in (record.args or ()))


def route_of(request: HttpRequest) -> str:
    """The name of the address that was asked, such as "roadmaps:table"; empty where there is no such address."""
    match = request.resolver_match
    return match.view_name if match else ""


def escaped(text: str) -> str:
    """The text with everything that is not printable written as an escape."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text)


def _message(record: logging.LogRecord) -> str:
    return without_rows(record.getMessage(), _errors(record))


def _errors(record: logging.LogRecord) -> list[BaseException]:
    """What the record is about: the error that it has a trace of, and those that its message names."""
    given = record.args.values() if isinstance(record.args, Mapping) else record.args or ()
    raised = record.exc_info[1] if record.exc_info else None
    return [one for one in (raised, *given) if isinstance(one, BaseException)]


def _ids() -> Mapping[str, int | str]:
    """The ids of what is at work, a worker's task among them."""
    task = current_task.request.id if current_task else None
    return {**log_ids.current(), **({"task": task} if task else {})}


def _utc(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
