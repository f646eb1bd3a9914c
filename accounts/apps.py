from __future__ import annotations

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        """Let each statement say whose rows it may touch."""
        from accounts import checks  # noqa: F401 - registers them
        from accounts.walls import tell_with_each_statement

        connection_created.connect(tell_with_each_statement, dispatch_uid="walls")
