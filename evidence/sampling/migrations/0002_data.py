"""What is sampled and what is asked, from fixtures/: data, for a force to change."""

import json
from pathlib import Path
from typing import Any

from django.db import migrations

LISTS = Path(__file__).resolve().parent.parent / "fixtures"
FILES = (("kinds.json", "Kind"), ("questions.json", "Question"))


def load(apps: Any, editor: Any) -> None:
    """Add what is missing; a force's own changes stay."""
    for name, model in FILES:
        rows = apps.get_model("sampling", model)
        for entry in json.loads((LISTS / name).read_text(encoding="utf-8")):
            rows.objects.get_or_create(code=entry.pop("code"), defaults=entry)


class Migration(migrations.Migration):
    """Kinds and questions."""

    dependencies = [("sampling", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
