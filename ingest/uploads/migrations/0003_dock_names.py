"""The dock's name beside each file, for those that came before it was kept there."""

from django.db import migrations

NAMES = """
UPDATE recordings_original SET dock = devices_dock.name
FROM uploads_upload JOIN devices_dock ON devices_dock.id = uploads_upload.dock_id
WHERE uploads_upload.id = recordings_original.upload AND recordings_original.dock = ''
"""


class Migration(migrations.Migration):
    dependencies = [
        ("uploads", "0002_unsettled"),
        ("devices", "0001_initial"),
        ("recordings", "0006_search"),
    ]

    operations = [migrations.RunSQL(NAMES, migrations.RunSQL.noop)]
