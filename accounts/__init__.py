"""Who: people, accounts, memberships, invitations, and the walls between accounts."""

from __future__ import annotations
