"""Lists of complaints from the console."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from evidence.complaints import categories


class Command(BaseCommand):
    """`complaints import-categories FILE.json` or `FILE.csv`."""

    help = "Import allegation categories: scheme, version, code, name, source, position, active."

    def add_arguments(self, parser: CommandParser) -> None:
        """The verb and the file."""
        parser.add_argument("verb", choices=["import-categories"])
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """All of the file or none. Raises CommandError with every fault."""
        try:
            made, changed = categories.take(categories.load(options["file"]))
        except categories.Faulty as error:
            raise CommandError(f"Nothing was taken.\n{error}") from None
        self.stdout.write(f"{made} new, {changed} changed.")
