"""`manage.py backup --to DIR [--signer] [--plain-database]`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from config.backup import asking, making, signers
from config.backup.sealing import BackupError


class Command(BaseCommand):
    """A backup of what is not in the object store."""

    help = "Back up database, keys and settings; with --signer the signer's keys and memory."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to, and how."""
        parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="a new folder")
        parser.add_argument("--passphrase-file", type=Path, metavar="FILE")
        parser.add_argument("--signer", action="store_true", help="on the signer's machine")
        parser.add_argument(
            "--plain-database", action="store_true",
            help="do not encrypt the dump, where the disk is encrypted; keys always are",
        )  # fmt: skip
        parser.add_argument("--by", default=os.environ.get("USER", "console"), help="who asks")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it. Raises CommandError with a sentence."""
        to: Path = options["to"].absolute()
        try:
            secret = asking.passphrase(options["passphrase_file"], twice=True)
            if options["signer"]:
                found = signers.back_up(to=to, passphrase=secret)
            else:
                found = making.database(
                    to=to, passphrase=secret, by=options["by"], plain=options["plain_database"]
                )
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(f"The database can't be read: {error}") from error
        if options["json"]:
            self.stdout.write(json.dumps(found))
            return
        self.stdout.write(f"{to}: {found['events']} events, keys {', '.join(found['keys'])}")
        for alias, held in found.get("store", {}).items():
            self.stdout.write(
                f"The bucket of {alias} ({held['bucket']}) must hold at least "
                f"{held['objects']} objects, {held['bytes']} bytes: it is not in this backup."
            )
        if found.get("unsigned"):
            self.stderr.write(f"The newest events are not signed: {found['unsigned']}")
        self.stdout.write(f"Check it: manage.py restore --check --from {to}")
