"""Everything that changes a roadmap. Whoever calls has checked the person's level; the rules are kept here.

A mistake in what somebody typed is a ValidationError on its column; a rule that forbids the whole is `Refused`. Both
carry sentences for the person, and leave everything as it was.
"""

from __future__ import annotations

from accounts.errors import Refused
from roadmaps.services.bulk import BulkReport, change_items, delete_items
from roadmaps.services.fields import (
    add_options,
    archive_option,
    change_field,
    create_field,
    rename_field,
    rename_option,
)
from roadmaps.services.items import create_item, delete_item, update_item
from roadmaps.services.roadmaps import archive, create_roadmap, delete, rename, restore
from roadmaps.services.sharing import hand_over, share, unshare

__all__ = [
    "BulkReport",
    "Refused",
    "add_options",
    "archive",
    "archive_option",
    "change_field",
    "change_items",
    "create_field",
    "create_item",
    "create_roadmap",
    "delete",
    "delete_item",
    "delete_items",
    "hand_over",
    "rename",
    "rename_field",
    "rename_option",
    "restore",
    "share",
    "unshare",
    "update_item",
]
