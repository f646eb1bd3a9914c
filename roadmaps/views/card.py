"""The Item Card: what every part of it needs, whichever view shows it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from roadmaps import activity, cells, columns, linked, talk
from roadmaps.access import RoadmapRequest
from roadmaps.columns import Column
from roadmaps.models import Item
from roadmaps.views.shared import page_context, varying, wants_fragment


def find_item(request: RoadmapRequest, item_id: int) -> Item:
    """The item of the request's roadmap. Raises Http404."""
    found = get_object_or_404(Item, roadmap=request.roadmap, account=request.account, pk=item_id)
    found.roadmap = request.roadmap
    return found


def part_context(request: RoadmapRequest, item: Item) -> dict[str, object]:
    """What each part of a card is told."""
    address = reverse("roadmaps:item", args=[request.account.slug, request.roadmap.pk, item.pk])
    return {
        **page_context(request),
        "item": item,
        "item_url": address,
        "card_address": request.build_absolute_uri(address),
        "me": request.membership,
        "can_comment": request.roadmap.archived_at is None,
    }


def show_card(request: RoadmapRequest, item: Item) -> HttpResponse:
    """The whole card: in the dialog, or as a page."""
    known = columns.load(request.roadmap)
    context = {
        **part_context(request, item),
        "reason": item.get_source_state_display() if item.source_state else "",
        "cells": [cells.make_cell(item, column) for column in known if _is_fact(column, item)],
        "description_locked": any(columns.is_locked(item, each) for each in known if each.name == "description"),
        "talk": talk.of_item(item, request.membership),
        "links": linked.of_item(item, request.membership),
        "edits": activity.of_item(item),
    }
    return varying(render(request, "roadmaps/_card.html" if wants_fragment(request) else "roadmaps/item.html", context))


def _is_fact(column: Column, item: Item) -> bool:
    """Name and texts have places of their own; an External ID is shown where there is one."""
    if column.name == "external_id":
        return bool(item.external_id)
    return column.in_table and not column.long and column.name != "name"
