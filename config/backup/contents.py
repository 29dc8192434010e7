"""Keys and settings: what goes into a backup beside the database."""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path
from typing import Any

from django.conf import settings

from config.backup.sealing import BackupError

SECRETS = "secrets.sealed"
SETTINGS = "settings.json"
MOST = 1024 * 1024
OURS = re.compile(
    r"BWV_\w+|AWS_\w+|CELERY_\w+|DATABASE_URL|CACHE_URL|EMAIL_URL|SECRET_KEY(_FILE)?"
    r"|ALLOWED_HOSTS|DEBUG"
)
# Never in this backup: how the signer reaches the database, and where it keeps its memory.
NOT_OURS = re.compile(r"BWV_SIGNER_(DATABASE_URL|STATE|LISTEN)|BWV_BACKUP_\w+|BWV_MOVE_\w+")
SECRET = re.compile(r"SECRET|TOKEN|PASSWORD|ACCESS_KEY|DATABASE_URL|BROKER_URL|CACHE_URL|EMAIL_URL")
LOCATED = re.compile(r"://[^/@\s]*:[^/@\s]*@")


def keys() -> dict[str, bytes]:
    """The application's keys by file name: never a seed of the log, which is the signer's."""
    folder, found = Path(settings.KEYS_DIR), {}
    paths = [*(folder.iterdir() if folder.is_dir() else ()), Path(settings.KEYRING)]
    for path in sorted(paths):
        if path.name.startswith("log") and path.name != Path(settings.KEYRING).name:
            continue
        if path.is_file() and not path.is_symlink():
            found[path.name] = _small(path)
    if "receipts.seed" not in found:
        raise BackupError(
            f"There is no receipts.seed in {folder}: docks could trust nobody after a restore. "
            "Set BWV_KEYS to the application's keys."
        )
    return found


def _small(path: Path) -> bytes:
    if path.stat().st_size > MOST:
        raise BackupError(f"{path} is no key: it is larger than 1 MiB. Move it away.")
    return path.read_bytes()


def environment() -> tuple[dict[str, str], dict[str, str]]:
    """The settings as they are in the environment: those that anybody may read, and secrets."""
    plain: dict[str, str] = {}
    hidden: dict[str, str] = {}
    for name, value in sorted(os.environ.items()):
        if not OURS.fullmatch(name) or NOT_OURS.fullmatch(name):
            continue
        if name.endswith("_FILE") and SECRET.search(name):
            # The file lies on this machine: its content is what another one needs.
            plain[name] = value
            if Path(value).is_file():
                hidden[name.removesuffix("_FILE")] = _small(Path(value)).decode().strip()
            continue
        secret = SECRET.search(name) or LOCATED.search(value)
        (hidden if secret else plain)[name] = value
    return plain, hidden


def packed(files: dict[str, bytes], hidden: dict[str, str]) -> bytes:
    """Keys and secret settings as one text, to be sealed."""
    coded = {name: base64.b64encode(data).decode() for name, data in files.items()}
    return json.dumps({"keys": coded, "settings": hidden}).encode()


def unpacked(data: bytes) -> tuple[dict[str, bytes], dict[str, str]]:
    """The same, read back."""
    said: dict[str, Any] = json.loads(data)
    files = {name: base64.b64decode(text) for name, text in said["keys"].items()}
    return files, dict(said["settings"])


def refuse_other_keys(files: dict[str, bytes]) -> None:
    """Raise BackupError when another key lies where one would be written."""
    for path, data in _placed(files).items():
        if path.exists() and path.read_bytes() != data:
            raise BackupError(
                f"{path} is there already and is another key. Keys are never overwritten: move "
                "it away, or set BWV_KEYS to an empty folder."
            )


def write_keys(files: dict[str, bytes]) -> list[str]:
    """Put the keys that are missing into BWV_KEYS; which ones. Never overwrites."""
    made = []
    for path, data in _placed(files).items():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists():
            continue
        draft = path.with_name(f".{path.name}.new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # link() refuses a name that is taken meanwhile.
        path.hardlink_to(draft)
        draft.unlink()
        made.append(path.name)
    return made


def _placed(files: dict[str, bytes]) -> dict[Path, bytes]:
    ring = Path(settings.KEYRING)
    folder = Path(settings.KEYS_DIR)
    if any("/" in name or name.startswith(".") for name in files):
        raise BackupError("The backup names a key that is no file name. Use another backup.")
    return {ring if name == ring.name else folder / name: data for name, data in files.items()}


def differences(plain: dict[str, str], hidden: dict[str, str]) -> list[dict[str, str]]:
    """Each setting that is another one here; of secrets only that they differ."""
    here, secret = environment()
    found = []
    for name in sorted({*plain, *here}):
        was, now = plain.get(name, ""), here.get(name, "")
        if was != now:
            found.append({"name": name, "was": was, "now": now})
    for name in sorted({*hidden, *secret}):
        if hidden.get(name) != secret.get(name):
            now = "another one" if name in secret else "not set"
            found.append({"name": name, "was": "secret" if name in hidden else "not set",
                          "now": now})  # fmt: skip
    return found
