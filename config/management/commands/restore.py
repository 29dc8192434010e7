"""`manage.py restore --from DIR [--check] [--signer] [--role OLD=NEW]`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from config.backup import asking, restoring, signers
from config.backup.sealing import BackupError


class Command(BaseCommand):
    """A backup, back into an empty place."""

    help = "Check a backup and put it into an empty database. Never overwrites anything."
    # There are no tables yet that a check could ask.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Where from, and how."""
        parser.add_argument("--from", type=Path, required=True, metavar="DIR", dest="folder")
        parser.add_argument("--passphrase-file", type=Path, metavar="FILE")
        parser.add_argument("--check", action="store_true", help="only read and check it")
        parser.add_argument("--signer", action="store_true", help="on the signer's machine")
        parser.add_argument(
            "--role", action="append", default=[], metavar="OLD=NEW",
            help="a database role of the backup, and what it is called here",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check or restore. Raises CommandError with a sentence."""
        folder: Path = options["folder"].absolute()
        try:
            secret = asking.passphrase(options["passphrase_file"], twice=False)
            if options["signer"]:
                found = signers.restore(
                    folder=folder, passphrase=secret, only_check=options["check"]
                )
            elif options["check"]:
                found = restoring.check(folder=folder, passphrase=secret)
            else:
                roles = dict(_pair(text) for text in options["role"])
                found = restoring.restore(folder=folder, passphrase=secret, roles=roles)
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(f"The database does not answer: {error}") from error
        if options["json"]:
            self.stdout.write(json.dumps(found))
            return
        self._tell(found, only_check=options["check"])

    def _tell(self, found: dict[str, Any], *, only_check: bool) -> None:
        what = "Whole and unchanged" if only_check else "Restored"
        self.stdout.write(f"{what}: made {found['made']}, {found['events']} events.")
        for alias, held in found.get("store", {}).items():
            self.stdout.write(
                f"{alias}: the bucket {held['bucket']} must hold at least {held['objects']} "
                f"objects, {held['bytes']} bytes."
            )
        if only_check:
            if not found.get("unpacked", True):
                self.stderr.write(f"The dump was not unpacked: {found['why']}")
            return
        self.stdout.write(f"Keys written: {', '.join(found['keys_written']) or 'none'}")
        for item in found.get("differences", []):
            self.stdout.write(
                f"setting {item['name']}: was {item['was'] or '-'}, is now {item['now'] or '-'}"
            )
        self.stdout.write("Now, in this order:")
        for number, step in enumerate(found["next"], 1):
            self.stdout.write(f"{number}. {step}")


def _pair(text: str) -> tuple[str, str]:
    old, mark, new = text.partition("=")
    if not (old and mark and new):
        raise BackupError(f"--role {text}: write it as OLD=NEW.")
    return old, new
