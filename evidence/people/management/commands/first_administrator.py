"""`manage.py first_administrator NAME`: the only account that is not made in the admin."""

from __future__ import annotations

import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from evidence.custody.record import Actor, Draft, Subject, record
from evidence.people.models import User
from evidence.people.table import ADMINISTRATOR


class Command(BaseCommand):
    """Make the first system administrator, with a random password that is printed once."""

    help = "Make the first system administrator; refuses when there is one."

    def add_arguments(self, parser: CommandParser) -> None:
        """The user name."""
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the account. Raises CommandError when there is an administrator."""
        if User.objects.filter(roles__contains=[ADMINISTRATOR]).exists():
            raise CommandError("There is an administrator already: ask them for an account.")
        password = secrets.token_urlsafe(15)
        name = options["username"]
        with transaction.atomic():
            made = User.objects.create_user(name, password, name=name, roles=[ADMINISTRATOR])
            details = {"name": "The console", "what": name}
            actor = Actor("service", "svc-console", name="The console")
            record(Draft("person.changed", Subject(made.ref), actor, data={"fields": ["roles"]},
                         private=details))  # fmt: skip
        self.stdout.write(f"{options['username']} may sign in with: {password}")
