"""Each credential knows for which host it was given: those of before, for the one that is asked now."""

from __future__ import annotations

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from integrations import registry


def bind(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    credentials = apps.get_model("integrations", "Credential")._default_manager
    for kind in registry.all_kinds():
        credentials.filter(kind=kind, host="").update(host=registry.host(kind))


class Migration(migrations.Migration):
    unsafe_because = "the upgrade from 0.1.0 is taken with the site stopped, see CHANGELOG"

    dependencies = [("integrations", "0015_guards_hold")]
    operations = [
        migrations.AddField(
            "credential",
            "host",
            models.CharField(blank=True, db_default="", default="", editable=False, max_length=255),
        ),
        migrations.RunPython(bind, migrations.RunPython.noop),
    ]
