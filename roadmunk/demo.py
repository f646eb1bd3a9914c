"""The demo account: three people to sign in as, and a roadmap that fills itself. On an embedded database only."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.http import HttpRequest

from accounts.models import Membership, Role, User
from accounts.services import create_person, open_account
from integrations import catalogue, credentials, setup
from integrations.models import Integration, ProjectLink, SetupDraft
from roadmaps.models import Share
from roadmaps.services.roadmaps import create_roadmap
from roadmaps.services.sharing import share

KIND = "pivotal_tracker"
#: The sandbox lives on, so the demo's roadmap looks as often as it may.
CADENCE_MINUTES = 5
PASSWORD = "roadmunk-demo"  # noqa: S105  shown to everybody, on a database that never leaves its machine


@dataclass(frozen=True, slots=True)
class SignIn:
    """One of the demo's people."""

    name: str
    email: str
    rights: Role
    password: str = PASSWORD

    @property
    def role(self) -> str:
        """The role's name on the screen."""
        return self.rights.label


PEOPLE = (
    SignIn("Alice", "admin@demo.test", Role.ADMIN),
    SignIn("Olga", "owner@demo.test", Role.COLLABORATOR),
    SignIn("Vera", "viewer@demo.test", Role.REVIEWER),
)


@transaction.atomic
def load() -> bool:
    """Make the demo account with its people, unless one of them was ever made; say whether it was made now.

    Raises ImproperlyConfigured on a database that is not embedded: everybody knows these passwords.
    """
    if not settings.EMBEDDED:
        raise ImproperlyConfigured("The demo is loaded into an embedded database only.")
    if User.objects.filter(email__in=[person.email for person in PEOPLE]).exists():
        return False
    admin, *others = (create_person(email=each.email, name=each.name, password=each.password) for each in PEOPLE)
    account = open_account(name="Demo", admin=admin).account
    for person, sign_in in zip(others, PEOPLE[1:], strict=True):
        Membership.objects.create(account=account, user=person, role=sign_in.rights)
    return True


def link_roadmap(project_name: str = "Rider App") -> ProjectLink | None:
    """Give the demo's owner a roadmap that pulls a project of the sandbox, set up as the wizard suggests.

    None where there is no sandbox. Raises an error of `integrations.errors` where it does not answer.
    """
    if not settings.SANDBOX:
        return None
    admin, owner, viewer = (Membership.objects.get(user__email=person.email) for person in PEOPLE)
    token = settings.SANDBOX.token
    integration = Integration.objects.create(
        account=admin.account, kind=KIND, name="Pivotal Tracker sandbox", created_by=admin
    )
    identity = credentials.check_secret(KIND, token)
    credential = credentials.save_credential(owner, kind=KIND, label="Demo token", secret=token, identity=identity)
    project = next(one for one in catalogue.list_projects(credential) if one.name == project_name)
    description = catalogue.describe(credential, project.id)
    roadmap = create_roadmap(owner=owner, name=project.name)
    share(roadmap=roadmap, member=viewer, level=Share.Level.VIEWER)
    draft = SetupDraft(
        account=owner.account,
        roadmap=roadmap,
        integration=integration,
        credential=credential,
        project_id=project.id,
        project_name=project.name,
        cadence_minutes=CADENCE_MINUTES,
        states=list(description.suggested_states),
        start_sources=list(description.suggested_start),
        end_sources=list(description.suggested_end),
        fields=list(description.suggested_fields),
    )
    draft.save()
    return setup.finish(draft, member=owner)


def context(request: HttpRequest) -> dict[str, object]:
    """Give templates the demo's sign-ins and the sandbox's token, where there is a demo."""
    if not settings.EMBEDDED:
        return {}
    token = settings.SANDBOX.token if settings.SANDBOX else ""
    return {"demo_sign_ins": PEOPLE, "demo_token": token}
