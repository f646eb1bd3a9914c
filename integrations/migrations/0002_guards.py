"""A link is for good: rules that hold for every writer, SQL included (S21)."""

from __future__ import annotations

from django.db import migrations

GUARDS = """
CREATE FUNCTION integrations_link_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The project of a linked roadmap never changes.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'projectlink_is_fixed';
END $$;
CREATE TRIGGER projectlink_is_fixed
    BEFORE UPDATE OF id, account_id, roadmap_id, kind, project_id ON integrations_projectlink
    FOR EACH ROW WHEN (
        (OLD.id, OLD.account_id, OLD.roadmap_id, OLD.kind, OLD.project_id)
        IS DISTINCT FROM (NEW.id, NEW.account_id, NEW.roadmap_id, NEW.kind, NEW.project_id)
    ) EXECUTE FUNCTION integrations_link_is_fixed();

-- Deferred, so that a roadmap can take its link along when it is deleted itself.
CREATE FUNCTION integrations_link_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM roadmaps_roadmap WHERE id = OLD.roadmap_id) THEN
        RAISE EXCEPTION 'A linked roadmap stays linked.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'projectlink_stays';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER projectlink_stays AFTER DELETE ON integrations_projectlink
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION integrations_link_stays();

CREATE FUNCTION integrations_link_kind_agrees() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM integrations_integration WHERE id = NEW.integration_id AND kind = NEW.kind)
       OR NOT EXISTS (SELECT 1 FROM integrations_credential WHERE id = NEW.credential_id AND kind = NEW.kind) THEN
        RAISE EXCEPTION 'Connector, credential and link are of one kind.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'projectlink_kind_agrees';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER projectlink_kind_agrees BEFORE INSERT OR UPDATE OF integration_id, credential_id
    ON integrations_projectlink FOR EACH ROW EXECUTE FUNCTION integrations_link_kind_agrees();
"""

UNDO = """
DROP TRIGGER projectlink_kind_agrees ON integrations_projectlink;
DROP FUNCTION integrations_link_kind_agrees();
DROP TRIGGER projectlink_stays ON integrations_projectlink;
DROP FUNCTION integrations_link_stays();
DROP TRIGGER projectlink_is_fixed ON integrations_projectlink;
DROP FUNCTION integrations_link_is_fixed();
"""


class Migration(migrations.Migration):
    dependencies = [("integrations", "0001_initial")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
