"""No table of a session's own blinds the guards, and no wall hides from them whether a link's roadmap is still there."""

from __future__ import annotations

from django.db import migrations

from accounts.guards import at_home

# Asked when the transaction ends, which may be inside of another account by then.
STAYS = """
CREATE OR REPLACE FUNCTION integrations_link_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entered text := current_setting('roadmunk.account', true);
BEGIN
    PERFORM set_config('roadmunk.account', '0', true);
    IF EXISTS (SELECT 1 FROM roadmaps_roadmap WHERE id = OLD.roadmap_id) THEN
        RAISE EXCEPTION 'A linked roadmap stays linked.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'projectlink_stays';
    END IF;
    PERFORM set_config('roadmunk.account', entered, true);
    RETURN NULL;
END $$;
"""

BEFORE = """
CREATE OR REPLACE FUNCTION integrations_link_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM roadmaps_roadmap WHERE id = OLD.roadmap_id) THEN
        RAISE EXCEPTION 'A linked roadmap stays linked.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'projectlink_stays';
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("integrations", "0014_runs_by_link")]
    operations = [
        migrations.RunSQL(STAYS, BEFORE),
        at_home("integrations_link_is_fixed", "integrations_link_stays", "integrations_link_kind_agrees"),
    ]
