"""The audit log is append-only for every writer, SQL included; it goes only with its whole account."""

from __future__ import annotations

from django.db import migrations

GUARDS = """
CREATE FUNCTION accounts_audit_event_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'An audit event is never changed.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_event_is_final';
END $$;
CREATE TRIGGER audit_event_is_final BEFORE UPDATE ON accounts_auditevent
    FOR EACH ROW EXECUTE FUNCTION accounts_audit_event_is_final();

-- Asked at the end of the transaction: whoever deletes an account deletes its rows first.
CREATE FUNCTION accounts_audit_event_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM accounts_account WHERE id = OLD.account_id) THEN
        RAISE EXCEPTION 'An audit event stays as long as its account.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_event_stays';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER audit_event_stays AFTER DELETE ON accounts_auditevent
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION accounts_audit_event_stays();
"""

UNDO = """
DROP TRIGGER audit_event_stays ON accounts_auditevent;
DROP FUNCTION accounts_audit_event_stays();
DROP TRIGGER audit_event_is_final ON accounts_auditevent;
DROP FUNCTION accounts_audit_event_is_final();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_audit_log")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
