"""The field types: how a value of each is parsed from a form, stored as JSON, and shown.

Pure: no ORM, no clock, no network. Stored shapes, one per type: text and link are strings, number is a JSON
number, date is "YYYY-MM-DD", checkbox is true or false, choice is an option's id, choices is a list of option
ids without repeats.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from urllib.parse import urlsplit

#: A value as it lies in `Item.values`.
Stored = str | int | float | bool | list[int]

MAX_TEXT = 5000
#: Numbers have at most 15 digits: beyond that a float, and with it JSON, is no longer exact.
NUMBER_BOUND = 10**15
MIN_DATE = date(1900, 1, 1)
MAX_DATE = date(2200, 12, 31)
TRUE_WORDS = frozenset({"true", "on", "yes", "1"})
FALSE_WORDS = frozenset({"false", "off", "no", "0"})
#: What nearly every address looks like; splitting one costs ten times as much as this look at it.
_PLAIN_LINK = re.compile(
    r"https?://[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?(:[0-9]{1,5})?(/[A-Za-z0-9/._~-]{0,500})?", re.ASCII
)


class InvalidValue(ValueError):
    """The text is no value of that type. The message is a sentence for the user."""


@lru_cache(maxsize=10_000)
def fold(label: str) -> str:
    """The form of a list value under which twins meet: NFC, without regard to case and blanks."""
    return " ".join(unicodedata.normalize("NFC", label).casefold().split())


def natural_order(label: str) -> list[tuple[bool, int, str]]:
    """A key that sorts labels as people do: without regard to case, and "2" before "10"."""
    parts = re.split(r"(\d+)", fold(label))
    return [(False, int(part), "") if part.isdecimal() else (True, 0, part) for part in parts if part]


def clean_text(text: str, *, limit: int = MAX_TEXT) -> str:
    """Text that PostgreSQL can store: no NUL, lone surrogates replaced. Raises InvalidValue past `limit`."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
    cleaned = text.replace("\x00", "").strip()
    if len(cleaned) > limit:
        raise InvalidValue(f"Please use at most {limit:,} characters; this has {len(cleaned):,}.")
    return cleaned


def parse_number(text: str) -> int | float:
    """A finite number of at most 15 digits, as an integer where it is whole. Accepts a decimal comma."""
    try:
        number = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        raise InvalidValue("Enter a number, such as 3 or 2.5.") from None
    return store_number(number)


def store_number(number: Decimal) -> int | float:
    """Raises InvalidValue for what JSON and a float can't hold exactly enough."""
    if number.is_finite() and -NUMBER_BOUND < number < NUMBER_BOUND:
        whole = int(number)
        if whole == number:
            return whole
        if len(number.as_tuple().digits) <= 15 + 9:
            return float(number)
    raise InvalidValue("Enter a number with at most 15 digits.")


def parse_date(text: str) -> date:
    """A date written YYYY-MM-DD between 1900 and 2200."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidValue("Enter a date as year-month-day, such as 2026-03-31.") from None
    if not MIN_DATE <= day <= MAX_DATE:
        raise InvalidValue("Enter a date between 1900 and 2200.")
    return day


def parse_link(text: str) -> str:
    """An http or https address."""
    if _PLAIN_LINK.fullmatch(text):
        return text
    address = clean_text(text, limit=2000)
    try:
        parts = urlsplit(address)
    except ValueError:
        raise InvalidValue("Enter a web address that starts with https://.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or len(address.split()) != 1:
        raise InvalidValue("Enter a web address that starts with https://.")
    return address


def is_web_address(text: str) -> bool:
    """Whether the text may stand behind a link: an http or https address, and nothing that a browser runs."""
    try:
        return parse_link(text) == text
    except InvalidValue:
        return False


def parse_checkbox(text: str) -> bool:
    """Yes or no, as forms and people write it."""
    word = text.strip().casefold()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise InvalidValue("Choose yes or no.")


def parse_choices(texts: list[str], options: Mapping[int, str]) -> list[int]:
    """The ids of the chosen options, once each, in the order of the texts. Raises InvalidValue for an unknown id."""
    try:
        chosen = dict.fromkeys(int(text) for text in texts if text)
    except ValueError:
        raise InvalidValue("Choose from the list.") from None
    if not chosen.keys() <= options.keys():
        raise InvalidValue("Choose from the list; one of the values is no longer there.")
    return list(chosen)


def parse(type_: str, texts: list[str], options: Mapping[int, str]) -> Stored | None:
    """What a form sent for a field of that type, as it is stored; None means no value.

    `options` are the field's list values, id to label, in order. Raises InvalidValue.
    """
    text = texts[0] if texts else ""
    if type_ in ("choice", "choices"):
        chosen = parse_choices(texts if type_ == "choices" else texts[:1], options)
        if not chosen:
            return None
        return chosen if type_ == "choices" else chosen[0]
    if not text.strip():
        return None
    match type_:
        case "number":
            return parse_number(text)
        case "date":
            return parse_date(text).isoformat()
        case "checkbox":
            return parse_checkbox(text)
        case "link":
            return parse_link(text)
        case _:
            return clean_text(text) or None


def show(type_: str, value: Stored | None, options: Mapping[int, str]) -> str:
    """The value as plain text, for exports, history and search. An option that is gone shows as nothing."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(options[option] for option in value if option in options)
    if type_ == "choice":
        return options.get(int(value), "")
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return str(value)
