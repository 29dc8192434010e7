"""`manage.py dock code NAME`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ingest.devices.actions import make_code


class Command(BaseCommand):
    """Docks, from the console."""

    help = "Print a single-use enrolment code (15 minutes), making the dock if it is new."

    def add_arguments(self, parser: CommandParser) -> None:
        """The verb and the dock's name."""
        parser.add_argument("verb", choices=["code"])
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the code alone on its line."""
        self.stdout.write(make_code(name=options["name"]))
