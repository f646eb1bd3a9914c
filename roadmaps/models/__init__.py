"""The models of a roadmap, one file per idea."""

from __future__ import annotations

from roadmaps.models.field import Field, FieldOption, FieldType
from roadmaps.models.item import Item
from roadmaps.models.roadmap import Roadmap, Share

__all__ = ["Field", "FieldOption", "FieldType", "Item", "Roadmap", "Share"]
