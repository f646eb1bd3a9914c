"""Whatever happens at the tracker, and whenever we look: the roadmap equals it."""

from __future__ import annotations
