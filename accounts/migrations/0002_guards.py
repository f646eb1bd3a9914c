"""Rules that hold for every writer, SQL included."""

from __future__ import annotations

from django.db import migrations

GUARDS = """
-- The account's row is locked first, so that two admins who leave at the same moment can't both pass. The lock lets
-- foreign keys be checked, so a long transaction that only writes items does not hold it up.
CREATE FUNCTION accounts_keeps_an_admin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM accounts_account WHERE id = OLD.account_id FOR NO KEY UPDATE;
    IF FOUND AND NOT EXISTS (
        SELECT 1 FROM accounts_membership
        WHERE account_id = OLD.account_id AND role = 'admin' AND deactivated_at IS NULL
    ) THEN
        RAISE EXCEPTION 'An account keeps at least one active Account Admin.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'account_keeps_an_admin';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER account_keeps_an_admin AFTER UPDATE OR DELETE ON accounts_membership
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.role = 'admin' AND OLD.deactivated_at IS NULL)
    EXECUTE FUNCTION accounts_keeps_an_admin();
"""

UNDO = """
DROP TRIGGER account_keeps_an_admin ON accounts_membership;
DROP FUNCTION accounts_keeps_an_admin();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
