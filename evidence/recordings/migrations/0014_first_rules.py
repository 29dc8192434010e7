"""First versions of the rules, from fixtures/rules.json and from what categories said before."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import migrations

LIST = Path(__file__).resolve().parent.parent / "fixtures" / "rules.json"
# Version 1 is for everything that was there before it.
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
# What categories said as they were delivered; anything else a force has set itself.
DELIVERED = {
    "arrest": None, "stop-search": 365, "non-evidential": 31, "use-of-force": 365,
    "domestic-abuse": None, "traffic": 365, "statement": None, "evidential-other": 2190,
}  # fmt: skip


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
    # A setting until there were rules. Footage without a category was kept so long, and footage
    # whose category says "by its case" and that has none.
    without = int(os.environ.get("BWV_KEEP_DAYS") or known[None]["days"])
    if not rule.objects.filter(category=None).exists():
        rule.objects.create(**first, **{**known[None], "category": None, "days": without})
    rows = list(category.objects.filter(rules=None))
    # New ones say nothing themselves; where any does, an empty one was "by its case".
    spoke = any(getattr(row, "keep_days", None) is not None for row in rows)
    for row in rows:
        days = getattr(row, "keep_days", None)
        entry = dict(known.get(row.code) or {})
        if not entry or (spoke and days != DELIVERED[row.code]):
            entry = {
                "release": entry.get("release", "people"), "by_case": days is None,
                "days": days or without, "source": getattr(row, "source", "") or "Force policy",
            }  # fmt: skip
            if days is None:
                entry["release"] = "people"
        elif entry.get("by_case"):
            entry["days"] = without
        entry["category"], entry["group"] = row, groups.get(entry.get("group"))
        rule.objects.create(**first, **entry)


class Migration(migrations.Migration):
    """Rules as data."""

    dependencies = [("recordings", "0013_rules_and_disposal")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
