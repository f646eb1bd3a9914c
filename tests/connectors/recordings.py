"""Real answers of Tracker as the client sees them, where there are recordings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from requests.structures import CaseInsensitiveDict

from integrations.http import Answer
from tests.recordings import FOLDERS


@dataclass(frozen=True, slots=True)
class Recording:
    """One request to Tracker and what it answered."""

    name: str
    #: Below the API's root, without a query.
    path: str
    query: dict[str, str]
    answer: Answer

    @property
    def version(self) -> str | None:
        """The version of the project that the answer was read under."""
        return self.answer.headers.get("X-Tracker-Project-Version")


@cache
def recordings() -> tuple[Recording, ...]:
    """All recordings, in the order of their names."""
    return tuple(recording for folder in FOLDERS for recording in _read(folder))


def _read(folder: Path) -> Iterator[Recording]:
    for file in sorted(folder.glob("*.json")):
        recorded = json.loads(file.read_text())
        request, response = recorded["request"], recorded["response"]
        body = json.dumps(response["body"]).encode()
        answer = Answer(response["status"], CaseInsensitiveDict(response["headers"]), body)
        path = request["path"].removeprefix("/services/v5")
        yield Recording(file.name, path, dict(request["query"]), answer)
