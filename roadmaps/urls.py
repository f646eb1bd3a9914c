"""Addresses of roadmaps, their items and their fields, below an account."""

from __future__ import annotations

from django.urls import path

from roadmaps.views import (
    account_fields,
    bulk,
    cells,
    comments,
    export,
    field_moves,
    fields,
    items,
    links,
    milestones,
    roadmaps,
    saved_views,
    sharing,
    swimlane,
    table,
    timeline,
)

app_name = "roadmaps"

ROADMAP = "roadmaps/<int:roadmap_id>/"
ITEM = f"{ROADMAP}items/<int:item_id>/"
FIELD = "settings/fields/<int:field_id>/"

urlpatterns = [
    path("", roadmaps.roadmap_list, name="list"),
    path("roadmaps/new/", roadmaps.new, name="new"),
    path(ROADMAP, table.items_table, name="items-table"),
    path(f"{ROADMAP}views/new/", saved_views.new, name="view-new"),
    path(f"{ROADMAP}views/<int:view_id>/save/", saved_views.save, name="view-save"),
    path(f"{ROADMAP}views/<int:view_id>/rename/", saved_views.rename, name="view-rename"),
    path(f"{ROADMAP}views/<int:view_id>/duplicate/", saved_views.duplicate, name="view-duplicate"),
    path(f"{ROADMAP}views/<int:view_id>/move/", saved_views.move, name="view-move"),
    path(f"{ROADMAP}views/<int:view_id>/delete/", saved_views.delete, name="view-delete"),
    path(f"{ROADMAP}swimlane/", swimlane.swimlane, name="swimlane"),
    path(f"{ROADMAP}timeline/", timeline.timeline, name="timeline"),
    path(f"{ROADMAP}timeline.svg", timeline.timeline_svg, name="timeline-svg"),
    path(f"{ROADMAP}timeline.png", timeline.timeline_png, name="timeline-png"),
    path(f"{ROADMAP}milestones/new/", milestones.new, name="milestone-new"),
    path(f"{ROADMAP}milestones/<int:milestone_id>/", milestones.edit, name="milestone"),
    path(f"{ROADMAP}milestones/<int:milestone_id>/delete/", milestones.delete, name="milestone-delete"),
    path(f"{ROADMAP}items/new/", items.new, name="item-new"),
    path(f"{ROADMAP}items/<int:item_id>/", items.item, name="item"),
    path(f"{ROADMAP}items/<int:item_id>/edit/", items.edit, name="item-edit"),
    path(f"{ROADMAP}items/<int:item_id>/dates/", timeline.item_dates, name="item-dates"),
    path(f"{ROADMAP}items/<int:item_id>/delete/", items.delete, name="item-delete"),
    path(f"{ITEM}history/", items.history, name="item-history"),
    path(f"{ITEM}comments/", comments.comments, name="comments"),
    path(f"{ITEM}comments/<int:comment_id>/", comments.comment, name="comment"),
    path(f"{ITEM}comments/<int:comment_id>/edit/", comments.edit, name="comment-edit"),
    path(f"{ITEM}comments/<int:comment_id>/delete/", comments.delete, name="comment-delete"),
    path(f"{ITEM}links/", links.links, name="links"),
    path(f"{ITEM}links/<int:link_id>/remove/", links.unlink, name="unlink"),
    path(f"{ROADMAP}items/<int:item_id>/cells/<slug:column>/", cells.cell, name="cell"),
    path(f"{ROADMAP}items/edit/", bulk.edit, name="bulk-edit"),
    path(f"{ROADMAP}items/delete/", bulk.delete, name="bulk-delete"),
    path(f"{ROADMAP}export.csv", export.as_csv, name="export-csv"),
    path(f"{ROADMAP}export.xlsx", export.as_xlsx, name="export-xlsx"),
    path(f"{ROADMAP}items/<int:item_id>/move/", swimlane.move, name="item-move"),
    path(f"{ROADMAP}fields/", fields.own_fields, name="own-fields"),
    path(f"{ROADMAP}fields/new/", fields.new_own_field, name="own-field-new"),
    path(f"{ROADMAP}fields/<int:field_id>/", fields.own_field, name="own-field"),
    path(f"{ROADMAP}fields/<int:field_id>/archive/", fields.archive_own_field, name="own-field-archive"),
    path(f"{ROADMAP}fields/<int:field_id>/restore/", fields.restore_own_field, name="own-field-restore"),
    path(f"{ROADMAP}settings/", roadmaps.settings, name="settings"),
    path(f"{ROADMAP}share/", sharing.share, name="share"),
    path(f"{ROADMAP}share/<int:share_id>/change/", sharing.change_share, name="share-change"),
    path(f"{ROADMAP}share/<int:share_id>/remove/", sharing.unshare, name="unshare"),
    path(f"{ROADMAP}hand-over/", sharing.hand_over, name="hand-over"),
    path(f"{ROADMAP}archive/", roadmaps.archive, name="archive"),
    path(f"{ROADMAP}restore/", roadmaps.restore, name="restore"),
    path(f"{ROADMAP}delete/", roadmaps.delete, name="delete"),
    path("settings/fields/", account_fields.fields, name="fields"),
    path("settings/fields/new/", account_fields.new_field, name="field-new"),
    path(FIELD, account_fields.field, name="field"),
    path(f"{FIELD}roadmaps/", account_fields.field_roadmaps, name="field-roadmaps"),
    path(f"{FIELD}archive/", account_fields.archive_field, name="field-archive"),
    path(f"{FIELD}restore/", account_fields.restore_field, name="field-restore"),
    path(f"{FIELD}promote/", field_moves.promote, name="field-promote"),
    path(f"{FIELD}merge/", field_moves.merge, name="field-merge"),
]
