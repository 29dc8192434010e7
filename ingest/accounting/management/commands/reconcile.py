"""`manage.py reconcile [--json] [--remove-orphans]`."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from evidence.store import s3
from ingest.accounting import orphans, runs, storage
from ingest.accounting.faults import GAP, Fault
from ingest.accounting.reckoning import Reckoning


class Command(BaseCommand):
    """Whether everything that was ever docked is accounted for."""

    help = (
        "Compare docks' lists, the object store, the rows and the custody log; exit 1 with a line "
        "a fault. Gaps in cameras' numbers are told, and are no faults."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """--json: one JSON object a line."""
        parser.add_argument("--json", action="store_true")
        parser.add_argument(
            "--remove-orphans", action="store_true",
            help="take away renditions that a count has listed as named by no row; never originals",
        )  # fmt: skip

        parser.add_argument(
            "--by", default=os.environ.get("USER", "console"), help="who removes orphans"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print faults, then the count of every file that a dock listed, by state."""
        if options["remove_orphans"]:
            for line in orphans.remove(by=options["by"]):
                self.stdout.write(line)
            return
        reckoning = Reckoning()
        found: Any
        try:
            found = runs.carry_out(runs.begin(), reckoning)
        except runs.Busy:
            self.stderr.write("A count is under way: this one is printed and not kept.")
            found = reckoning.faults()
        try:
            for fault in found:
                self._line(fault, options["json"])
            storage.measure()
        except s3.StoreError as error:
            raise CommandError(f"The count stopped before its end: {error}") from error
        gaps = reckoning.kinds.get(GAP, 0)
        if options["json"]:
            end = {"states": reckoning.states, "faults": reckoning.count, "gaps": gaps}
            self.stdout.write(json.dumps(end))
        else:
            self.stdout.write(f"{reckoning.states} · {reckoning.count} faults · {gaps} gaps")
        if reckoning.count:
            sys.exit(1)

    def _line(self, fault: Fault, as_json: bool) -> None:
        line = fault.as_dict()
        self.stdout.write(json.dumps(line) if as_json else " · ".join(line.values()))
