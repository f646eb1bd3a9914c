"""Everything that changes a roadmap. Whoever calls has checked the person's level; the rules are kept here.

A mistake in what somebody typed is a ValidationError on its column; a rule that forbids the whole is `Refused`. Both
carry sentences for the person, and leave everything as it was.
"""

from __future__ import annotations

from accounts.errors import Refused
from roadmaps.services.bulk import BulkReport, change_items, delete_items
from roadmaps.services.bulk_portfolio import change_items_of_sources
from roadmaps.services.comments import add_comment, delete_comment, edit_comment
from roadmaps.services.field_changes import change_field
from roadmaps.services.fields import archive_field, create_field, promote_field, rename_field, restore_field
from roadmaps.services.items import create_item, delete_item, update_item
from roadmaps.services.links import link_items, unlink
from roadmaps.services.merging import merge_fields
from roadmaps.services.milestones import change_milestone, create_milestone, delete_milestone
from roadmaps.services.options import (
    add_options,
    archive_option,
    move_option,
    recolour_options,
    rename_options,
    restore_option,
    sort_options,
)
from roadmaps.services.roadmaps import archive, create_roadmap, delete, rename, restore
from roadmaps.services.sharing import hand_over, share, unshare
from roadmaps.services.sources import add_source, move_source, remove_source, show_through
from roadmaps.services.views import create_view, delete_view, duplicate_view, move_view, rename_view, save_view

__all__ = [
    "BulkReport",
    "Refused",
    "add_comment",
    "add_options",
    "add_source",
    "archive",
    "archive_field",
    "archive_option",
    "change_field",
    "change_items",
    "change_items_of_sources",
    "change_milestone",
    "create_field",
    "create_item",
    "create_milestone",
    "create_roadmap",
    "create_view",
    "delete",
    "delete_comment",
    "delete_item",
    "delete_items",
    "delete_milestone",
    "delete_view",
    "duplicate_view",
    "edit_comment",
    "hand_over",
    "link_items",
    "merge_fields",
    "move_option",
    "move_source",
    "move_view",
    "promote_field",
    "recolour_options",
    "remove_source",
    "rename",
    "rename_field",
    "rename_options",
    "rename_view",
    "restore",
    "restore_field",
    "restore_option",
    "save_view",
    "share",
    "show_through",
    "sort_options",
    "unlink",
    "unshare",
    "update_item",
]
