"""The event table becomes partitioned by index; anchors, alarms and audits get their tables.

The events themselves are not copied and not touched: the table that holds them becomes the
first partition. Each partition holds 2**25 events and keeps `id` and (`object_ref`, `seq`)
unique in itself; across partitions the sequencer and the signer do. Row triggers are
inherited from the parent, TRUNCATE triggers are not, so each partition has its own.
"""

from django.db import migrations, models

SIZE = 2**25

FORWARD = f"""
CREATE FUNCTION custody_guard(name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE grantee text;
BEGIN
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
END $$;

CREATE FUNCTION custody_add_partition(number bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE name text := 'custody_event_' || number;
BEGIN
    IF to_regclass(quote_ident(name)) IS NOT NULL THEN RETURN false; END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF custody_event FOR VALUES FROM (%s) TO (%s)',
        name, number * {SIZE}, (number + 1) * {SIZE});
    EXECUTE format('CREATE UNIQUE INDEX ON %I (id)', name);
    EXECUTE format('CREATE UNIQUE INDEX ON %I (object_ref, seq)', name);
    EXECUTE format('CREATE INDEX ON %I (actor_ref, index DESC)', name);
    PERFORM custody_guard(name);
    RETURN true;
END $$;

DROP TRIGGER append_only ON custody_event;
ALTER TABLE custody_event RENAME TO custody_event_0;
ALTER INDEX custody_event_pkey RENAME TO custody_event_0_pkey;
CREATE TABLE custody_event (LIKE custody_event_0, PRIMARY KEY (index)) PARTITION BY RANGE (index);
ALTER TABLE custody_event ATTACH PARTITION custody_event_0 FOR VALUES FROM (0) TO ({SIZE});
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON custody_event
    FOR EACH ROW EXECUTE FUNCTION custody_refuse();
SELECT custody_guard('custody_event');
SELECT custody_add_partition(1);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON custody_anchor
    FOR EACH ROW EXECUTE FUNCTION custody_refuse();
SELECT custody_guard('custody_anchor');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON custody_alarm
    FOR EACH ROW EXECUTE FUNCTION custody_refuse();
SELECT custody_guard('custody_alarm');
"""

# Back: only while all events still lie in the first partition.
BACKWARD = f"""
DROP TRIGGER no_truncate ON custody_alarm;
DROP TRIGGER append_only ON custody_alarm;
DROP TRIGGER no_truncate ON custody_anchor;
DROP TRIGGER append_only ON custody_anchor;
DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM custody_event WHERE index >= {SIZE}) THEN
        RAISE EXCEPTION 'events stand in a second partition: this can no longer be undone';
    END IF;
END $$;
DROP TRIGGER append_only ON custody_event;
ALTER TABLE custody_event DETACH PARTITION custody_event_0;
DROP TABLE custody_event;
ALTER TABLE custody_event_0 RENAME TO custody_event;
ALTER INDEX custody_event_0_pkey RENAME TO custody_event_pkey;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON custody_event
    FOR EACH ROW EXECUTE FUNCTION custody_refuse();
DROP FUNCTION custody_add_partition(bigint);
DROP FUNCTION custody_guard(text);
"""


class Migration(migrations.Migration):
    """Partitions, anchors, alarms, audits."""

    dependencies = [("custody", "0002_append_only")]
    operations = [
        migrations.CreateModel(
            name="Anchor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("size", models.BigIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("witness", "Cosigned by a witness"),
                            ("timestamp", "Time-stamped"),
                            ("bucket", "In the write-once bucket"),
                            ("tiles", "The tree is in the write-once bucket"),
                        ],
                        max_length=10,
                    ),
                ),
                ("by", models.CharField(max_length=200)),
                ("body", models.BinaryField(default=bytes)),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["kind", "by", "-size"], name="custody_anchor_newest")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("size", "kind", "by"), name="custody_anchor_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Alarm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=40)),
                ("sentence", models.TextField()),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
            options={"indexes": [models.Index(fields=["-created"], name="custody_alarm_newest")]},
        ),
        migrations.CreateModel(
            name="Audit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("asked_for", models.CharField(blank=True, max_length=80)),
                ("asked_by", models.CharField(blank=True, max_length=80)),
                ("started", models.DateTimeField(auto_now_add=True)),
                ("finished", models.DateTimeField(blank=True, null=True)),
                ("total", models.BigIntegerField(default=0)),
                ("done", models.BigIntegerField(default=0)),
                ("events", models.BigIntegerField(default=0)),
                ("objects_read", models.BigIntegerField(default=0)),
                ("faults", models.JSONField(default=list)),
                ("fault_count", models.BigIntegerField(default=0)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["asked_for", "-started"], name="custody_audit_newest")
                ]
            },
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint("event", "custody_event_object_seq"),
                migrations.RemoveIndex("event", "custody_event_actor"),
                migrations.AlterField("event", "id", models.UUIDField()),
            ],
            database_operations=[migrations.RunSQL(FORWARD, BACKWARD)],
        ),
    ]
