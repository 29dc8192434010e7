"""The lists that the law and the force change, from fixtures/: data, for a force to change."""

import json
from pathlib import Path
from typing import Any

from django.db import migrations

LISTS = Path(__file__).resolve().parent.parent / "fixtures"
# File, model, and what makes an entry of it the same entry.
FILES = [
    ("categories.json", "Category", ("scheme", "version", "code")),
    ("wordings.json", "Wording", ("code",)),
    ("questions.json", "Question", ("code",)),
    ("letters.json", "Template", ("code", "version")),
    ("rates.json", "Rate", ("code",)),
]


def load(apps: Any, editor: Any) -> None:
    """Add what is missing; a force's own changes stay."""
    for name, model, key in FILES:
        rows = apps.get_model("complaints", model)
        for entry in json.loads((LISTS / name).read_text(encoding="utf-8")):
            rows.objects.get_or_create(**{field: entry.pop(field) for field in key}, defaults=entry)


class Migration(migrations.Migration):
    """Allegation categories, findings, the referral checklist, letters, rates."""

    dependencies = [("complaints", "0004_through_named")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
