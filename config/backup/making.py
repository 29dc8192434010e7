"""Making a backup: the event first, then one snapshot, and the manifest last."""

from __future__ import annotations

import json
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Sum

from config.backup import contents, manifest, places, programs, snapshot
from config.backup.sealing import BackupError, Output, SealedOutput, Vault, Written
from evidence.custody import checkpoints, sequencer
from evidence.custody.log.clock import stamp
from evidence.custody.record import Draft, Subject, record, service
from evidence.recordings.models import Original

log = structlog.get_logger(__name__)
CHUNK = 1024 * 1024
SEALED, PLAIN = "database.sealed", "database.dump"
ACTOR = service("console")


def database(*, to: Path, passphrase: str, by: str, plain: bool = False) -> dict[str, Any]:
    """Back up database, keys and settings into the new folder `to`; what was written.

    The custody log says so first, so that the backup holds it. Keeps nothing half. Raises
    BackupError.
    """
    places.refuse(to, manifest.DATABASE)
    keys = contents.keys()
    binaries = programs.folder()
    places.room(to, snapshot.database_bytes())
    vault = Vault(passphrase)
    with places.making(to) as part:
        unsigned = _say(by, plain)
        files: dict[str, Written] = {}
        with transaction.atomic(durable=True):
            name = snapshot.begin()
            said = snapshot.described()
            target = part / (PLAIN if plain else SEALED)
            files[target.name] = _dump(binaries, name, target, None if plain else vault)
        public, hidden = contents.environment()
        with vault.output(part / contents.SECRETS) as file:
            file.write(contents.packed(keys, hidden))
            file.finish()
        files[contents.SECRETS] = file.written
        with Output(part / contents.SETTINGS) as settled:
            settled.write(json.dumps(public, indent=1).encode())
        files[contents.SETTINGS] = settled.written
        said |= {
            "made": stamp(datetime.now(UTC)), "origin": settings.CUSTODY_ORIGIN,
            "server": programs.server_version(), "keys": sorted(keys),
        }  # fmt: skip
        manifest.write(part, vault, manifest.DATABASE, said, files)
    log.info("backed up", to=str(to), events=said["log"]["size"])
    return {
        "backup": str(to), "events": said["log"]["size"], "root": said["log"]["root"],
        "signed": said["log"]["signed"], "rows": sum(said["tables"].values()),
        "store": said["store"], "bytes": sum(one.size for one in files.values()),
        "keys": said["keys"], "unsigned": unsigned,
    }  # fmt: skip


def _say(by: str, plain: bool) -> str:
    """Write the event of this backup and have it signed; why it could not be, or nothing."""
    held = Original.objects.aggregate(count=Count("pk"), bytes=Sum("size"))
    data = {"originals": held["count"], "bytes": held["bytes"] or 0, "plain": plain}
    with transaction.atomic():
        record(Draft("log.backed_up", Subject("log"), ACTOR, data=data, private={"name": by}))
    sequencer.run()
    try:
        checkpoints.sign()
    except (checkpoints.LogBroken, checkpoints.SignerAway) as error:
        # A log that is broken is the more worth keeping as it is.
        log.error("the backup's last events are not signed", error=str(error))
        return str(error)
    return ""


def _dump(binaries: Path, name: str, target: Path, vault: Vault | None) -> Written:
    """The snapshot as pg_dump's custom format, on its way through the seal."""
    command = [
        str(binaries / "pg_dump"), "--format=custom", "--no-owner", "--no-privileges",
        "--no-comments", f"--snapshot={name}", "--no-password",
    ]  # fmt: skip
    output = vault.output(target) if vault else Output(target)
    with tempfile.TemporaryFile() as errors, output as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
            env=programs.environment(),
        )  # fmt: skip
        assert process.stdout
        try:
            while data := process.stdout.read(CHUNK):
                file.write(data)
        except BaseException:
            process.kill()
            process.wait()
            raise
        if process.wait():
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()
            raise BackupError(f"pg_dump failed: {said[-500:]}")
        if isinstance(file, SealedOutput):
            file.finish()
    return file.written
