"""The one next day in court that a case had becomes the first of its days in court."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def carry(apps: Any, schema_editor: Any) -> None:
    """A row for each case that had one; by nobody in particular."""
    cases = apps.get_model("cases", "Case").objects.exclude(next_court_date=None)
    model = apps.get_model("cases", "CourtDate")
    rows = cases.values_list("pk", "next_court_date").iterator()
    model.objects.bulk_create((model(case_id=pk, date=day) for pk, day in rows), batch_size=1000)


class Migration(migrations.Migration):
    """Carries over; the old column goes with the next one."""

    dependencies = [("cases", "0002_work")]
    operations = [migrations.RunPython(carry, migrations.RunPython.noop)]
