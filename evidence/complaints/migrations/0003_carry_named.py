"""The officers of each complaint become rows of their own, with the part that they have in it."""

from typing import Any

from django.db import migrations


def carry(apps: Any, editor: Any) -> None:
    """Everybody who was named is complained of, until somebody says that they were only there."""
    named = apps.get_model("complaints", "Named")
    old = apps.get_model("complaints", "Complaint").officers.through
    for row in old.objects.order_by("id").iterator():
        named.objects.get_or_create(complaint_id=row.complaint_id, officer_id=row.user_id)


def back(apps: Any, editor: Any) -> None:
    """The other way: who is named, without the part."""
    named = apps.get_model("complaints", "Named")
    old = apps.get_model("complaints", "Complaint").officers.through
    for row in named.objects.order_by("id").iterator():
        old.objects.get_or_create(complaint_id=row.complaint_id, user_id=row.officer_id)


class Migration(migrations.Migration):
    """By itself: rows with deferred constraints and changes of tables do not go together."""

    dependencies = [("complaints", "0002_process")]
    operations = [migrations.RunPython(carry, back)]
