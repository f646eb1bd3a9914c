"""What the pages of a roadmap's fields and of the account's share: making a field, changing one, putting it aside."""

from __future__ import annotations

from typing import TypedDict

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import F
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect

from accounts.access import AccountRequest
from roadmaps import lookalikes, services
from roadmaps.field_forms import FieldForm, NewFieldForm
from roadmaps.forms import add_errors
from roadmaps.models import Field, FieldOption, Roadmap

OPTIONS_PAGE = 50
ACTIONS = ("up", "down", "archive", "restore", "sort")
#: A form names so many fields that look like the new one.
NAMED = 3


class Editing(TypedDict):
    """What the form of a field needs in its template."""

    field: Field
    form: FieldForm
    options: Page[FieldOption]


def make_form(request: HttpRequest, field: Field) -> Editing:
    """The form of a field with one page of its list values, those that are no longer offered last."""
    ordered = field.options.order_by(F("archived_at").asc(nulls_first=True), "position", "pk")
    page = Paginator(ordered, OPTIONS_PAGE).get_page(request.GET.get("page"))
    data = request.POST if request.method == "POST" else None
    return {"field": field, "form": FieldForm(data, field=field, options=list(page)), "options": page}


def save(request: AccountRequest, form: FieldForm) -> HttpResponseRedirect | None:
    """Do what the form asks: all of its changes, or none; then back to where it was, by the list value if any."""
    if not form.is_bound or not form.is_valid():
        return None
    action = next(((name, str(request.POST[name])) for name in ACTIONS if name in request.POST), None)
    try:
        services.change_field(
            field=form.field,
            name=form.name(),
            renamed=form.renamed(),
            recoloured=form.recoloured(),
            labels=form.labels(),
            then=action,
            by=request.membership,
        )
    except ValidationError as problem:
        form.field.refresh_from_db()
        add_errors(form, problem)
        return None
    except services.Refused as refused:
        form.field.refresh_from_db()
        form.add_error(None, str(refused))
        return None
    if action is None:
        messages.success(request, "The field is saved.")
    place = f"#option-{action[1]}" if action and action[1].isdecimal() else ""
    return redirect(request.get_full_path() + place)


def create(request: AccountRequest, form: NewFieldForm, roadmap: Roadmap | None) -> tuple[Field | None, list[Field]]:
    """The new field; or None, and the fields that look like it, about which the person wasn't asked yet."""
    if not form.is_bound or not form.is_valid():
        return None, []
    scope = None if form.for_all else roadmap
    name = str(form.cleaned_data["name"])
    alike = [] if "anyway" in request.POST else lookalikes.of_name(request.account, scope, name)
    if alike:
        return None, alike[:NAMED]
    try:
        made = services.create_field(
            account=request.account,
            roadmap=scope,
            name=name,
            type_=form.cleaned_data["type"],
            labels=form.labels(),
            by=request.membership,
        )
    except ValidationError as problem:
        add_errors(form, problem)
        return None, []
    return made, []


def put_aside(request: AccountRequest, field: Field) -> None:
    """Archive the field, or say why not."""
    try:
        services.archive_field(field=field, by=request.membership)
    except services.Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"“{field}” is archived. Its values are kept; bring it back whenever you like.")


def bring_back(request: AccountRequest, field: Field) -> None:
    """Restore the field, or say why not."""
    try:
        services.restore_field(field=field, by=request.membership)
    except services.Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"“{field}” is back, with the values that items had in it.")
