"""`manage.py reconcile [--json]`."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import Count

from ingest.uploads import reconcile
from ingest.uploads.models import Upload


class Command(BaseCommand):
    """Whether everything that was ever docked is accounted for."""

    help = "Compare docks' lists, the object store and the rows; exit 1 with a line a fault."

    def add_arguments(self, parser: CommandParser) -> None:
        """--json: one JSON object a line."""
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print faults, then the count of every file that a dock listed, by state."""
        found = 0
        for fault in reconcile.faults():
            found += 1
            line = fault.as_dict()
            text = json.dumps(line) if options["json"] else " · ".join(line.values())
            self.stdout.write(text)
        rows = Upload.objects.order_by().values("state").annotate(count=Count("pk"))
        states = {row["state"]: row["count"] for row in rows}
        if options["json"]:
            self.stdout.write(json.dumps({"states": states, "faults": found}))
        else:
            self.stdout.write(f"{states} · {found} faults")
        if found:
            sys.exit(1)
