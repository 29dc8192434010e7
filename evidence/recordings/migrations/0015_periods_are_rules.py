"""How long a category is kept is said in one place, its rules: the columns before them go."""

from typing import Any

from django.db import migrations, models


def back(apps: Any, editor: Any) -> None:
    """The columns say again what the newest rule in force says, as far as a number of days can."""
    rule, category = apps.get_model("recordings", "Rule"), apps.get_model("recordings", "Category")
    for row in category.objects.all():
        rows = rule.objects.filter(category=row, state="in_force").select_related("group")
        newest = rows.order_by("-version").first()
        if newest is None:
            continue
        days = newest.days
        if newest.group is not None:
            # Group 1 has no years: as long as somebody lives, which no number says better.
            days = 365 * (newest.group.years or 100)
        row.keep_days, row.source = None if newest.by_case else days, newest.source
        row.save(update_fields=["keep_days", "source"])


class Migration(migrations.Migration):
    """One truth."""

    dependencies = [("recordings", "0014_first_rules")]
    operations = [
        migrations.RunPython(migrations.RunPython.noop, back),
        migrations.RemoveField("category", "keep_days"),
        migrations.RemoveField("category", "source"),
        migrations.AddField(
            "rule", "held_done_at", models.DateTimeField(blank=True, editable=False, null=True)
        ),
        migrations.AddField(
            "rule", "held_reached", models.BigIntegerField(default=0, editable=False)
        ),
    ]
