"""A frozen world and a running sandbox per test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tracker_sandbox.support import ALICE, NOON, VERA, Acme, Client
from tracker_sandbox.clock import Clock
from tracker_sandbox.server import Sandbox
from tracker_sandbox.state import World


@pytest.fixture
def acme() -> Acme:
    world = World(clock=Clock(frozen_at=NOON))
    alice = world.add_person("Alice Ames", token=ALICE)
    vera = world.add_person("Vera Voss", token=VERA)
    project = world.add_project("Acme", owner_id=alice.id, time_zone="Europe/Berlin")
    other = world.add_project("Other", owner_id=alice.id)
    world.join(project.id, vera.id, role="viewer")
    return Acme(world, alice, vera, project, other)


@pytest.fixture
def sandbox(acme: Acme) -> Iterator[Sandbox]:
    with Sandbox(acme.world) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    return Client(sandbox)
