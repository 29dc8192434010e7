"""`manage.py store check|prepare`."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from evidence.store import acceptance, buckets


class Command(BaseCommand):
    """The object store, for operators."""

    help = "check: try everything that evidence relies on. prepare: make the buckets, check once."

    def add_arguments(self, parser: CommandParser) -> None:
        """The verb, and how to restart the store where that is allowed."""
        parser.add_argument("verb", choices=["check", "prepare"])
        parser.add_argument(
            "--restart", metavar="COMMAND", default=os.environ.get("BWV_STORE_RESTART", ""),
            help="a command that restarts the store and waits, for the check of survival",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the verb. Raises CommandError when the store falls short."""
        for name in buckets.ensure_buckets():
            self.stdout.write(f"made the bucket {name}")
        # What people outside send by a request goes from their browser to the store.
        buckets.let_browsers_send("originals", settings.PUBLIC_URL)
        if options["verb"] == "prepare":
            try:
                acceptance.require()
                return
            except acceptance.StoreFallsShort:
                self.stdout.write("this store was not checked yet")
        self._check(options["restart"])

    def _check(self, restart: str) -> None:
        def again() -> None:
            subprocess.run(shlex.split(restart), check=True, timeout=300)

        failed = 0
        for what, why in acceptance.check(again if restart else None):
            failed += bool(why)
            self.stdout.write(f"{'FAILED' if why else 'ok':7} {what}{' ' + why if why else ''}")
        if not restart:
            self.stdout.write("        (not restarted: give --restart COMMAND to try that)")
        for what, why in acceptance.transitions():  # no evidence relies on it
            self.stdout.write(f"{'not so' if why else 'ok':7} {what}{' ' + why if why else ''}")
        if failed:
            raise CommandError(f"The store falls short in {failed} points.")
        acceptance.accept()
        self.stdout.write("This store can hold evidence.")
