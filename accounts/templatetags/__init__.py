"""Tags that the shells need."""

from __future__ import annotations
