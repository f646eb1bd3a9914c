"""Faults, on real processes: what breaks, and what must hold afterwards."""

from __future__ import annotations
