"""Where a backup goes: a new folder, written beside its place and renamed when it is whole."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.backup import manifest
from config.backup.sealing import BackupError

LOCK = "UNFINISHED"
SPARE = 64 * 1024 * 1024
OTHER = {
    manifest.DATABASE: (manifest.SIGNER, "Who has both can write another history and sign it."),
    manifest.SIGNER: (manifest.DATABASE, "Restored from one copy they would hide a loss."),
}


def refuse(to: Path, kind: str) -> None:
    """Raise BackupError where a backup of this kind may not be written."""
    if to.is_symlink() or (to.exists() and not to.is_dir()):
        raise BackupError(f"{to} is not a folder. Name a new one.")
    if os.path.ismount(to):
        raise BackupError(f"{to} is a file system of its own. Name a new folder in it.")
    other, why = OTHER[kind]
    near = [to, to.parent, *_folders(to), *_folders(to.parent)]
    for folder in near:
        if manifest.kind_of(folder) == other:
            raise BackupError(
                f"{folder} is a backup of the {other}: the two are kept apart. {why} "
                "Name a folder elsewhere, better on another machine."
            )
    if to.is_dir() and any(to.iterdir()):
        raise BackupError(f"{to} is not empty. Name a new folder.")
    if not to.parent.is_dir():
        raise BackupError(f"There is no folder {to.parent}. Make it first.")


def _folders(parent: Path) -> list[Path]:
    return [item for item in parent.iterdir() if item.is_dir()] if parent.is_dir() else []


def room(to: Path, needed: int) -> None:
    """Raise BackupError when the disk has less room than what is coming may take."""
    free = shutil.disk_usage(to.parent).free
    if free < needed + SPARE:
        raise BackupError(
            f"{to.parent} has {free // 2**20} MiB free and the backup may take "
            f"{(needed + SPARE) // 2**20} MiB. Make room or name another folder."
        )


@contextmanager
def making(to: Path) -> Iterator[Path]:
    """A folder that becomes `to` when the block ends well, and is deleted when it does not.

    What a process that was killed left behind is cleared away first: nobody holds its lock.
    """
    part = to.with_name(f"{to.name}.part")
    if part.exists():
        _clear(part)
    part.mkdir(mode=0o700)
    lock = os.open(part / LOCK, os.O_WRONLY | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield part
        (part / LOCK).unlink()
        manifest.sync(part)
        part.rename(to)
        manifest.sync(to.parent)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    finally:
        os.close(lock)


def _clear(part: Path) -> None:
    busy = BackupError(f"Another backup is being written into {part}. Wait for it.")
    strange = BackupError(f"{part} is in the way and is not ours. Move it away.")
    names = {path.name for path in part.iterdir()} if part.is_dir() else {"?"}
    if LOCK in names:
        lock = os.open(part / LOCK, os.O_WRONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise busy from None
        finally:
            os.close(lock)
    # Without a lock: killed between the last two steps, so whole but for its name; or not ours.
    elif names and not manifest.kind_of(part):
        raise strange
    shutil.rmtree(part)
