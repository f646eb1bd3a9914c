"""What goes wrong with people and accounts, each as a sentence for the person who asked."""

from __future__ import annotations


class Refused(ValueError):
    """The rules don't allow it. The message says what to do instead; nothing was changed."""


class InvitationClosed(Refused):
    """The invitation is unknown, used, withdrawn or expired."""
