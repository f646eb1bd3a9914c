"""The pull: from a due link to items that equal the tracker's stories."""

from __future__ import annotations
