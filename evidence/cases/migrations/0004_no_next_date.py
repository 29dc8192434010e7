"""The next day in court is computed from the rows of 0003."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Takes the old column away."""

    dependencies = [("cases", "0003_court_dates")]
    operations = [migrations.RemoveField(model_name="case", name="next_court_date")]
