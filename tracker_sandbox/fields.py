"""The grammar of the `fields` parameter: which members of a resource come back.

fields=name,owners(name)      those members, and the id
fields=:default,label_ids     the usual members, and one more
fields=epics(:default,label(name))
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from tracker_sandbox.errors import invalid_parameter

MAX_DEPTH = 10


@dataclass(slots=True, frozen=True)
class Fields:
    """A parsed selection; `members` maps each named member to the selection within it (None: its default)."""

    default: bool
    members: dict[str, Fields | None] = field(default_factory=dict)


DEFAULT = Fields(default=True)


@lru_cache(maxsize=512)
def parse_fields(text: str) -> Fields:
    """Read the value of a `fields` parameter; ApiError 400 when it doesn't follow the grammar."""
    selection, rest = _read_list(text, 0)
    if rest:
        raise invalid_parameter(f"The fields parameter has an unmatched parenthesis near {rest[:20]!r}.")
    return selection


def _read_list(text: str, depth: int) -> tuple[Fields, str]:
    if depth > MAX_DEPTH:
        raise invalid_parameter("The fields parameter is nested too deeply.")
    default = False
    members: dict[str, Fields | None] = {}
    while True:
        name, text = _read_name(text)
        if name == ":default":
            default = True
        elif text.startswith("("):
            members[name], text = _read_list(text[1:], depth + 1)
            if not text.startswith(")"):
                raise invalid_parameter("The fields parameter has an open parenthesis.")
            text = text[1:]
        else:
            members[name] = None
        if not text.startswith(","):
            return Fields(default=default, members=members), text
        text = text[1:]


def _read_name(text: str) -> tuple[str, str]:
    end = next((n for n, char in enumerate(text) if char in ",()"), len(text))
    name = text[:end].strip()
    if not name.removeprefix(":").replace("_", "").isalnum() or (name[0] == ":" and name != ":default"):
        raise invalid_parameter(f"The fields parameter holds {name[:40]!r}, which is no member name.")
    return name, text[end:]
