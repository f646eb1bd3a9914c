"""A small Tracker for the tests of the pages, and the way through the wizard that most of them take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from integrations import preview
from integrations.models import Credential, Integration, Preview, ProjectLink
from roadmaps.models import Roadmap
from tests import factories
from tracker_sandbox.entities import Project
from tracker_sandbox.server import Sandbox
from tracker_sandbox.state import World

#: Robin's, who sees both projects; Sam's, who sees one.
TOKEN = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
NARROW_TOKEN = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
DEAD_TOKEN = "f" * 32


@dataclass(frozen=True)
class Tracker:
    """A running sandbox with two projects: Robin sees both, Sam sees the first."""

    sandbox: Sandbox
    rider: Project
    shop: Project

    @property
    def world(self) -> World:
        return self.sandbox.world

    def asked(self, path: str = "") -> int:
        """How many requests came whose path holds that."""
        return sum(path in record.path for record in self.sandbox.requests)

    def feed(self, owner: Membership, credential: Credential, name: str) -> ProjectLink:
        """A new roadmap of that name, which the first project feeds."""
        roadmap = factories.make_roadmap(owner, name)
        return factories.make_link(roadmap, credential=credential, project_id=str(self.rider.id))


def build_world() -> tuple[World, Project, Project]:
    """Two people, two projects, a few stories."""
    world = World()
    robin = world.add_person("Robin Alvarez", token=TOKEN)
    sam = world.add_person("Sam Okafor", token=NARROW_TOKEN)
    rider = world.add_project("Rider app", owner_id=robin.id)
    shop = world.add_project("Web shop", owner_id=robin.id)
    world.join(rider.id, sam.id)
    for number in range(3):
        world.create_story(rider.id, f"Story {number}", by=robin.id, current_state="started", estimate=1)
    return world, rider, shop


@dataclass(frozen=True)
class Setup:
    """Olga on her way through the wizard of one roadmap."""

    client: Client
    owner: Membership
    roadmap: Roadmap
    integration: Integration
    credential: Credential
    tracker: Tracker

    def url(self, name: str = "setup", *args: object) -> str:
        return reverse(f"integrations:{name}", args=[self.roadmap.account.slug, self.roadmap.pk, *args])

    def step(self, name: str) -> str:
        return self.url("setup-step", name)

    def get(self, name: str) -> HttpResponse:
        return self.client.get(self.step(name))

    def post(self, name: str, **values: object) -> HttpResponse:
        """Post one step; what is not given is what the tests usually choose."""
        return self.client.post(self.step(name), {**self.usual(name), **values})

    def usual(self, name: str) -> dict[str, object]:
        usual: dict[str, dict[str, object]] = {
            "settings": {"integration": self.integration.pk, "cadence": "720", "lost_items": "keep"},
            "credentials": {"credential": self.credential.pk},
            "project": {"project": str(self.tracker.rider.id)},
            "filter": {"states": ["started", "accepted"]},
            "dates": {"start_1": "started", "start_2": "created", "end_1": "accepted"},
            "fields": {"keys": ["type", "state", "labels"]},
            "review": {"state": "new"},
        }
        return usual[name]

    def look(self, purpose: str = "plan") -> Preview:
        """Let a worker look at what the setup would do; nobody else works here."""
        self.client.post(self.url("setup-preview", purpose))
        found = Preview.objects.get(roadmap=self.roadmap, purpose=purpose)
        return preview.execute(found.pk) or found

    def confirm(self, **values: object) -> HttpResponse:
        """Look first, and say yes to what is there to be seen."""
        answer = self.look().answer or {}
        return self.post("review", **{"plan": str(answer.get("digest", "")), **values})

    def walk(self, upto: str = "review", *, besides: Sequence[str] = ()) -> HttpResponse:
        """Post one step after the other, up to and with that one."""
        for name in ("settings", "credentials", "project", "filter", "dates", "fields", "review"):
            if name not in besides:
                response = self.confirm() if name == "review" else self.post(name)
                assert response.status_code == 302, f"{name}: {response.status_code}"
            if name == upto:
                break
        return response

    def link(self) -> ProjectLink:
        return ProjectLink.objects.get(roadmap=self.roadmap)


def make_setup(client: Client, owner: Membership, tracker: Tracker, *, name: str = "Alpha") -> Setup:
    """A roadmap of the owner, a connector in the account, and saved credentials that the tracker takes."""
    integration = Integration.objects.filter(account=owner.account).first() or factories.make_integration(owner)
    credential = Credential.objects.filter(owner=owner).first() or factories.make_credential(
        owner, "Robin's token", secret=TOKEN, identity_name="Robin Alvarez", projects_seen=2
    )
    return Setup(client, owner, factories.make_roadmap(owner, name), integration, credential, tracker)
