"""What is written down of an event: one line, with ids and without secrets (W20, W4)."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest
from django.db import Error, OperationalError, connection, transaction
from django.http import HttpRequest
from django.test import Client

from accounts import log_ids
from accounts.models import Membership
from integrations.models import ProjectLink, SyncRun
from integrations.sync import schedule
from integrations.sync.copy import Staging
from integrations.sync.run import execute
from roadmunk.logs import JsonFormatter, LineFormatter, RouteForPath
from tests import factories
from tests.integrations.sync.conftest import labels, link, tracker  # noqa: F401 - fixtures
from tests.integrations.sync.fakes import FakeConnector, record

FORGED = "Acme\r\n2026-01-01 ERROR \x1b[31mall is lost\x1b[0m\u2028\u202e"


class Written:
    """What was logged since the test began, as the production installation writes it."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(JsonFormatter())
        self.handler.addFilter(RouteForPath())

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().split("\n") if line]

    def of(self, logger: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["logger"] == logger]


@pytest.fixture
def written() -> Iterator[Written]:
    kept = Written()
    root = logging.getLogger()
    root.addHandler(kept.handler)
    yield kept
    root.removeHandler(kept.handler)


def line_of(formatter: logging.Formatter, message: str) -> str:
    made = logging.makeLogRecord({"name": "some", "levelname": "INFO", "msg": "%s", "args": (message,)})
    return formatter.format(made)


def test_what_goes_well_each_second_is_not_written_down(written: Written) -> None:
    """Beat sends a look for what is due each second; what fails, and what is rare, is worth a line."""
    logging.getLogger("celery.beat").info("Scheduler: Sending due task %s (%s)", "dispatch", "tasks.dispatch")
    logging.getLogger("celery.worker.strategy").info("Task %s received", "tasks.dispatch")
    logging.getLogger("celery.app.trace").info("Task %s succeeded", "tasks.dispatch")
    assert written.events == []
    logging.getLogger("celery.beat").info("Scheduler: Sending due task %s (%s)", "letters", "tasks.send_letters")
    logging.getLogger("celery.app.trace").error("Task %s raised", "tasks.dispatch")
    said = [event["message"] for event in written.events]
    assert said == ["Scheduler: Sending due task letters (tasks.send_letters)", "Task tasks.dispatch raised"]


@pytest.mark.parametrize("formatter", [JsonFormatter(), LineFormatter()])
def test_a_name_can_not_forge_a_line_or_colour_a_terminal(formatter: logging.Formatter) -> None:
    """W20."""
    line = line_of(formatter, FORGED)
    assert line.isprintable()
    assert "all is lost" in line


def test_a_line_is_json_in_utc() -> None:
    """W20: who, what, when and outcome."""
    with log_ids.about(account=7, run=9):
        event = json.loads(line_of(JsonFormatter(), "Done"))
    assert event.pop("time").endswith("Z")
    assert event == {"level": "INFO", "logger": "some", "message": "Done", "account": 7, "run": 9}


def test_ids_end_with_what_they_are_about() -> None:
    with log_ids.about(request="a"):
        with log_ids.about(account=1):
            log_ids.add(member=2)
            assert log_ids.current() == {"request": "a", "account": 1, "member": 2}
        assert log_ids.current() == {"request": "a"}
    log_ids.add(account=3)
    assert log_ids.current() == {}


def test_a_trace_stays_in_its_line(written: Written) -> None:
    try:
        raise ValueError(FORGED)
    except ValueError:
        logging.getLogger("some").exception("It broke")
    (event,) = written.of("some")
    assert "ValueError" in event["trace"]


def test_no_line_of_a_trace_passes_for_an_event() -> None:
    """W20: where a trace is shown in lines, those of an error are indented, and colour no terminal."""
    event, *trace = told_of(ValueError(FORGED), LineFormatter()).splitlines()
    assert event.startswith("20")
    assert any("all is lost" in line for line in trace)
    assert all(line.startswith("  ") and line.isprintable() for line in trace)


SECRET = 'Layoffs\n\nin May\nHINT:  "olga@acme.test"'
#: What the database is asked, and what is told of it when it refuses.
REFUSED = {
    "a row in the detail": ("INSERT INTO thing VALUES (%s)", "violates check constraint"),
    "a value": ("SELECT %s::int", "invalid input syntax for type integer"),
    "a piece of a statement": ("SELECT\n%s, nothing", "does not exist"),
    "a statement in a function": ("SELECT pg_temp.broken(%s)", "(PL/pgSQL function pg_temp"),
}
THING = """
CREATE TEMPORARY TABLE thing (name text CHECK (length(name) < 3));
CREATE FUNCTION pg_temp.broken(name text) RETURNS void LANGUAGE plpgsql AS
$$BEGIN EXECUTE format('INSERT INTO thing VALUES (%L)', name); END$$;
"""

ENDED = """terminating connection
CONTEXT:  COPY story, line 7: "Layoffs

in May"
server closed the connection unexpectedly
"""


