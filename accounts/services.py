"""Makes accounts and people: for sign-up, for the command line, and for those who were invited."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.crypto import get_random_string
from django.utils.text import slugify

from accounts import audit, walls
from accounts.addresses import one_spelling
from accounts.audit import quoted
from accounts.models import Account, AuditArea, Membership, Role, User
from accounts.walls import Across

#: Slugs that read like a part of the site.
RESERVED_SLUGS = frozenset({"account", "admin", "api", "auth", "new", "roadmunk", "settings", "static"})
SLUG_LENGTH = 40
#: The end of a slug that tells nothing: short, and without signs that look alike.
ENDING_LENGTH, ENDING_SIGNS = 4, "23456789abcdefghjkmnpqrstuvwxyz"
ATTEMPTS = 3


def create_account(
    *,
    name: str,
    admin_email: str,
    password: str | None = None,
    admin_name: str = "",
    time_zone: str = "UTC",
) -> Membership:
    """Make an account and its first admin, in one step, and return the admin's membership.

    A person who is here already keeps name and password; a new one without a password sets it by "Forgot your
    password?". Raises ValidationError, with nothing made.
    """
    email = one_spelling(admin_email)
    with transaction.atomic():
        admin = User.objects.filter(email=email).first()
        if admin is None:
            admin = create_person(email=email, name=admin_name or email.partition("@")[0], password=password)
        return open_account(name=name, admin=admin, time_zone=time_zone)


def open_account(
    *, name: str, admin: User, time_zone: str = "UTC", make_slug: Callable[[str], str] | None = None
) -> Membership:
    """Make an account for a person who becomes its first admin. Raises ValidationError."""
    account = Account(name=name.strip(), time_zone=time_zone)
    account.clean_fields(exclude=["slug"])
    with transaction.atomic():
        save_with_free_slug(account, make_slug or free_slug)
        with walls.entered(account.pk):
            member = Membership.objects.create(account=account, user=admin, role=Role.ADMIN)
            audit.record(member, AuditArea.SETTINGS, f"Opened the account {quoted(account)}.")
    return member


@transaction.atomic
def change_account(
    account: Account, *, by: Membership, name: str, time_zone: str, requires_second_factor: bool
) -> Account:
    """Change what holds for everybody in the account; the values are checked already."""
    account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    changes = []
    if name != account.name:
        changes.append(f"Renamed the account from {quoted(account.name)} to {quoted(name)}.")
    if time_zone != account.time_zone:
        changes.append(f"Changed the time zone from {account.time_zone} to {time_zone}.")
    if requires_second_factor and not account.requires_second_factor:
        changes.append("Asked every member for a second factor.")
    if account.requires_second_factor and not requires_second_factor:
        changes.append("Left a second factor to each member.")
    account.name, account.time_zone = name, time_zone
    account.requires_second_factor = requires_second_factor
    account.save(update_fields=["name", "time_zone", "requires_second_factor"])
    for change in changes:
        audit.record(by, AuditArea.SETTINGS, change)
    return account


def create_person(*, email: str, name: str, password: str | None) -> User:
    """Make a person whose e-mail address is known to be theirs. Raises ValidationError."""
    person = User(email=email.strip().lower(), name=name.strip())
    if password is not None:
        validate_password(password, person)
    person.set_password(password)
    person.full_clean(exclude=["password"])
    with transaction.atomic():
        person.save()
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


@transaction.atomic
def rename_person(person: User, *, name: str) -> None:
    """Call a person something else; the name is checked already.

    The log of each account that they are or were a member of says so: what they did there stands under the new name.
    """
    before = User.objects.select_for_update(no_key=True).get(pk=person.pk).name
    person.name = name
    person.save(update_fields=["name"])
    if name == before:
        return
    with walls.every_account(Across.NAME):
        members = list(Membership.objects.filter(user=person))
    for member in members:
        with walls.entered(member.account_id):
            audit.record(member, AuditArea.MEMBERS, f"Changed their name from {quoted(before)} to {quoted(name)}.")


def save_with_free_slug(account: Account, make_slug: Callable[[str], str]) -> None:
    """Save a new account under a slug that nobody has, even where two are made at the same moment."""
    for attempt in range(ATTEMPTS):
        account.slug = make_slug(account.name)
        try:
            with transaction.atomic():
                account.save(force_insert=True)
            return
        except IntegrityError:
            if attempt == ATTEMPTS - 1:
                raise ValidationError({"name": "That name is being taken right now. Try again."}) from None


def random_slug(name: str) -> str:
    """A slug after the name, such as "acme-k7f3": it does not tell whether another account has that name."""
    return f"{_slug_base(name)}-{get_random_string(ENDING_LENGTH, ENDING_SIGNS)}"


def free_slug(name: str) -> str:
    """A slug after the name: "acme", or "acme-2" where that is taken or reserved."""
    base = _slug_base(name)
    taken = set(Account.objects.filter(slug__startswith=base).values_list("slug", flat=True)) | RESERVED_SLUGS
    number = 1
    slug = base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def _slug_base(name: str) -> str:
    return slugify(name)[:SLUG_LENGTH].strip("-_") or "team"
