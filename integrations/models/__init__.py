"""Connectors in use, secrets, links between roadmaps and outside projects, and what each run did; a file for each."""

from __future__ import annotations

from integrations.models.credential import Credential
from integrations.models.digest import Digest
from integrations.models.integration import Integration
from integrations.models.link import FieldMapping, ProjectLink, Setup, SetupDraft
from integrations.models.notice import Notice
from integrations.models.run import ItemChange, SyncRun

__all__ = [
    "Credential",
    "Digest",
    "FieldMapping",
    "Integration",
    "ItemChange",
    "Notice",
    "ProjectLink",
    "Setup",
    "SetupDraft",
    "SyncRun",
]
