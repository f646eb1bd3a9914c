"""How the demo's roadmaps are tied to the sandbox's projects: one integration, one token, the wizard's suggestions."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Membership
from integrations import catalogue, credentials, setup
from integrations.models import Credential, Integration, ProjectLink, SetupDraft
from integrations.services import create_integration
from roadmaps import services
from roadmaps.models import Field, Roadmap, Share
from roadmunk.demo.hand import Values, foresee
from roadmunk.sandbox import Sandbox

KIND = "pivotal_tracker"
#: The sandbox lives on, so the demo's roadmaps look as often as they may.
CADENCE_MINUTES = 5


@dataclass(frozen=True, slots=True)
class Connection:
    """The demo's way to the sandbox."""

    integration: Integration
    credential: Credential


def connect(sandbox: Sandbox, *, admin: Membership, owner: Membership) -> Connection:
    """Let the admin add the connector and the owner a token. Raises an error of `integrations.errors`."""
    identity = credentials.check_secret(KIND, sandbox.token)
    integration = create_integration(admin, kind=KIND, name="Pivotal Tracker sandbox")
    credential = credentials.save_credential(
        owner, kind=KIND, label="Demo token", secret=sandbox.token, identity=identity
    )
    return Connection(integration, credential)


def link(
    connection: Connection, name: str, about: str, *, owner: Membership, viewer: Membership, epics: Values
) -> ProjectLink:
    """Make a roadmap that pulls the project of the same name; `epics` are there, in colours, before the first sync.

    Raises an error of `integrations.errors` where the sandbox does not answer.
    """
    roadmap = services.create_roadmap(owner=owner, name=name, description=about)
    services.share(roadmap=roadmap, member=viewer, level=Share.Level.VIEWER, by=owner)
    made = setup.finish(_fill_in(roadmap, connection), member=owner)
    made.roadmap.refresh_from_db()
    foresee(Field.objects.get(account=owner.account, source_kind=KIND, source_key="epics"), epics)
    return made


def _fill_in(roadmap: Roadmap, connection: Connection) -> SetupDraft:
    """The wizard's answers, as it suggests them."""
    credential = connection.credential
    project = next(one for one in catalogue.list_projects(credential) if one.name == roadmap.name)
    description = catalogue.describe(credential, project.id)
    return SetupDraft.objects.create(
        account=roadmap.account,
        roadmap=roadmap,
        integration=connection.integration,
        credential=credential,
        project_id=project.id,
        project_name=project.name,
        cadence_minutes=CADENCE_MINUTES,
        states=list(description.suggested_states),
        start_sources=list(description.suggested_start),
        end_sources=list(description.suggested_end),
        fields=list(description.suggested_fields),
    )
