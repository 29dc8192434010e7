"""`manage.py demo passwords|code NAME|story`: how the demonstration's people sign in, and what
there is for them to look at."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.core.cache import cache
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.management import story
from evidence.people.models import User

PEOPLE = (
    "shah", "okoro", "hughes", "lane", "price", "reed", "cole", "marsh", "bell", "audit", "admin",
)  # fmt: skip


class Command(BaseCommand):
    """The demonstration force."""

    help = "New random passwords and app secrets for the demonstration's people; a code now."

    def add_arguments(self, parser: CommandParser) -> None:
        """The verb."""
        parser.add_argument("verb", choices=["passwords", "code", "story"])
        parser.add_argument("name", nargs="?", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError outside the demonstration."""
        if not settings.DEMO:
            raise CommandError("This is not a demonstration (BWV_DEMO is off).")
        if options["verb"] == "story":
            self.stdout.write(story.tell())
            return
        if options["verb"] == "code":
            self.stdout.write(self._code(options["name"].lower()))
            return
        found = {}
        for person in User.objects.filter(username__in=PEOPLE):
            found[person.username] = secrets.token_urlsafe(12)
            person.set_password(found[person.username])
            person.save(update_fields=["password"])
            Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).delete()
            totp.TOTP.activate(person, totp.generate_totp_secret())
        self.stdout.write(json.dumps(found))

    def _code(self, name: str) -> str:
        """A code of that person's app that was not used yet; waits for the next half minute."""
        row = Authenticator.objects.filter(user__username=name, type="totp").first()
        if row is None:
            raise CommandError(f"{name!r} has no app here. Known: {', '.join(PEOPLE)}")
        secret, wrapped = get_adapter().decrypt(row.data["secret"]), totp.TOTP(row)
        while True:
            [counter] = totp.yield_hotp_counters_from_time()
            code = str(totp.format_hotp_value(totp.hotp_value(secret, counter)))
            left = settings.TOTP_SECONDS - time.time() % settings.TOTP_SECONDS
            if left > 3 and cache.get(wrapped._get_used_cache_key(code)) is None:
                return code
            time.sleep(left + 0.1)
