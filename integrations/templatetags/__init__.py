"""What pages of other apps show of links and syncs."""

from __future__ import annotations
