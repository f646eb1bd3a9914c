"""Whose rows a statement may touch: the wall that stands when a filter in the code is forgotten (W1).

Every table of an account is behind a policy of PostgreSQL (`tenancy.Wall`) that shows and takes only rows of the
account that was entered. Which one that is goes with each statement, in one message with it: so nothing is left behind
on a connection for the next request, and a pooler may hand out another connection for each transaction.

Nothing is entered by itself: a view of an account enters it, a task enters its run's account, and the few
questions across accounts go through `every_account` with a reason that `Across` names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from enum import StrEnum
from typing import Any, TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper

T = TypeVar("T")

#: The setting that the policies read: an account's id, EVERY, or nothing.
SETTING = "roadmunk.account"
#: No account has this id.
EVERY = "0"

_END = object()
_entered: ContextVar[str] = ContextVar("entered account", default="")


class Across(StrEnum):
    """Why somebody asks across all accounts."""

    SIGN_IN = "which accounts a person belongs to is known only from all of them"
    NAME = "a person has one name in all of their accounts, and the log of each says when it changes"
    INVITATION = "an invitation is found by its secret, before its account is known"
    SCHEDULE = "the dispatcher looks for what is due anywhere"
    CLAIM = "a message names a run, and its account is known from the run"
    LETTER = "letters of all accounts leave by the same post, and a link in one names a member and not the account"
    FIGURES = "what the operator watches is counted over all accounts, and tells of none"
    KEYS = "under which keys secrets are sealed is asked of all of them, and none is read"
    HOUSEKEEPING = "what is older than the operator keeps goes, whose ever it is"
    OPERATOR = "who types a command on the server may touch everything there"


@contextmanager
def entered(account_id: int) -> Iterator[None]:
    """Let statements touch the rows of this account alone, until the block ends."""
    with _entering(str(int(account_id))):
        yield


@contextmanager
def every_account(_why: Across) -> Iterator[None]:
    """Let statements touch the rows of all accounts, until the block ends. The reason is for who reads the code."""
    with _entering(EVERY):
        yield


@contextmanager
def outside() -> Iterator[None]:
    """Let statements touch no account's rows: where a request begins."""
    with _entering(""):
        yield


@contextmanager
def _entering(whose: str) -> Iterator[None]:
    token = _entered.set(whose)
    try:
        yield
    finally:
        _entered.reset(token)


def carried(act: Callable[..., T]) -> Callable[..., T]:
    """The same act for another thread, inside what is entered here and now."""
    context = copy_context()
    return lambda *args, **kwargs: context.run(act, *args, **kwargs)


def carry(made: Iterator[T]) -> Iterator[T]:
    """The same things, each made inside what is entered now: for answers that are sent after their view has ended."""
    step = carried(next)  # here, and not in a generator, which begins only when it is asked

    def steps() -> Iterator[T]:
        while (found := step(made, _END)) is not _END:
            yield found

    return steps()


def tell_with_each_statement(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Called for each new connection: its statements say whose rows they may touch."""
    if connection.vendor == "postgresql" and _tell not in connection.execute_wrappers:
        connection.execute_wrappers.append(_tell)


#: What reads or writes rows, behind comments too. Others, such as savepoints, must go out as they are.
_OF_ROWS = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/)*(?:\(|(?:SELECT|INSERT|UPDATE|DELETE|WITH|MERGE|TABLE|VALUES|COPY|DECLARE|DO|CALL|EXPLAIN"
    r"|LOCK|SET LOCAL|CREATE (?:(?:TEMP|TEMPORARY|UNLOGGED) )?TABLE)\b)",
    re.IGNORECASE | re.DOTALL,
)


def _tell(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    # With several statements in one message, PostgreSQL treats them as one transaction: LOCAL ends with it.
    if _OF_ROWS.match(sql):
        sql = f"SET LOCAL {SETTING} = '{_entered.get()}'; {sql}"
    return execute(sql, params, many, context)
