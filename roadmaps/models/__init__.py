"""The models of a roadmap, one file per idea."""

from __future__ import annotations

from roadmaps.models.around import Comment, ItemEdit, ItemLink
from roadmaps.models.field import Field, FieldOption, FieldType
from roadmaps.models.item import Item
from roadmaps.models.item_count import ItemCount
from roadmaps.models.look import Look
from roadmaps.models.milestone import Milestone
from roadmaps.models.roadmap import Roadmap, Share
from roadmaps.models.source import Source
from roadmaps.models.view import View

__all__ = [
    "Comment",
    "Field",
    "FieldOption",
    "FieldType",
    "Item",
    "ItemCount",
    "ItemEdit",
    "ItemLink",
    "Look",
    "Milestone",
    "Roadmap",
    "Share",
    "Source",
    "View",
]
