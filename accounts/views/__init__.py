"""Pages about people and accounts."""

from __future__ import annotations

from accounts.views.home import home

__all__ = ["home"]
