"""Tests of the pages about connectors, credentials, setup and syncs."""

from __future__ import annotations
