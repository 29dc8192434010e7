"""First versions of the rules, from fixtures/rules.json and from what categories said before."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import migrations

LIST = Path(__file__).resolve().parent.parent / "fixtures" / "rules.json"
# Version 1 is for everything that was there before it.
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


def load(apps: Any, editor: Any) -> None:
    """Add what is missing; what a force has set already stays."""
    said = json.loads(LIST.read_text(encoding="utf-8"))
    group, rule = apps.get_model("recordings", "Group"), apps.get_model("recordings", "Rule")
    category = apps.get_model("recordings", "Category")
    groups = {}
    for entry in said["groups"]:
        code = entry.pop("code")
        groups[code], _ = group.objects.get_or_create(code=code, defaults=entry)
    first = {"version": 1, "state": "in_force", "in_force_at": ALWAYS}
    known = {entry["category"]: entry for entry in said["rules"]}
    if not rule.objects.filter(category=None).exists():
        rule.objects.create(**first, **{**known[None], "category": None})
    for row in category.objects.filter(rules=None):
        entry = dict(known.get(row.code) or {})
        entry["category"], entry["group"] = row, groups.get(entry.get("group"))
        days = getattr(row, "keep_days", None)
        if entry["group"] is None:
            # A force's own period stays as it was; without one it was kept by its case.
            entry.setdefault("source", getattr(row, "source", "") or "Force policy")
            entry["by_case"] = entry.get("by_case", row.code not in known and days is None)
            entry["days"] = days or entry.get("days", 31)
        rule.objects.create(**first, **entry)


class Migration(migrations.Migration):
    """Rules as data."""

    dependencies = [("recordings", "0013_rules_and_disposal")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
