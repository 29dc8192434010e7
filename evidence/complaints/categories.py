"""Reading a list of allegation categories: all of it, or none, with every fault in words."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from evidence.complaints.models import Category
from evidence.custody.record import Actor, Draft, Subject, record

KEY = ("scheme", "version", "code")
COLUMNS = (*KEY, "name", "source", "position", "active")
CONSOLE = Actor("service", "svc-console", name="Somebody at the console")
YES, NO = ("true", "yes", "1"), ("false", "no", "0")
MOST = 2000


class Faulty(ValueError):
    """The list can't be taken; its sentences are for a person, one a line."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def load(path: Path) -> list[dict[str, Any]]:
    """The entries of a JSON or CSV file. Raises Faulty."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Faulty([f"{path} can't be read: {error}"]) from None
    if path.suffix.lower() == ".csv":
        reader = csv.DictReader(text.splitlines())
        missing = {*KEY, "name"} - set(reader.fieldnames or ())
        if missing:
            raise Faulty([f"The first line lacks the columns {', '.join(sorted(missing))}."])
        return [{key: value for key, value in row.items() if key} for row in reader]
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise Faulty([f"{path} is not JSON: {error}"]) from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Faulty(["The file has to hold a list of entries, each with scheme, version, code "
                      "and name."])  # fmt: skip
    return entries


def take(entries: list[dict[str, Any]]) -> tuple[int, int]:
    """Keep the list: how many categories are new, how many changed. All of it or none.

    What is in use keeps its meaning: an entry changes a name, it never moves a code to another
    version. Raises Faulty.
    """
    if not entries or len(entries) > MOST:
        raise Faulty([f"The list has to have 1 to {MOST:,} entries; it has {len(entries):,}."])
    faults, rows, seen = [], [], set()
    for number, entry in enumerate(entries, 1):
        try:
            row = _row(entry)
        except ValidationError as error:
            faults += [f"Entry {number}: {message}" for message in error.messages]
            continue
        key = (row.scheme, row.version, row.code)
        if key in seen:
            faults.append(f"Entry {number}: {' '.join(key)} stands there twice.")
        seen.add(key)
        rows.append(row)
    if faults:
        raise Faulty(faults)
    made = changed = 0
    with transaction.atomic():
        for row in rows:
            wanted = {name: getattr(row, name) for name in COLUMNS[3:]}
            key_of = {name: getattr(row, name) for name in KEY}
            before, new = Category.objects.get_or_create(**key_of, defaults=wanted)
            made += new
            if not new and any(getattr(before, name) != value for name, value in wanted.items()):
                Category.objects.filter(pk=before.pk).update(**wanted)
                changed += 1
        data = {"fields": ["categories"]}
        words = f"Allegation categories: {made} new, {changed} changed"
        private = {"name": CONSOLE.name, "what": words}
        record(
            Draft("complaints.data_changed", Subject("complaint-category"), CONSOLE, data, private)
        )
    return made, changed


def _row(entry: dict[str, Any]) -> Category:
    """One entry as a category that could be kept. Raises ValidationError."""
    strangers = set(entry) - set(COLUMNS)
    if strangers:
        raise ValidationError(f"There is no field {', '.join(sorted(map(str, strangers)))}.")
    fields: dict[str, Any] = {
        name: str(entry.get(name) or "").strip() for name in COLUMNS if name != "active"
    }
    for name in (*KEY, "name"):
        if not fields[name]:
            raise ValidationError(f"Enter its {name}.")
    try:
        fields["position"] = int(fields["position"] or 100)
    except ValueError:
        raise ValidationError("Its position has to be a number.") from None
    active = str(entry.get("active", "true")).strip().lower() or "true"
    if active not in YES + NO:
        raise ValidationError("Its field active has to be true or false.")
    row = Category(active=active in YES, **fields)
    row.full_clean(validate_unique=False, validate_constraints=False)
    return row
