"""The guards hold for whoever drops none of them: they are neither blinded, nor passed by, nor asked at a chosen moment."""

from __future__ import annotations

from django.db import migrations

from accounts.guards import at_home

GUARDS = """
CREATE FUNCTION accounts_audit_log_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit log is never emptied: an audit event stays as long as its account.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_log_is_kept';
END $$;
CREATE TRIGGER audit_log_is_kept BEFORE TRUNCATE ON accounts_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_audit_log_is_kept();

-- Whether an account is there is asked by its id, at a moment that the session may choose. So it is not renumbered for
-- that moment, and not away for it: it goes when its people are gone, and with them all that they own.
CREATE FUNCTION accounts_account_id_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The id of an account never changes.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'account_id_is_fixed';
END $$;
CREATE TRIGGER account_id_is_fixed BEFORE UPDATE OF id ON accounts_account
    FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id) EXECUTE FUNCTION accounts_account_id_is_fixed();

CREATE FUNCTION accounts_account_goes_last() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entered text := current_setting('roadmunk.account', true);
BEGIN
    PERFORM set_config('roadmunk.account', '0', true);
    IF EXISTS (SELECT 1 FROM accounts_membership WHERE account_id = OLD.id) THEN
        RAISE EXCEPTION 'An account is deleted after all that is in it.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'account_goes_last';
    END IF;
    PERFORM set_config('roadmunk.account', entered, true);
    RETURN NULL;
END $$;
CREATE TRIGGER account_goes_last AFTER DELETE ON accounts_account
    FOR EACH ROW EXECUTE FUNCTION accounts_account_goes_last();
"""

UNDO = """
DROP TRIGGER account_goes_last ON accounts_account;
DROP FUNCTION accounts_account_goes_last();
DROP TRIGGER account_id_is_fixed ON accounts_account;
DROP FUNCTION accounts_account_id_is_fixed();
DROP TRIGGER audit_log_is_kept ON accounts_auditevent;
DROP FUNCTION accounts_audit_log_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_walls")]
    operations = [
        migrations.RunSQL(GUARDS, UNDO),
        at_home(
            "accounts_keeps_an_admin",
            "accounts_audit_event_is_final",
            "accounts_audit_event_stays",
            "accounts_audit_log_is_kept",
            "accounts_account_id_is_fixed",
            "accounts_account_goes_last",
        ),
    ]
