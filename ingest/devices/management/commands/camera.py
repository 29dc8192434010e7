"""`manage.py camera add SERIAL [--model M] [--issued-to COLLAR --from TIME [--to TIME]]`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from evidence.people.models import User
from ingest.devices.actions import DeviceError, issue, list_camera


def moment(text: str) -> datetime:
    """An RFC 3339 time; without an offset it is UTC. Raises CommandError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text!r} is not a time. Write it like 2026-11-22T18:00:00Z") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Command(BaseCommand):
    """Cameras, from the console."""

    help = "Put a camera on the force's list, and say who has it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Serial number, model and issue."""
        parser.add_argument("verb", choices=["add"])
        parser.add_argument("serial")
        parser.add_argument("--model", default="")
        parser.add_argument("--issued-to", metavar="COLLAR")
        parser.add_argument("--from", dest="start", type=moment)
        parser.add_argument("--to", dest="end", type=moment)

    def handle(self, *args: Any, **options: Any) -> None:
        """Add; again changes nothing."""
        camera = list_camera(serial=options["serial"], model=options["model"])
        said = f"camera {camera.serial}"
        if options["issued_to"]:
            officer = User.objects.filter(collar=options["issued_to"]).first()
            if officer is None:
                raise CommandError(f"Nobody has the collar number {options['issued_to']}.")
            if options["start"] is None:
                raise CommandError("Say from when: --from 2026-11-22T18:00:00Z")
            try:
                issue(camera=camera, officer=officer, start=options["start"], end=options["end"])
            except DeviceError as error:
                raise CommandError(str(error)) from None
            said += f" issued to {officer.short}"
        self.stdout.write(said)
