"""One folder per tracker; `integrations.registry` finds them by folder."""

from __future__ import annotations
