"""Where roadmaps come from: connectors, credentials, links and the pull."""

from __future__ import annotations
