"""`manage.py digest [--dry-run]`: the daily mail, now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from evidence.recordings import digest


class Command(BaseCommand):
    """One mail a person a day at most."""

    help = "Write to everybody for whom something is left and who was not written to today."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether to write at all."""
        parser.add_argument("--dry-run", action="store_true", help="print, write to nobody")

    def handle(self, *args: Any, **options: Any) -> None:
        """A line a person, or how many were written to."""
        if options["dry_run"]:
            for person, lines in digest.due(timezone.localdate()):
                self.stdout.write(f"{person.username}: {'; '.join(lines)}")
            return
        sent, failed = digest.send()
        self.stdout.write(f"{sent} written to, {failed} not")
