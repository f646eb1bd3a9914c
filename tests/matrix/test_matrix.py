"""The matrix (promises, section 5): each address x each person x each method x own, foreign and impossible things.

Every request is made in a savepoint and taken back, so each meets the same site. What the database did meanwhile is
read from its own statistics, so nothing that code does, triggers and cascades included, escapes the count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.walls import EVERY
from tests.browser.every_page import ARGUMENTS
from tests.browser.everything import Things
from tests.matrix.asking import HTMX, Got, address_of, ask, filled, foreign_and_missing
from tests.matrix.site import Site
from tests.matrix.table import EVERYBODY, SIGNED_IN, TABLE, Row, expected
from tests.roadmunk.headers import problems

pytestmark = pytest.mark.django_db

#: The pages that note when a person looked at the roadmap (B18).
NOTING = {f"roadmaps:{name}" for name in ("items-table", "rollup", "swimlane", "timeline")}
#: What is asked across all accounts during a request: who somebody is, and which invitation a letter is about.
ACROSS = {"accounts_membership", "accounts_invitation"}
#: Good posts that name a thing which is not there, and do the rest of what they say.
DO_THE_REST = {"roadmaps:item-edit", "roadmaps:view-new", "roadmaps:view-save"}
#: Stands for an argument while the address is made, because addresses of nonsense can't be reversed.
PLACE = 987654321


def by_looking(name: str) -> set[str]:
    """What a look writes: the session that remembers the account, and, on some pages, when the person looked."""
    return {"django_session", *(["roadmaps_look"] if name in NOTING else [])}


def test_every_address_has_a_row() -> None:
    """A new address without one fails here: say who may."""
    assert TABLE.keys() == ARGUMENTS.keys()


@pytest.mark.parametrize("who", EVERYBODY)
def test_each_address_answers_each_person_as_the_table_says(who: str, site: Site) -> None:
    """W1, W2, W12: who is refused changes nothing, nor does any look; no statement leaves the account."""
    wrong = []
    for name, row in TABLE.items():
        address = address_of(name, row, site.things)
        for method in ("GET", "POST"):
            own = {"", EVERY, str(site.account.pk)}
            if row.enters_own and method == "POST":
                own |= site.accounts_of(who)
            got = ask(site, who, method, address, filled(row, site.things))
            may_write = method == "POST" and who in row.may
            said = [
                f"answered {got.status} and not {expected(name, who, method)}"
                * (got.status != expected(name, who, method)),
                *problems(got.headers),
                f"wrote {got.watched.written}" * (not may_write and not got.watched.written.keys() <= by_looking(name)),
                f"named {got.watched.outside} outside" * bool(got.watched.outside),
                f"asked across all accounts for {got.watched.across}" * (not got.watched.across <= ACROSS),
                f"entered {got.watched.touched.keys() - own}" * (not got.watched.touched.keys() <= own),
            ]
            wrong += [f"{method} {address}: {each}" for each in said if each]
    assert wrong == []


@pytest.mark.parametrize("who", EVERYBODY)
def test_other_methods_are_refused_or_look(who: str, site: Site) -> None:
    """W2: HEAD answers as GET does; the rest is taken from nobody, and the database is not even asked."""
    wrong = []
    for name, row in TABLE.items():
        address, look = address_of(name, row, site.things), expected(name, who, "GET")
        head = ask(site, who, "HEAD", address)
        if head.status != look or head.body or head.watched.written.keys() - by_looking(name):
            wrong.append(f"HEAD {address}: answered {head.status}, wrote {head.watched.written}")
        for method in ("OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"):
            with CaptureQueriesContext(connection) as asked:
                answer = site.browsers[who].generic(method, address)
            if (answer.status_code, answer.content, asked.captured_queries) != (405, b"", []):
                wrong.append(f"{method} {address}: answered {answer.status_code} after {len(asked)} statements")
    assert wrong == []


#: Who is let in furthest: these try each argument by itself, by each method, and every question. The rest tries all at
#: once, by the method that would change something, and one question of each page.
CURIOUS = ("owner", "admin")


@pytest.mark.parametrize("who", EVERYBODY)
def test_things_of_another_account_are_like_things_that_do_not_exist(who: str, site: Site) -> None:
    """W1: byte for byte, in the path, in the question and in what is posted; and by the same statements."""
    here = site.seen_by_a_stranger() if who == "stranger" else site
    named, entered, wrong = named_elsewhere(here), {EVERY, str(here.account.pk)}, []
    for name, row in TABLE.items():
        for method, *pair in foreign_and_missing(name, row, here, thorough=who in CURIOUS):
            foreign, missing = (ask(here, who, method, address, body) for address, body in pair)
            if not alike(foreign, missing, named):  # unless a minute passed just between the two
                foreign, missing = (ask(here, who, method, address, body) for address, body in pair)
            if not alike(foreign, missing, named) or foreign.watched.written != missing.watched.written:
                wrong.append(f"{method} {pair}: {foreign.status}, {missing.status}; wrote {foreign.watched.written}")
            done = method == "POST" and foreign.status in {200, 204, 302}
            if foreign.watched.written.keys() - by_looking(name) and not (done and name in DO_THE_REST):
                wrong.append(f"{method} {pair}: {foreign.status} wrote {foreign.watched.written}")
            if foreign.watched.statements != missing.watched.statements:
                wrong.append(f"{method} {pair}: other statements")
            if not foreign.watched.touched.keys() <= entered:
                wrong.append(f"{method} {pair[0]}: entered {foreign.watched.touched.keys()}")
    assert wrong == []


@pytest.mark.parametrize("who", EVERYBODY)
def test_parts_of_pages_are_refused_as_pages_are(who: str, site: Site) -> None:
    """W2: what htmx asks for, by those who may not, and about things of another account."""
    here = site.seen_by_a_stranger() if who == "stranger" else site
    wrong = []
    for name, row in TABLE.items():
        address = address_of(name, row, site.things)
        asked = [(each, address, filled(row, site.things)) for each in ("GET", "POST") if who not in row.may]
        refused = {(address, method): {expected(name, who, method)} for method, *_ in asked}
        if who in SIGNED_IN:
            asked += elsewhere(name, row, here)
        for method, where, body in asked:
            got = ask(here, who, method, where, body, HTMX)
            # Who was signed out meanwhile gets all anew, and not the sign-in page in the place of a part.
            anew = got.status == 204 and "HX-Refresh" in got.headers and who not in SIGNED_IN
            if got.status not in refused.get((where, method), {403, 404}) and not anew:
                wrong.append(f"{method} {where}: answered {got.status}")
            if got.watched.written.keys() - {"django_session"}:
                wrong.append(f"{method} {where}: wrote {got.watched.written}")
    assert wrong == []


def elsewhere(name: str, row: Row, site: Site) -> Iterator[tuple[str, str, dict[str, str]]]:
    """The address of another account's thing, by the method that would change it."""
    own = address_of(name, row, site.things).partition("?")[0]
    for method, (where, body), _ in foreign_and_missing(name, row, site, thorough=False):
        if where.partition("?")[0] != own:
            yield method, where, body


