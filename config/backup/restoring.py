"""Restoring: everything is read and checked before anything is touched, then all or nothing."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import IO, Any

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from config.backup import contents, making, manifest, programs, snapshot
from config.backup.manifest import Manifest
from config.backup.sealing import BackupError

CHUNK = 1024 * 1024
KINDS = {"r": "TABLE", "p": "TABLE", "v": "TABLE", "S": "SEQUENCE"}
FILLED = """
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND n.nspname NOT LIKE 'pg_temp%%' AND n.nspname NOT LIKE 'pg_toast%%'
  AND c.relkind IN ('r', 'p', 'v', 'm', 'S')"""


class Backup:
    """A backup that was read once, whole, and found unchanged."""

    def __init__(self, folder: Path, passphrase: str) -> None:
        self.folder = folder
        self.said, self.vault = manifest.opened(folder, passphrase, manifest.DATABASE)
        # Every frame is opened once before anything is touched.
        for _ in self.dump():
            pass
        sealed = b"".join(self.vault.read(folder / contents.SECRETS))
        self.keys, self.hidden = contents.unpacked(sealed)
        self.plain: dict[str, str] = json.loads((folder / contents.SETTINGS).read_bytes())

    def dump(self) -> Iterator[bytes]:
        """The database's dump."""
        if making.SEALED in self.said["files"]:
            yield from self.vault.read(self.folder / making.SEALED)
            return
        with (self.folder / making.PLAIN).open("rb") as file:
            while data := file.read(CHUNK):
                yield data

    def account(self) -> dict[str, Any]:
        """What it holds, in short."""
        said = self.said
        return {
            "backup": str(self.folder), "made": said["made"], "events": said["log"]["size"],
            "root": said["log"]["root"], "rows": sum(said["tables"].values()),
            "store": said["store"], "keys": sorted(self.keys),
        }  # fmt: skip


def check(*, folder: Path, passphrase: str) -> dict[str, Any]:
    """Read a backup to its end, the dump as pg_restore reads it; what it holds.

    Touches nothing. Raises BackupError.
    """
    backup = Backup(folder, passphrase)
    _code_is_new_enough(backup.said)
    try:
        binaries = programs.folder()
    except Exception as error:  # no server here: what was read so far is said
        return backup.account() | {"unpacked": False, "why": str(error)}
    with tempfile.TemporaryFile() as errors:
        reader = _Reader(binaries, backup.dump(), errors)
        while reader.stdout.read(CHUNK):
            pass
        reader.end()
    return backup.account() | {"unpacked": True}


def restore(
    *, folder: Path, passphrase: str, roles: dict[str, str] | None = None
) -> dict[str, Any]:
    """Put a backup into the empty database, and the keys that are missing into BWV_KEYS.

    `roles`: what a database role of the backup is called here. Raises BackupError, and then
    nothing was changed.
    """
    backup = Backup(folder, passphrase)
    _code_is_new_enough(backup.said)
    if backup.said["origin"] != settings.CUSTODY_ORIGIN:
        raise BackupError(
            f"The backup's log is {backup.said['origin']}, and here it would be called "
            f"{settings.CUSTODY_ORIGIN}. Set BWV_ORIGIN={backup.said['origin']}."
        )
    binaries = programs.folder()
    _database_is_empty(backup.said)
    grants = Grants(backup.said, roles or {})
    contents.refuse_other_keys(backup.keys)
    # Keys first: they may be written twice. A database that is there is whole.
    made = contents.write_keys(backup.keys)
    _load(binaries, backup, grants)
    size = backup.said["log"]["size"]
    if snapshot.root(size) != backup.said["log"]["root"]:
        raise BackupError(
            f"The restored log of {size} events does not have the root that the backup names. "
            "Drop this database and use another backup."
        )
    newer = sorted(set(_known_migrations()) - set(backup.said["migrations"]))
    return backup.account() | {
        "keys_written": made, "migrations_to_run": len(newer),
        "differences": contents.differences(backup.plain, backup.hidden),
        "next": [step.format(events=size) for step in _next(len(newer))],
    }  # fmt: skip


