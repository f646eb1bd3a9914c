"""Addresses of roadmaps, their items and their fields, below an account."""

from __future__ import annotations

from django.urls import path

from roadmaps.views import fields, items, roadmaps, sharing, swimlane, table

app_name = "roadmaps"

ROADMAP = "roadmaps/<int:roadmap_id>/"

urlpatterns = [
    path("", roadmaps.roadmap_list, name="list"),
    path("roadmaps/new/", roadmaps.new, name="new"),
    path(ROADMAP, table.items_table, name="items-table"),
    path(f"{ROADMAP}swimlane/", swimlane.swimlane, name="swimlane"),
    path(f"{ROADMAP}items/new/", items.new, name="item-new"),
    path(f"{ROADMAP}items/<int:item_id>/", items.item, name="item"),
    path(f"{ROADMAP}items/<int:item_id>/edit/", items.edit, name="item-edit"),
    path(f"{ROADMAP}items/<int:item_id>/delete/", items.delete, name="item-delete"),
    path(f"{ROADMAP}items/<int:item_id>/move/", swimlane.move, name="item-move"),
    path(f"{ROADMAP}fields/", fields.own_fields, name="own-fields"),
    path(f"{ROADMAP}fields/new/", fields.new_own_field, name="own-field-new"),
    path(f"{ROADMAP}fields/<int:field_id>/", fields.own_field, name="own-field"),
    path(f"{ROADMAP}settings/", roadmaps.settings, name="settings"),
    path(f"{ROADMAP}share/", sharing.share, name="share"),
    path(f"{ROADMAP}share/<int:share_id>/change/", sharing.change_share, name="share-change"),
    path(f"{ROADMAP}share/<int:share_id>/remove/", sharing.unshare, name="unshare"),
    path(f"{ROADMAP}hand-over/", sharing.hand_over, name="hand-over"),
    path(f"{ROADMAP}archive/", roadmaps.archive, name="archive"),
    path(f"{ROADMAP}restore/", roadmaps.restore, name="restore"),
    path(f"{ROADMAP}delete/", roadmaps.delete, name="delete"),
    path("settings/fields/", fields.fields, name="fields"),
    path("settings/fields/new/", fields.new_field, name="field-new"),
    path("settings/fields/<int:field_id>/", fields.field, name="field"),
]