def told_of(error: Exception, formatter: logging.Formatter) -> str:
    """How a log tells of it, in the way of `log.exception` and in the way of Celery, whose message repeats it."""
    raised = (type(error), error, error.__traceback__)
    ours = logging.makeLogRecord({"msg": "%r: %s", "args": (error, error), "exc_info": raised})
    of_celery = logging.makeLogRecord({"msg": "%(exc)s", "args": {"exc": repr(error)}, "exc_info": raised})
    return formatter.format(ours) + formatter.format(of_celery)


FORMATTERS = pytest.mark.parametrize("formatter", [JsonFormatter(), LineFormatter()], ids=["json", "line"])


@FORMATTERS
@pytest.mark.parametrize("name", REFUSED)
def test_rows_that_the_database_quotes_stay_out(db: None, name: str, formatter: logging.Formatter) -> None:
    """W4: and which statement failed, and why, is told all the same."""
    statement, told = REFUSED[name]
    with pytest.raises(Error) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(THING)
        cursor.execute(statement, [SECRET])
    line = told_of(caught.value, formatter)
    assert told in line
    for word in ("Layoffs", "in May", "olga@acme.test"):
        assert word not in line


@FORMATTERS
def test_what_copy_reads_stays_out(db: None, formatter: logging.Formatter) -> None:
    """W4."""
    rows = [(SECRET, {"f1": SECRET + "\0"})]
    with pytest.raises(Error) as caught, transaction.atomic(), connection.cursor() as cursor:
        Staging(cursor, "story", {"name": "text", "values": "jsonb"}).fill(rows)
    line = told_of(caught.value, formatter)
    assert "unsupported Unicode escape sequence (COPY story, line 1, column values)" in line
    assert "Layoffs" not in line and "olga" not in line


@FORMATTERS
def test_what_copy_reads_stays_out_though_the_connection_ends(formatter: logging.Formatter) -> None:
    """W4: then all that the server said is in the message of its client."""
    error = OperationalError(ENDED)
    error.__cause__ = psycopg2.OperationalError(ENDED)
    line = told_of(error, formatter)
    assert "terminating connection (COPY story, line 7)" in line
    assert "Layoffs" not in line


def test_an_error_of_the_databases_client_is_told_whole() -> None:
    error = OperationalError("could not connect\n")
    error.__cause__ = psycopg2.OperationalError("could not connect\n")
    told = told_of(error, LineFormatter())
    assert "django.db.utils.OperationalError: could not connect" in told and "left out" not in told


def test_each_request_is_one_line_with_ids_alone(
    signed_in: Callable[[Membership], Client], olga: Membership, written: Written
) -> None:
    roadmap = factories.make_roadmap(olga, "Secret plans")
    browser = signed_in(olga)
    answer = browser.get(f"/a/acme/roadmaps/{roadmap.pk}/")
    (event,) = written.of("roadmunk.request_log")
    assert (event["account"], event["member"], event["user"]) == (olga.account_id, olga.pk, olga.user_id)
    assert (event["method"], event["status"]) == ("GET", answer.status_code)
    assert event["route"].startswith("roadmaps:")
    assert event["request"] == answer["X-Request-ID"]
    text = written.stream.getvalue()
    for personal in (olga.user.email, olga.user.name, "Secret plans", "127.0.0.1"):
        assert personal not in text


@pytest.mark.parametrize("address", ["/invitations/secret-of-the-letter/", "/no/such/secret-of-the-letter"])
def test_addresses_that_hold_secrets_are_not_written_down(
    client: Client, olga: Membership, written: Written, address: str
) -> None:
    """W4."""
    factories.make_invitation(olga)
    client.get(address)
    assert written.events
    assert "secret-of-the-letter" not in written.stream.getvalue()


def test_a_failure_tells_its_route_and_the_page_names_the_request(
    client: Client, db: None, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W21: the page shows an id, the log has the trace."""

    def broken(*args: object, **options: object) -> None:
        raise RuntimeError("some detail")

    monkeypatch.setattr("accounts.invitations.find_open", broken)
    client.raise_request_exception = False
    answer = client.get("/invitations/secret-of-the-letter/")
    (event,) = written.of("django.request")
    assert answer.status_code == 500
    assert event["request"] in answer.content.decode()
    assert "some detail" in event["trace"]
    assert "some detail" not in answer.content.decode()
    assert "secret-of-the-letter" not in written.stream.getvalue()


def test_watchers_that_ask_all_day_fill_no_log(client: Client, written: Written) -> None:
    client.get("/healthz")
    assert written.of("roadmunk.request_log") == []


def test_a_path_that_is_no_route_is_not_told() -> None:
    request = HttpRequest()
    request.path = "/secret\n"
    kept = logging.makeLogRecord({"msg": "%s: %s", "args": ("Not Found", "/secret\\n"), "request": request})
    RouteForPath().filter(kept)
    assert kept.getMessage() == "Not Found: "


def test_a_run_is_told_with_its_ids_and_its_outcome(
    link: ProjectLink,  # noqa: F811
    tracker: FakeConnector,  # noqa: F811
    written: Written,
) -> None:
    tracker.hold(record("1"))
    run = schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False)
    execute(run.pk)
    (event,) = written.of("integrations.sync.run")
    assert (event["run"], event["account"], event["state"]) == (run.pk, link.account_id, "succeeded")
    assert event["seconds"] >= 0
