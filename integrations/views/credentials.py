"""The tab "Credentials" of Account Settings: one's own secrets, and for admins everybody's labels (S9-S11, D6, B10)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import AccountRequest, account_view
from accounts.models import Membership, Role
from integrations import credentials as secrets
from integrations import moving, registry
from integrations.connectors.base import Connector
from integrations.errors import PullError
from integrations.forms import CredentialForm, LabelForm, MoveForm, SecretForm, posted
from integrations.models import Credential
from integrations.services import InUse
from integrations.views.integrations import connector_or_404
from roadmaps.access import visible_to
from roadmaps.models import Roadmap

PAGE_SIZE = 50
#: Roadmaps that a row names; the rest are counted.
NAMED = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A credential as the list shows it. `roadmaps` are those that the reader can see."""

    credential: Credential
    connector: Connector
    roadmaps: list[Roadmap]
    more: int
    is_own: bool
    may_move: bool


@require_safe
@account_view(role=Role.COLLABORATOR)
def credentials(request: AccountRequest) -> HttpResponse:
    """One's own credentials, and for Account Admins those of the others: label, owner and use, never the secret."""
    member = request.membership
    found = secrets.with_last_accepted(Credential.objects.filter(account=request.account).select_related("owner__user"))
    if not member.is_admin:
        found = found.filter(owner=member)
    found = found.annotate(uses=Count("links"), own=Count("pk", filter=Q(owner=member))).order_by("-own", "label", "pk")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "rows": _rows(list(page), member), "kinds": registry.choices()}
    return render(request, "integrations/credentials.html", context)


def _rows(shown: Sequence[Credential], member: Membership) -> list[Row]:
    using = _roadmaps_of(shown, member)
    rows = []
    for credential in shown:
        roadmaps = using.get(credential.pk, [])
        uses = int(getattr(credential, "uses", 0))
        rows.append(
            Row(
                credential=credential,
                connector=registry.get(credential.kind),
                roadmaps=roadmaps[:NAMED],
                more=uses - len(roadmaps[:NAMED]),
                is_own=credential.owner_id == member.pk,
                may_move=uses > 0 and credential.may_be_moved_by(member),
            )
        )
    return rows


def _roadmaps_of(found: Iterable[Credential], member: Membership) -> dict[int, list[Roadmap]]:
    """For each credential the roadmaps that use it and that the member can see; one query."""
    using: dict[int, list[Roadmap]] = {}
    roadmaps = visible_to(member).filter(link__credential__in=[one.pk for one in found]).select_related("link")
    for roadmap in roadmaps.order_by("name", "pk"):
        using.setdefault(roadmap.link.credential_id, []).append(roadmap)
    return using


@require_http_methods(["GET", "HEAD", "POST"])
@account_view(role=Role.COLLABORATOR)
def add(request: AccountRequest, kind: str) -> HttpResponse:
    """Save a secret that the tracker takes."""
    connector = connector_or_404(kind)
    form = CredentialForm(posted(request), owner=request.membership, kind=kind)
    if form.is_valid():
        label, secret = form.cleaned_data["label"], form.cleaned_data["secret"]
        try:
            secrets.save_credential(request.membership, kind=kind, label=label, secret=secret, identity=form.identity)
        except secrets.LabelTaken as error:
            form.add_error("label", str(error))
        else:
            messages.success(request, f"“{label}” is saved. {secrets.accepted(form.identity)}")
            return _back(request)
    return _form(request, form, connector, title="Add credentials", action="Save credentials")


@require_http_methods(["GET", "HEAD", "POST"])
@account_view(role=Role.COLLABORATOR)
def rename(request: AccountRequest, credential_id: int) -> HttpResponse:
    """Change the label."""
    credential = _own_or_404(request, credential_id)
    form = LabelForm(posted(request), owner=request.membership, instance=credential)
    if form.is_valid():
        try:
            with _or_404():
                secrets.rename_credential(credential, label=form.cleaned_data["label"])
        except secrets.LabelTaken as error:
            form.add_error("label", str(error))
        else:
            messages.success(request, f"The credentials are called “{credential.label}” now.")
            return _back(request)
    connector = registry.get(credential.kind)
    return _form(request, form, connector, title="Rename credentials", action="Save name", credential=credential)


