"""What the count asks of the log, of each partition that is there and each to come."""

from django.db import migrations

FORWARD = """
CREATE INDEX custody_accounted ON custody_event (type, object_ref)
WHERE type IN ('evidence.received', 'evidence.deleted', 'rendition.created', 'clip.made',
               'clip.redacted')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounting", "0001_counts_and_costs"),
        ("custody", "0003_partitions_and_anchors"),
    ]
    operations = [migrations.RunSQL(FORWARD, "DROP INDEX custody_accounted")]
