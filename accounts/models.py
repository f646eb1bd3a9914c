"""People, the accounts that they work in, and how they came in."""

from __future__ import annotations

import zoneinfo
from functools import cache
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower, Now, Upper
from django.utils import timezone

from accounts.tenancy import OwnedByAccount, SameOwner


@cache
def time_zones() -> tuple[str, ...]:
    """Names of the zones that people know: UTC, and the IANA database's Area/City names."""
    areas = {
        "Africa",
        "America",
        "Antarctica",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    }
    names = (name for name in zoneinfo.available_timezones() if name.split("/")[0] in areas)
    return ("UTC", *sorted(names))


def validate_time_zone(value: str) -> None:
    """Raise ValidationError unless `value` is one of `time_zones()`."""
    if value not in time_zones():
        raise ValidationError("Choose a time zone from the list, such as Europe/Berlin.")


class UserManager(BaseUserManager["User"]):
    """Makes users; e-mail addresses are kept in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make a user. Without a password the person can't sign in until one is set by e-mail."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """A person. What they may do is decided by their memberships."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower_case"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def initials(self) -> str:
        """One or two letters for the avatar."""
        words = str(self).split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


class Account(models.Model):
    """A company or team: the wall inside which everything else lives."""

    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=50, unique=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    #: Members without a second factor are led to set one up before they see anything of the account.
    requires_second_factor = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """Where this account's days begin and end."""
        return zoneinfo.ZoneInfo(self.time_zone)


class Role(models.TextChoices):
    """What a member may do in the account; see `accounts.access`."""

    ADMIN = "admin", "Account Admin"
    COLLABORATOR = "collaborator", "Collaborator"
    REVIEWER = "reviewer", "Reviewer"


class Membership(OwnedByAccount):
    """A person in an account. Never deleted, only deactivated, so that what they own keeps its owner's name.

    An account never loses its last active admin: a trigger (migration 0002) watches every way.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role)
    deactivated_at = models.DateTimeField(null=True, blank=True)
    #: Since when the member wants the weekly e-mail; empty: not.
    digest_wanted_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    class Meta(OwnedByAccount.Meta):
        ordering = ["user__name", "user__email"]
        constraints = [
            *OwnedByAccount.Meta.constraints,
            models.UniqueConstraint(fields=["account", "user"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def is_active(self) -> bool:
        return self.deactivated_at is None

    @property
    def wants_digest(self) -> bool:
        """Whether the member wants the weekly e-mail about what changed."""
        return self.digest_wanted_at is not None

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN and self.is_active

    @property
    def can_create(self) -> bool:
        """Admins and Collaborators make roadmaps and keep credentials; Reviewers look."""
        return self.role != Role.REVIEWER and self.is_active


class Invitation(OwnedByAccount):
    """A letter that lets one person in, once, until it expires. Only a hash of its secret is kept."""

    email = models.EmailField()
    role = models.CharField(max_length=12, choices=Role, default=Role.COLLABORATOR)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta(OwnedByAccount.Meta):
        ordering = ["-created_at"]
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("invited_by", name="invitation_inviter_account"),
            models.UniqueConstraint(
                "account", Upper("email"), condition=models.Q(accepted_at=None), name="invitation_open_once"
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="invitation_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.email} as {self.get_role_display()}"

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()


class AuditArea(models.TextChoices):
    """What an act in the audit log was about."""

    MEMBERS = "members", "Members"
    SETTINGS = "settings", "Settings"
    SHARING = "sharing", "Sharing"
    ROADMAPS = "roadmaps", "Roadmaps"
    INTEGRATIONS = "integrations", "Integrations"
    CREDENTIALS = "credentials", "Credentials"
    LINKS = "links", "Links"


class AuditEvent(OwnedByAccount):
    """Something that a member did, in the account's audit log (`accounts.audit`).

    Append-only: triggers (migrations 0005, 0008) refuse to change one, or to take one away while its account is there.
    """

    at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    member = models.ForeignKey(Membership, on_delete=models.RESTRICT, related_name="+")
    area = models.CharField(max_length=12, choices=AuditArea)
    what = models.CharField(max_length=500)

    class Meta(OwnedByAccount.Meta):
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("member", name="audit_event_member_account"),
            models.CheckConstraint(condition=models.Q(area__in=AuditArea.values), name="audit_event_area_known"),
        ]
        indexes = [models.Index(fields=["account", "-id"], name="audit_event_newest")]

    def __str__(self) -> str:
        return f"{self.member}: {self.what}"
