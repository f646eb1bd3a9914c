"""The Item Card: what every part of it needs, whichever view shows it."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from roadmaps import access, activity, cells, columns, linked, scope, talk
from roadmaps.access import Level, RoadmapRequest
from roadmaps.columns import Column
from roadmaps.models import Item
from roadmaps.scope import Scope
from roadmaps.views.shared import page_context, varying, wants_fragment


def find_item(
    request: RoadmapRequest, item_id: int, *, level: Level = Level.VIEWER, within: Scope | None = None
) -> Item:
    """The item that the request's roadmap shows, with the roadmap that it is on; `within` is the scope, if it is known.

    Raises Http404; and PermissionDenied where a portfolio's item is on a roadmap on which the person has less than
    `level`. For other roadmaps, `roadmap_view` has asked for it.
    """
    if request.roadmap.is_portfolio:
        shown = within or scope.of(request.roadmap)
        found = shown.bring_home(get_object_or_404(shown.items(), pk=item_id))
        if level > Level.VIEWER and not _may_write(request, found):
            raise PermissionDenied
        return found
    found = get_object_or_404(Item, roadmap=request.roadmap, account=request.account, pk=item_id)
    found.roadmap = request.roadmap
    return found


def find_with_columns(
    request: RoadmapRequest, item_id: int, *, level: Level = Level.VIEWER
) -> tuple[Item, list[Column]]:
    """The item as `find_item` finds it, and what the pages of the request's roadmap show of it."""
    shown = scope.of(request.roadmap)
    found = find_item(request, item_id, level=level, within=shown)
    return found, shown.columns_of(found)


def part_context(request: RoadmapRequest, item: Item) -> dict[str, object]:
    """What each part of a card is told. On a portfolio, `can_edit` is about the item alone."""
    address = reverse("roadmaps:item", args=[request.account.slug, request.roadmap.pk, item.pk])
    context = {
        **page_context(request),
        "item": item,
        "item_url": address,
        "card_address": request.build_absolute_uri(address),
        "me": request.membership,
        "can_comment": request.roadmap.archived_at is None,
    }
    if request.roadmap.is_portfolio:
        level = access.level_of(request.membership, item.roadmap)
        context |= {"can_edit": _may_write(request, item), "can_open_home": level is not None}
    return context


def _may_write(request: RoadmapRequest, item: Item) -> bool:
    """Whether the person may write this item of a portfolio; nobody may through one that is in the archive."""
    is_open = request.roadmap.archived_at is None
    return is_open and item.roadmap_id in access.editable_by(request.membership, [item.roadmap])


def show_card(request: RoadmapRequest, item: Item, known: Sequence[Column]) -> HttpResponse:
    """The whole card, with these columns: in the dialog, or as a page."""
    context = {
        **part_context(request, item),
        "reason": item.get_source_state_display() if item.source_state else "",
        "cells": [cells.make_cell(item, column) for column in known if _is_fact(column, item)],
        "texts": [cells.make_cell(item, column) for column in known if column.long],
        "talk": talk.of_item(item, request.membership),
        "links": linked.of_item(item, request.membership),
        "edits": activity.of_item(item),
    }
    return varying(render(request, "roadmaps/_card.html" if wants_fragment(request) else "roadmaps/item.html", context))


def _is_fact(column: Column, item: Item) -> bool:
    """Name and texts have places of their own; an External ID is shown where there is one."""
    if column.name == "external_id":
        return bool(item.external_id)
    return column.in_table and not column.long and column.name not in ("name", columns.ROADMAP)