def _next(newer: int) -> list[str]:
    steps = ["manage.py migrate, as the owner"] if newer else []
    return [
        *steps,
        "Start the signer with its own memory: it refuses to sign, because it remembers more. "
        "Leave it so. If its memory is lost too, restore that from its own backup.",
        "manage.py custody rebuild --from-tiles --write, where tiles newer than this backup were "
        "published: it says how many events it put back",
        "manage.py custody restored --by NAME --reason REASON --rebuilt THAT NUMBER",
        "manage.py custody verify",
        "manage.py retention again: rows that came back of footage that was disposed of since go "
        "again",
        "manage.py reconcile: it names what the backup does not have",
        "Do again what people did since this backup, by the events from number "
        "{events} on (back office, Events): holds, shares and accounts that ended, categories, "
        "footage that was restored. Nothing new is destroyed for BWV_REMORSE_DAYS",
        "Start the rest. Docks take in again what the database does not know.",
    ]


# --- before anything is touched -----------------------------------------------------


def _known_migrations() -> list[str]:
    loader = MigrationLoader(None)
    return [f"{app}.{name}" for app, name in loader.disk_migrations]


def _code_is_new_enough(said: Manifest) -> None:
    unknown = sorted(set(said["migrations"]) - set(_known_migrations()))
    if unknown:
        raise BackupError(
            f"This backup was made by newer code: it has the migration {unknown[0]}, which this "
            "code does not know. Install the version that made the backup, or a later one."
        )


def _database_is_empty(said: Manifest) -> None:
    if snapshot.rows(FILLED)[0][0]:
        name = connection.settings_dict["NAME"]
        raise BackupError(
            f"The database {name} is not empty, and nothing is ever overwritten. Make a new one "
            "and name it in DATABASE_URL."
        )
    if not snapshot.rows("SELECT has_schema_privilege(current_user, 'public', 'CREATE')")[0][0]:
        raise BackupError(
            f"The role {connection.settings_dict['USER']} can't make tables. Restore with the "
            "owner's DATABASE_URL, the one that migrates."
        )
    if programs.server_version() < said["server"]:
        raise BackupError(
            f"The backup is of PostgreSQL {said['server']} and this server is "
            f"{programs.server_version()}. Restore on PostgreSQL {said['server']} or newer."
        )


class Grants:
    """Who may do what with the tables: as it was, for the roles that are here."""

    def __init__(self, said: Manifest, called: dict[str, str]) -> None:
        self.said = said
        wanted = {row[3] for row in said["grants"]} | {row[2] for row in said["defaults"]}
        self.called = {name: called.get(name, name) for name in sorted(wanted - {"PUBLIC"})}
        here = {name for (name,) in snapshot.rows("SELECT rolname FROM pg_roles")}
        owner = str(snapshot.rows("SELECT current_user")[0][0])
        for name, now in self.called.items():
            if now not in here:
                raise BackupError(
                    f"The database has no role {now}. Make it (CREATE ROLE {now} LOGIN …), or "
                    f"name the one that takes its place: --role {name}=ROLE"
                )
            if now == owner:
                raise BackupError(
                    f"{now} may not own the database and be the role {name} as well: it could "
                    "change the custody log. Restore as the owner."
                )

    def _role(self, name: str) -> str:
        return "PUBLIC" if name == "PUBLIC" else snapshot.quoted(self.called[name])

    def statements(self) -> Iterator[str]:
        """First nothing for anybody, then what the backup names."""
        everybody = ", ".join(["PUBLIC", *(snapshot.quoted(name) for name in
                                           sorted(set(self.called.values())))])  # fmt: skip
        for kind in ("TABLES", "SEQUENCES"):
            yield f"REVOKE ALL ON ALL {kind} IN SCHEMA public FROM {everybody}"
        for kind, name, privilege, grantee in self.said["grants"]:
            yield (
                f"GRANT {_word(privilege)} ON {KINDS[kind]} public.{snapshot.quoted(name)} "
                f"TO {self._role(grantee)}"
            )
        for kind, privilege, grantee in self.said["defaults"]:
            yield (
                "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT "
                f"{_word(privilege)} ON {KINDS[kind]}S TO {self._role(grantee)}"
            )


def _word(text: str) -> str:
    if not text.replace(" ", "").isalpha():
        raise BackupError("The backup names a privilege that is none. Use another backup.")
    return text


# --- all or nothing -------------------------------------------------------------------


