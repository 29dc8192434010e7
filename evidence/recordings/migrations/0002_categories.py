"""A first list of categories, from fixtures/categories.json: data, for a force to change."""

import json
from pathlib import Path
from typing import Any

from django.db import migrations

LIST = Path(__file__).resolve().parent.parent / "fixtures" / "categories.json"


def load(apps: Any, editor: Any) -> None:
    """Add what is missing; a force's own changes stay."""
    category = apps.get_model("recordings", "Category")
    for entry in json.loads(LIST.read_text(encoding="utf-8")):
        code = entry.pop("code")
        category.objects.get_or_create(code=code, defaults=entry)


class Migration(migrations.Migration):
    """Categories."""

    dependencies = [("recordings", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
