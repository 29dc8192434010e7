"""Whole stacks of their own for backups: nobody else's rows, objects, or signer."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from config.stack import launch, prepare
from config.stack.layout import ROOT, Layout
from tests import embedded
from tests.live import Live

PASSPHRASE = "correct horse battery staple"


class Own(Live):
    """A stack with its own services; processes are started one by one."""

    @classmethod
    def made(cls) -> Own:
        folder = Path(tempfile.mkdtemp(prefix="bwv-backup-"))
        folder.chmod(0o755)
        layout = Layout(folder, embedded.free_ports())
        atexit.register(shutil.rmtree, layout.postgres, ignore_errors=True)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        own = cls(layout)
        for name in ("postgres", "broker", "store"):
            own.processes[name] = embedded.start(name, layout)
        prepare.database(layout)
        prepare.broker(layout)
        prepare.manage(layout, "migrate", "--no-input", owner=True)
        prepare.grants(layout)
        prepare.store(layout)
        own.manage("custody", "keys")
        own.manage("custody", "adopt", "--once")
        own.manage("store", "prepare")
        own.manage("collectstatic", "--no-input")
        own.manage("force", "import", str(ROOT / "config" / "stack" / "demo-force.csv"))
        launch.ready_file(layout).touch()
        secret = folder / "passphrase"
        secret.touch(mode=0o600)
        secret.write_text(PASSPHRASE)
        return own

    def end(self, *names: str) -> None:
        for name in names or list(reversed(self.processes)):
            embedded.stop(self.processes.pop(name))

    @property
    def passphrase(self) -> list[str]:
        return ["--passphrase-file", str(self.layout.data / "passphrase")]

    def run(self, *arguments: str, owner: bool = False, **more: str) -> tuple[int, str]:
        """A command's code and everything that it said."""
        done = subprocess.run(self.words(*arguments), env=self.surroundings(owner, more), cwd=ROOT,
                              capture_output=True, text=True)  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def words(self, *arguments: str) -> list[str]:
        return [sys.executable, str(ROOT / "manage.py"), *arguments]

    def surroundings(self, owner: bool = False, more: Any = None) -> dict[str, str]:
        mine = {**os.environ, **self.layout.environment(), "BWV_BUCKET_PREFIX": "live",
                "BWV_SIGNER_STATE": self.layout.signer_environment()["BWV_SIGNER_STATE"]}  # fmt: skip
        if owner:
            mine["DATABASE_URL"] = self.layout.owner_environment()["DATABASE_URL"]
        return {**mine, **(more or {})}

    def superuser(self, database: str = "postgres") -> Any:
        return prepare._superuser(self.layout, database)

    def ask(self, statement: str, *values: Any, database: str = "bwv") -> Any:
        with self.superuser(database) as connection:
            return connection.execute(statement, values or None).fetchone()[0]

    def lose_the_database(self) -> None:
        """What was there is renamed away, and an empty one has its name."""
        with self.superuser() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'bwv'"
            )
            number = connection.execute("SELECT count(*) FROM pg_database").fetchone()
            connection.execute(f"ALTER DATABASE bwv RENAME TO lost_{number[0]}")
            connection.execute("CREATE DATABASE bwv OWNER bwv_owner")

    def drop_what_is_empty(self) -> None:
        with self.superuser() as connection:
            connection.execute("DROP DATABASE bwv")

    @contextlib.contextmanager
    def owner(self) -> Any:
        url = self.layout.owner_environment()["DATABASE_URL"]
        with psycopg.connect(url) as connection:
            yield connection