def named_elsewhere(site: Site) -> re.Pattern[str]:
    """What a request about another account's things names itself; and a copy of a view, which is new each time."""
    return re.compile("|".join([*(rf"(?<![0-9]){text}(?![0-9])" for text in site.names_elsewhere), r"\?view=\d+$"]))


def alike(one: Got, other: Got, named: re.Pattern[str]) -> bool:
    """Whether the answers are the same, but for what each request had named itself."""
    return one.status == other.status and (one.same == other.same or one.without(named) == other.without(named))


#: Numbers that no row has: none, and beyond what the database counts to.
NO_IDS = ("0", "9223372036854775808")
#: What is no number: below none, a fraction, words, a digit of another script, a way up, NUL, the end of a line.
NO_NUMBERS = ("-1", "1.5", "one", "%D9%A1", "1%2F..%2F2", "%00", "1%0d%0a")


@pytest.mark.parametrize("who", EVERYBODY)
def test_arguments_that_nothing_can_have_are_refused(who: str, site: Site) -> None:
    """Never an error of ours, and nothing is written."""
    wrong = []
    for name, row in TABLE.items():
        for argument in ARGUMENTS[name]:
            for text in nonsense(row, argument, site.things, words=who == "owner", odd=who == "nobody"):
                address, method = with_text(name, row, argument, text, site.things), "POST" if row.post else "GET"
                got = ask(site, who, method, address, filled(row, site.things))
                if (
                    got.status >= 500
                    or ("account_slug" in ARGUMENTS[name] and got.status < 300)
                    or got.watched.written.keys() - {"django_session"}
                ):
                    wrong.append(f"{method} {address}: {got.status}, wrote {got.watched.written}")
    assert wrong == []


def nonsense(row: Row, argument: str, things: Things, *, words: bool, odd: bool) -> tuple[str, ...]:
    """What to put in the place of an argument. What is no number reaches no view, so nobody alone tries that."""
    if argument == "account_slug":
        return ("%00",) if words else ()
    if not isinstance(things.get(row.args.get(argument, argument)), int):
        return NO_NUMBERS if words else ()
    return NO_IDS + NO_NUMBERS if odd else NO_IDS if words else NO_IDS[1:]


def with_text(name: str, row: Row, argument: str, text: str, things: Things) -> str:
    """The address with that in the place of an argument."""
    thing = row.args.get(argument, argument)
    place = str(PLACE) if isinstance(things.get(thing), int) else f"x{PLACE}"
    address = address_of(name, replace(row, args={**row.args, argument: "place"}), {**things, "place": place})
    return address.replace(place, text)


@pytest.mark.parametrize("text", [*NO_IDS, *NO_NUMBERS, "", "-9223372036854775809", "f0", "NaN"])
def test_questions_about_what_can_not_be_are_answered_or_refused(text: str, site: Site) -> None:
    """Section 6: 400 or the first page, never an error of ours."""
    wrong = []
    for name, row in TABLE.items():
        where = address_of(name, row, site.things).partition("?")[0]
        who = "owner" if "owner" in row.may else "admin"
        for question in row.asks:
            got = ask(site, who, "GET", where + question.format_map(dict.fromkeys(site.things, text)))
            if got.status not in {200, 302, 400, 404} or got.watched.written.keys() - by_looking(name):
                wrong.append(f"{where}{question}: {got.status}, wrote {got.watched.written}")
        if row.post and any("{" in each for each in row.body.values()):
            body = {
                key.format(**site.things): each.format_map(dict.fromkeys(site.things, unquote(text)))
                for key, each in row.body.items()
            }
            got = ask(site, who, "POST", address_of(name, row, site.things), body)
            if got.status >= 500:
                wrong.append(f"POST {where} {body}: {got.status}")
    assert wrong == []
