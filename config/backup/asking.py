"""Where a command gets its passphrase: a file, the environment's file, or the keyboard."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

from config.backup.sealing import BackupError, long_enough, read_passphrase


def passphrase(file: Path | None, *, twice: bool) -> str:
    """The passphrase, never from the command line, where others could read it."""
    named = file or (Path(said) if (said := os.environ.get("BWV_BACKUP_PASSPHRASE_FILE")) else None)
    if named:
        return read_passphrase(named)
    if not sys.stdin.isatty():
        raise BackupError(
            "There is nobody to ask for the passphrase. Give --passphrase-file FILE, or set "
            "BWV_BACKUP_PASSPHRASE_FILE."
        )
    said = long_enough(getpass.getpass("Passphrase of the backup: "))
    if twice and getpass.getpass("Once more: ") != said:
        raise BackupError("The two are different. Start again.")
    return said
