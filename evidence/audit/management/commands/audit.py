"""`manage.py audit scan`: look for unusual looks now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from evidence.audit import scan
from evidence.custody import sequencer


class Command(BaseCommand):
    """The auditor's room, for operators."""

    help = "scan: read the custody log from where the last reading ended, up to its end."

    def add_arguments(self, parser: Any) -> None:
        """The verb."""
        parser.add_argument("verb", choices=["scan"])

    def handle(self, *args: Any, **options: Any) -> None:
        """Read to the end."""
        sequencer.run()
        self.stdout.write(f"{scan.run(batches=None)} events read for unusual looks.")
