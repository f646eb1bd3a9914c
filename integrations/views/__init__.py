"""The pages of connectors, credentials, the setup wizard and syncs."""

from __future__ import annotations
