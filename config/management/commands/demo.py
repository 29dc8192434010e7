"""`manage.py demo passwords`: random passwords for the demonstration's people, printed once."""

from __future__ import annotations

import json
import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from evidence.people.models import User

PEOPLE = ("shah", "okoro", "hughes", "lane", "audit", "admin")


class Command(BaseCommand):
    """The demonstration force."""

    help = "Give the demonstration's people new random passwords and print them."

    def add_arguments(self, parser: CommandParser) -> None:
        """The verb."""
        parser.add_argument("verb", choices=["passwords"])

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a JSON object of user name and password. Raises CommandError outside the demo."""
        if not settings.DEMO:
            raise CommandError("This is not a demonstration (BWV_DEMO is off).")
        found = {}
        for person in User.objects.filter(username__in=PEOPLE):
            found[person.username] = secrets.token_urlsafe(12)
            person.set_password(found[person.username])
            person.save(update_fields=["password"])
        self.stdout.write(json.dumps(found))
