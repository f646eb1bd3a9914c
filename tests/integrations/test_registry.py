"""Connectors are found by their folder, and each says who it is."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django import Settings

from integrations import connectors, registry
from roadmaps import progress
from roadmaps.columns import Column


def test_pivotal_tracker_is_found() -> None:
    """S3."""
    assert "pivotal_tracker" in registry.all_kinds()
    assert registry.get("pivotal_tracker").label == "Pivotal Tracker"
    assert ("pivotal_tracker", "Pivotal Tracker") in registry.choices()


@pytest.mark.parametrize("kind", registry.all_kinds())
def test_each_connector_says_who_it_is(kind: str) -> None:
    connector = registry.get(kind)
    assert connector.kind == kind
    assert connector.default_url.startswith("https://")
    assert all([connector.label, connector.secret_label, connector.secret_help])
    assert re.compile(connector.secret_pattern)


@pytest.mark.parametrize("kind", registry.all_kinds())
def test_a_roadmap_can_ask_what_adds_up_into_progress(kind: str) -> None:
    """B15: without knowing who answers; and whoever is no longer installed says nothing."""
    connector = registry.get(kind)
    told = Column("f1", "Epics", "choices", source_kind=kind, source_key="epics")
    assert progress.of(told) == connector.progress
    assert progress.of(replace(told, source_kind="gone")) is None
    assert progress.of(replace(told, source_kind="")) is None


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(registry.UnknownKind, match="trello"):
        registry.get("trello")


def test_the_address_is_the_operators_or_the_connectors_own(settings: Settings) -> None:
    """D3."""
    settings.CONNECTOR_URLS = {}
    assert registry.base_url("pivotal_tracker") == "https://www.pivotaltracker.com"
    settings.CONNECTOR_URLS = {"pivotal_tracker": "http://localhost:9"}
    assert registry.base_url("pivotal_tracker") == "http://localhost:9"


@pytest.fixture
def second_connector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder with a connector in it, dropped beside the others."""
    folder = tmp_path / "other_tracker"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "class Other:\n    kind, label, default_url = 'other_tracker', 'Other', 'https://other.test'\n"
        "    progress = None\n"
        "connector = Other()\n"
    )
    monkeypatch.setattr(connectors, "__path__", [*connectors.__path__, str(tmp_path)])
    registry._connectors.cache_clear()
    yield
    registry._connectors.cache_clear()
    sys.modules.pop("integrations.connectors.other_tracker", None)


def test_a_second_connector_needs_nothing_but_its_folder(second_connector: None) -> None:
    assert registry.all_kinds() == ("other_tracker", "pivotal_tracker")
    assert registry.base_url("other_tracker") == "https://other.test"
