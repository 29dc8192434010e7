"""A first list of reasons, from fixtures/redaction_reasons.json: data, for a force to change."""

import json
from pathlib import Path
from typing import Any

from django.db import migrations

LIST = Path(__file__).resolve().parent.parent / "fixtures" / "redaction_reasons.json"


def load(apps: Any, editor: Any) -> None:
    """Add what is missing; a force's own changes stay."""
    reason = apps.get_model("exhibits", "RedactionReason")
    for entry in json.loads(LIST.read_text(encoding="utf-8")):
        code = entry.pop("code")
        reason.objects.get_or_create(code=code, defaults=entry)


class Migration(migrations.Migration):
    """Reasons."""

    dependencies = [("exhibits", "0002_redaction")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