@require_http_methods(["GET", "HEAD", "POST"])
@account_view(role=Role.COLLABORATOR)
def replace(request: AccountRequest, credential_id: int) -> HttpResponse:
    """Put a new secret in the place of the old one, for every roadmap that uses it."""
    credential = _own_or_404(request, credential_id)
    form = SecretForm(posted(request), kind=credential.kind)
    if form.is_valid():
        with _or_404():
            woken = secrets.replace_secret(credential, secret=form.cleaned_data["secret"], identity=form.identity)
        also = f" Roadmaps that sync again: {woken}." if woken else ""
        messages.success(request, f"“{credential.label}” has a new token. {secrets.accepted(form.identity)}{also}")
        _warn_of_unseen(request, credential)
        return _back(request)
    connector = registry.get(credential.kind)
    return _form(request, form, connector, title="Replace token", action="Replace token", credential=credential)


def _warn_of_unseen(request: AccountRequest, credential: Credential) -> None:
    """Say at once, not with the next sync, which projects the new token does not see."""
    try:
        unseen = moving.out_of_sight(credential, credential)
    except PullError:  # the token itself was just accepted; what is wrong now, the next sync will say
        return
    if unseen:
        names = moving.named(unseen, request.membership)
        messages.warning(
            request,
            f"{credential.identity_name} does not see the projects of these roadmaps: {names}. Their items stay, but "
            f"they can’t sync until the projects are shared with them in {registry.get(credential.kind).label}.",
        )


@require_http_methods(["GET", "HEAD", "POST"])
@account_view(role=Role.COLLABORATOR)
def move(request: AccountRequest, credential_id: int) -> HttpResponse:
    """Let other credentials feed every roadmap of these."""
    credential = _visible_or_404(request, credential_id)
    if not credential.may_be_moved_by(request.membership):
        raise PermissionDenied
    form = MoveForm(posted(request), credential=credential, member=request.membership)
    if form.is_valid():
        target = form.cleaned_data["target"]
        moved = moving.move_roadmaps(credential, target, by=request.membership)
        count = "1 roadmap is" if moved == 1 else f"{moved} roadmaps are"
        messages.success(request, f"{count} fed through “{target.label}” now. “{credential.label}” is no longer used.")
        return _back(request)
    context = {
        "form": form,
        "credential": credential,
        "connector": registry.get(credential.kind),
        "targets": moving.targets(credential, request.membership),
        "roadmaps": moving.named(list(credential.links.all()), request.membership),
    }
    return render(request, "integrations/credential_move.html", context, status=422 if form.errors else 200)


@require_POST
@account_view(role=Role.COLLABORATOR)
def check(request: AccountRequest, credential_id: int) -> HttpResponse:
    """Ask the tracker about a saved secret again."""
    credential = _own_or_404(request, credential_id)
    try:
        identity = secrets.check_saved(credential)
    except PullError as error:
        messages.error(request, f"“{credential.label}”: {error}")
    else:
        messages.success(request, f"“{credential.label}”: {secrets.accepted(identity)}")
    return _back(request)


@require_POST
@account_view(role=Role.COLLABORATOR)
def delete(request: AccountRequest, credential_id: int) -> HttpResponse:
    """Delete credentials that no roadmap uses: one's own, or as an Account Admin anybody's."""
    credential = _visible_or_404(request, credential_id)
    label = credential.label
    try:
        with _or_404():
            secrets.delete_credential(credential, member=request.membership)
    except InUse as refusal:
        advice = "Move them to other credentials first."
        messages.error(request, f"“{label}” was not deleted. {refusal} {advice}")
    else:
        messages.success(request, f"“{label}” was deleted.")
    return _back(request)


def _form(
    request: AccountRequest,
    form: LabelForm | SecretForm,
    connector: Connector,
    *,
    title: str,
    action: str,
    credential: Credential | None = None,
) -> HttpResponse:
    context = {"form": form, "connector": connector, "title": title, "action": action, "credential": credential}
    return render(request, "integrations/credential_form.html", context, status=422 if form.errors else 200)


def _visible_or_404(request: AccountRequest, credential_id: int) -> Credential:
    """One's own, and for Account Admins everybody's. Others' don't exist for anybody else."""
    found = Credential.objects.filter(account=request.account).select_related("owner__user")
    if not request.membership.is_admin:
        found = found.filter(owner=request.membership)
    return get_object_or_404(found, pk=credential_id)


def _own_or_404(request: AccountRequest, credential_id: int) -> Credential:
    credential = _visible_or_404(request, credential_id)
    if credential.owner_id != request.membership.pk:
        raise PermissionDenied
    return credential


@contextmanager
def _or_404() -> Iterator[None]:
    """Who is overtaken by a deletion sees what who comes after it sees."""
    try:
        yield
    except Credential.DoesNotExist:
        raise Http404 from None


def _back(request: AccountRequest) -> HttpResponse:
    return redirect("integrations:credentials", request.account.slug)
