"""What people look at: roadmaps, their items, fields and views."""

from __future__ import annotations
