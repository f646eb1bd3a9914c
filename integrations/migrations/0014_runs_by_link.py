"""A run's link tells its account, which the planner can't know by itself: it would take "of this link and this account" for
hardly a run, and read and sort all of them where an index has them in order. And one index of the link is enough.
"""

from django.db import migrations, models
import django.db.models.deletion

TELL = "CREATE STATISTICS syncrun_link_tells_account (dependencies) ON link_id, account_id FROM integrations_syncrun"
SECOND = "integrations_syncrun_link_id_39c4911c"


class Migration(migrations.Migration):
    dependencies = [
        ('integrations', '0013_walls'),
    ]

    operations = [
        # Not by AlterField alone: that would check the foreign key of every run anew.
        migrations.SeparateDatabaseAndState(
            [migrations.RunSQL(f"DROP INDEX IF EXISTS {SECOND}", f"CREATE INDEX {SECOND} ON integrations_syncrun (link_id)")],
            [
                migrations.AlterField(
                    model_name='syncrun',
                    name='link',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='integrations.projectlink'),
                ),
            ],
        ),
        migrations.RunSQL(TELL, "DROP STATISTICS syncrun_link_tells_account"),
        # It is known from the next look at the table on; a sample, which holds nobody up.
        migrations.RunSQL("ANALYZE integrations_syncrun", migrations.RunSQL.noop),
    ]
