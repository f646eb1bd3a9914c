"""Connectors in use, secrets, links between roadmaps and outside projects, looks at them, and runs; a file for each."""

from __future__ import annotations

from integrations.models.credential import Credential
from integrations.models.digest import Digest
from integrations.models.integration import Integration
from integrations.models.link import FieldMapping, ProjectLink, Setup, SetupDraft
from integrations.models.notice import Notice
from integrations.models.preview import Preview
from integrations.models.run import ItemChange, SyncRun

__all__ = [
    "Credential",
    "Digest",
    "FieldMapping",
    "Integration",
    "ItemChange",
    "Notice",
    "Preview",
    "ProjectLink",
    "Setup",
    "SetupDraft",
    "SyncRun",
]
