"""The database refuses what the models refuse: update, delete and truncate of the log.

Triggers stop every role, the owner included, until it drops them; grants stop the
application's role before a trigger is asked. A pending event may be deleted only once it
stands in the log. This slows an attacker down; the signed checkpoints are what proves.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION custody_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the custody log is only ever added to (% on %)', TG_OP, TG_TABLE_NAME;
END $$;

CREATE FUNCTION custody_pending_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM custody_event WHERE id = OLD.id) THEN
        RAISE EXCEPTION 'a pending custody event may not be deleted before it stands in the log';
    END IF;
    RETURN OLD;
END $$;

DO $$
DECLARE name text; grantee text;
BEGIN
    FOREACH name IN ARRAY ARRAY['custody_event', 'custody_node', 'custody_checkpoint'] LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I
            FOR EACH ROW EXECUTE FUNCTION custody_refuse()', name);
        EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON %I
            FOR EACH STATEMENT EXECUTE FUNCTION custody_refuse()', name);
        FOR grantee IN
            SELECT DISTINCT g.grantee FROM information_schema.role_table_grants g
            WHERE g.table_schema = current_schema() AND g.table_name = name
              AND g.grantee <> current_user AND g.grantee <> 'PUBLIC'
        LOOP
            EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM %I', name, grantee);
        END LOOP;
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM PUBLIC', name);
    END LOOP;
END $$;

CREATE TRIGGER numbered_first BEFORE DELETE ON custody_pending
    FOR EACH ROW EXECUTE FUNCTION custody_pending_refuse();
CREATE TRIGGER no_update BEFORE UPDATE ON custody_pending
    FOR EACH ROW EXECUTE FUNCTION custody_refuse();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON custody_pending
    FOR EACH STATEMENT EXECUTE FUNCTION custody_refuse();
CREATE TRIGGER no_update BEFORE UPDATE ON custody_private
    FOR EACH ROW EXECUTE FUNCTION custody_refuse();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON custody_private
    FOR EACH STATEMENT EXECUTE FUNCTION custody_refuse();
"""

BACKWARD = """
DROP TRIGGER no_truncate ON custody_private;
DROP TRIGGER no_update ON custody_private;
DROP TRIGGER no_truncate ON custody_pending;
DROP TRIGGER no_update ON custody_pending;
DROP TRIGGER numbered_first ON custody_pending;
DROP TRIGGER no_truncate ON custody_checkpoint;
DROP TRIGGER append_only ON custody_checkpoint;
DROP TRIGGER no_truncate ON custody_node;
DROP TRIGGER append_only ON custody_node;
DROP TRIGGER no_truncate ON custody_event;
DROP TRIGGER append_only ON custody_event;
DROP FUNCTION custody_pending_refuse();
DROP FUNCTION custody_refuse();
"""


class Migration(migrations.Migration):
    """Triggers and grants."""

    dependencies = [("custody", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
