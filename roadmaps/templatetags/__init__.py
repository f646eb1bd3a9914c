"""What the templates of roadmaps need."""

from __future__ import annotations