class _Reader:
    """pg_restore as a filter: a dump in, SQL out."""

    def __init__(self, binaries: Path, dump: Iterator[bytes], errors: IO[bytes]) -> None:
        self._errors = errors
        self._process = subprocess.Popen(
            [str(binaries / "pg_restore"), "--no-owner", "--no-privileges", "--no-comments",
             "--exit-on-error", "-f", "-"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
        )  # fmt: skip
        assert self._process.stdin and self._process.stdout
        self._stdin, self.stdout = self._process.stdin, self._process.stdout
        self._failed: list[BaseException] = []
        self._feeder = Thread(target=self._feed, args=(dump,), daemon=True)
        self._feeder.start()

    def _feed(self, dump: Iterator[bytes]) -> None:
        try:
            for data in dump:
                self._stdin.write(data)
            self._stdin.close()
        except BrokenPipeError:
            pass  # its own words say why
        except BaseException as error:
            self._failed.append(error)
            self._process.kill()

    def kill(self) -> None:
        """End it, whatever it was doing."""
        self._process.kill()

    def end(self) -> None:
        """Wait for it. Raises BackupError when the SQL that came out is not all of it."""
        self.stdout.close()
        code = self._process.wait()
        self._feeder.join()
        if self._failed:
            raise BackupError(f"The backup can't be read: {self._failed[0]}")
        if code:
            self._errors.seek(0)
            said = self._errors.read().decode(errors="replace").strip()
            raise BackupError(f"pg_restore failed: {said[-500:]}")


def _load(binaries: Path, backup: Backup, grants: Grants) -> None:
    """Everything in one transaction of psql, which ends with COMMIT only after every check.

    Whatever dies in between, psql sees its input end without a COMMIT: the database stays
    empty.
    """
    command = [str(binaries / "psql"), "-X", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-f", "-"]
    connection.close()
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as complaints:
        psql = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=complaints,
            env=programs.environment(),
        )  # fmt: skip
        assert psql.stdin
        reader = None
        try:
            psql.stdin.write(b"BEGIN;\n")
            reader = _Reader(binaries, backup.dump(), errors)
            while data := reader.stdout.read(CHUNK):
                psql.stdin.write(data)
            reader.end()
            for statement in [
                *grants.statements(), *_checks(backup.said), *_not_as_it_was(), "COMMIT",
            ]:  # fmt: skip
                psql.stdin.write(f"{statement};\n".encode())
            psql.stdin.close()
        except BrokenPipeError:
            pass  # psql's own words say why
        except BaseException:
            if reader is not None:
                reader.kill()
            psql.kill()
            psql.wait()
            raise
        if psql.wait():
            complaints.seek(0)
            said = complaints.read().decode(errors="replace").strip()
            raise BackupError(f"The database took nothing: {said[:500]}")


def _checks(said: Manifest) -> Iterator[str]:
    """Counts of every table and the names of the triggers, or the whole is undone."""
    for name, count in said["tables"].items():
        yield _demand(
            f"(SELECT count(*) FROM public.{snapshot.quoted(name)}) = {int(count)}",
            f"the table {name} does not have {int(count)} rows",
        )
    wanted = ", ".join(_literal(name) for name in said["triggers"])
    found = snapshot.TRIGGERS.replace("current_schema()", "'public'")
    yield _demand(
        f"ARRAY(SELECT x FROM ({found}) AS f(x) ORDER BY x COLLATE \"C\") = "
        f"ARRAY(SELECT x FROM unnest(ARRAY[{wanted}]::text[]) AS w(x) ORDER BY x COLLATE \"C\")",
        "the triggers that protect the custody log are others",
    )  # fmt: skip


def _not_as_it_was() -> Iterator[str]:
    """What may not go on where the backup left it: sessions that may have been ended since, and
    disposals that somebody may have stopped since. They have their days once more."""
    for table, statement in (
        ("django_session", "DELETE FROM public.django_session"),
        ("retention_item", "UPDATE public.retention_item SET goes_at = greatest(goes_at, now() + "
                           f"interval '{int(settings.REMORSE_DAYS)} days') "
                           "WHERE state = 'leaving'"),
    ):  # fmt: skip
        yield (
            f"DO $after$ BEGIN IF to_regclass('public.{table}') IS NOT NULL THEN {statement}; "
            "END IF; END $after$"
        )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _demand(condition: str, sentence: str) -> str:
    return (
        f"DO $check$ BEGIN IF NOT ({condition}) THEN RAISE EXCEPTION USING MESSAGE = "
        f"{_literal(sentence)}; END IF; END $check$"
    )
