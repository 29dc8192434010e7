"""`manage.py force import FILE.csv`: people, units, cameras, docks, issues."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, transaction

from evidence.custody.record import Draft, Subject, record
from evidence.people.actions import make_unit, supervised
from evidence.people.models import Unit, User
from ingest.devices.actions import CONSOLE, DeviceError, issue, list_camera
from ingest.devices.management.commands.camera import moment
from ingest.devices.models import Camera, Dock

Row = dict[str, str]


class Skipped(ValueError):
    """This line can't be taken. The sentence says why."""


def _unit(row: Row) -> str:
    parent = None
    if row["parent"]:
        parent = Unit.objects.filter(name=row["parent"]).first()
        if parent is None:
            raise Skipped(f"its parent {row['parent']} is not there; put it on an earlier line")
    known = Unit.objects.filter(name=row["name"]).exists()
    make_unit(name=row["name"], parent=parent)
    return "no change" if known else "made"


def _person(row: Row) -> str:
    username = row["username"].lower()
    unit = Unit.objects.filter(name=row["unit"]).first() if row["unit"] else None
    if row["unit"] and unit is None:
        raise Skipped(f"the unit {row['unit']} is not there; put it on an earlier line")
    boss = User.objects.filter(username=row["supervisor"].lower()).first()
    if row["supervisor"] and boss is None:
        raise Skipped(f"the supervisor {row['supervisor']} is not there")
    wanted: dict[str, Any] = {
        "name": row["name"],
        "rank": row["rank"],
        "collar": row["collar"] or None,
        "roles": row["roles"].replace(";", " ").split(),
        "email": row["email"],
        "unit": unit,
        "supervisor": boss,
    }
    person = User.objects.filter(username=username).first()
    if person is None:
        made = User.objects.create_user(username, None, **wanted)
        supervised(made)
        _told(made, sorted(wanted))
        return "made"
    if all(getattr(person, name) == value for name, value in wanted.items()):
        return "no change"
    changed = sorted(name for name, value in wanted.items() if getattr(person, name) != value)
    for name, value in wanted.items():
        setattr(person, name, value)
    person.full_clean(exclude=["password"])
    person.save()
    supervised(person)
    _told(person, changed)
    return "changed"


def _told(person: User, fields: list[str]) -> None:
    """Who somebody is and what they may do changed on the console: an event there too."""
    after = {name: str(getattr(person, name) or "")[:500] for name in fields}
    details = {"name": CONSOLE.name, "what": person.short, "after": after}
    record(Draft("person.changed", Subject(person.ref), CONSOLE, data={"fields": fields},
                 private=details))  # fmt: skip


def _camera(row: Row) -> str:
    before = Camera.objects.filter(serial=row["serial"], listed=True).first()
    list_camera(serial=row["serial"], model=row["model"])
    return "no change" if before and before.model == row["model"] else "made"


def _dock(row: Row) -> str:
    dock, made = Dock.objects.get_or_create(name=row["name"], defaults={"site": row["site"]})
    if not made and dock.site != row["site"]:
        dock.site = row["site"]
        dock.save(update_fields=["site"])
        return "changed"
    return "made" if made else "no change"


def _issue(row: Row) -> str:
    camera = Camera.objects.filter(serial=row["serial"]).first()
    person = User.objects.filter(username=row["username"].lower()).first()
    if camera is None or person is None:
        raise Skipped("its camera or its person is not there; put them on earlier lines")
    start = moment(row["from"])
    end = moment(row["to"]) if row["to"] else None
    before = camera.issues.count()
    issue(camera=camera, officer=person, start=start, end=end)
    return "made" if camera.issues.count() > before else "no change"


KINDS: dict[str, Callable[[Row], str]] = {
    "unit": _unit, "person": _person, "camera": _camera, "dock": _dock, "issue": _issue,
}  # fmt: skip
COLUMNS = (
    "kind", "name", "parent", "username", "rank", "collar", "roles", "unit", "supervisor", "email",
    "serial", "model", "site", "from", "to",
)  # fmt: skip


class Command(BaseCommand):
    """The force's lists."""

    help = "Import people, units, cameras, docks and issues; the same file again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """The verb and the file."""
        parser.add_argument("verb", choices=["import"])
        parser.add_argument("file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say line by line what was done or why not. Raises CommandError when a line was not."""
        refused = 0
        try:
            with open(options["file"], newline="", encoding="utf-8-sig") as file:
                reader = csv.DictReader(file)
                missing = set(COLUMNS) - set(reader.fieldnames or ())
                if missing:
                    raise CommandError(f"The first line lacks the columns {sorted(missing)}.")
                for row in reader:
                    outcome, good = self._line(row)
                    refused += not good
                    what = row["name"] or row["serial"] or row["username"]
                    self.stdout.write(f"line {reader.line_num} {row['kind']} {what}: {outcome}")
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise CommandError(f"{options['file']} can't be read: {error}") from None
        if refused:
            raise CommandError(f"{refused} lines were not taken; mend them and import again.")

    def _line(self, row: Row) -> tuple[str, bool]:
        act = KINDS.get(row["kind"] or "")
        if act is None:
            return f"not taken: {row['kind']!r} is not one of {', '.join(KINDS)}", False
        cells = {name: (row[name] or "").strip() for name in COLUMNS}
        try:
            with transaction.atomic():
                return act(cells), True
        except ValidationError as error:
            return f"not taken: {' '.join(error.messages)}", False
        except (Skipped, DeviceError, CommandError) as error:
            return f"not taken: {error}", False
        except DatabaseError as error:
            return f"not taken: {str(error).splitlines()[0]}", False
