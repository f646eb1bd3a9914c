"""Who the demo's people are. Everybody knows their password, so they live on an embedded database only."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Role

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
