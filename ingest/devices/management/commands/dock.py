"""`manage.py dock code NAME` and `manage.py dock screen NAME`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ingest.devices.actions import DeviceError, make_code, make_screen_code
from ingest.devices.models import Dock


class Command(BaseCommand):
    """Docks, from the console."""

    help = (
        "Print a single-use code (15 minutes): `code` enrols the docking station, making the "
        "dock if it is new; `screen` signs in the screen that hangs beside it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The verb and the dock's name."""
        parser.add_argument("verb", choices=["code", "screen"])
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the code alone on its line."""
        if options["verb"] == "code":
            self.stdout.write(make_code(name=options["name"]))
            return
        dock = Dock.objects.filter(name=options["name"]).first()
        if dock is None:
            raise CommandError(f"There is no dock {options['name']}. Make it: dock code NAME")
        try:
            self.stdout.write(make_screen_code(dock=dock))
        except DeviceError as error:
            raise CommandError(str(error)) from error
