"""Rules that hold for every writer, SQL included."""

from __future__ import annotations

from django.db import migrations

GUARDS = """
CREATE FUNCTION roadmaps_field_type_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The type of a field never changes.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'field_type_is_fixed';
END $$;
CREATE TRIGGER field_type_is_fixed BEFORE UPDATE OF type ON roadmaps_field
    FOR EACH ROW WHEN (OLD.type IS DISTINCT FROM NEW.type) EXECUTE FUNCTION roadmaps_field_type_is_fixed();

-- Deferred, so that deleting a whole account, which takes its roadmaps along, is still possible.
CREATE FUNCTION roadmaps_deleted_only_when_archived() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM accounts_account WHERE id = OLD.account_id) THEN
        RAISE EXCEPTION 'A roadmap is deleted only from the archive.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'roadmap_deleted_only_when_archived';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER roadmap_deleted_only_when_archived AFTER DELETE ON roadmaps_roadmap
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.archived_at IS NULL) EXECUTE FUNCTION roadmaps_deleted_only_when_archived();
"""

UNDO = """
DROP TRIGGER roadmap_deleted_only_when_archived ON roadmaps_roadmap;
DROP FUNCTION roadmaps_deleted_only_when_archived();
DROP TRIGGER field_type_is_fixed ON roadmaps_field;
DROP FUNCTION roadmaps_field_type_is_fixed();
"""


class Migration(migrations.Migration):
    dependencies = [("roadmaps", "0001_initial")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
