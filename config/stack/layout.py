"""Where the embedded stack keeps its data, on which ports it listens, and its secrets."""

from __future__ import annotations

import hashlib
import os
import pwd
import secrets
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PORTS = {
    "BWV_HTTP_PORT": 8000,
    "BWV_POSTGRES_PORT": 54320,
    "BWV_BROKER_PORT": 63790,
    "BWV_S3_PORT": 8333,
    "BWV_STORE_MASTER_PORT": 9533,
    "BWV_STORE_VOLUME_PORT": 9540,
    "BWV_STORE_FILER_PORT": 8588,
    "BWV_STORE_ADMIN_PORT": 9646,
    "BWV_SIGNER_PORT": 8790,
}
# SeaweedFS adds 10,000 to each of its ports for gRPC.
WITH_GRPC = ("BWV_S3_PORT", "BWV_STORE_MASTER_PORT", "BWV_STORE_VOLUME_PORT",
             "BWV_STORE_FILER_PORT", "BWV_STORE_ADMIN_PORT")  # fmt: skip
POSTGRES_USER = "bwv-postgres"


class StackError(RuntimeError):
    """The stack can't start. Its sentence says what to do."""


@dataclass(frozen=True)
class Layout:
    """One embedded stack."""

    data: Path
    ports: dict[str, int]

    @classmethod
    def from_environment(cls) -> Layout:
        """The stack that the environment describes. Raises StackError for a bad port."""
        data = Path(os.environ.get("BWV_DATA", ROOT / ".data")).resolve()
        ports = {}
        for name, default in PORTS.items():
            text = os.environ.get(name, str(default))
            if not text.isdigit() or not 0 < int(text) < 65536:
                raise StackError(f"{name} is {text!r}. Set it to a port number below 65536.")
            ports[name] = int(text)
        return cls(data, ports)

    def port(self, name: str) -> int:
        """A port by its variable's middle: http, postgres, broker, s3, …"""
        return self.ports[f"BWV_{name.upper()}_PORT"]

    def path(self, name: str) -> Path:
        """A folder below the data folder, made where it is missing."""
        folder = self.data / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def store(self) -> Path:
        """Where the object store keeps its files."""
        return self.path("store")

    @property
    def postgres(self) -> Path:
        """Where PostgreSQL keeps its files: below the data folder where its user can reach that."""
        if os.geteuid() != 0 or _reachable(self.data):
            return self.data / "postgres"
        name = hashlib.sha256(str(self.data).encode()).hexdigest()[:12]
        return Path("/var/lib/bwv") / f"postgres-{name}"

    def secret(self, name: str) -> str:
        """A random secret that is made once and kept in a file of ours alone."""
        folder = self.path("secrets")
        folder.chmod(0o700)
        path = folder / name
        if not path.exists():
            draft = path.with_suffix(".new")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(48))
            draft.replace(path)
        return path.read_text()

    def check_ports(self) -> None:
        """Raise StackError with a sentence for the first port that is taken."""
        for name, number in self.ports.items():
            for port in (number, number + 10000) if name in WITH_GRPC else (number,):
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    try:
                        probe.bind(("127.0.0.1", port))
                    except OSError:
                        raise StackError(
                            f"Port {port} is taken. Another stack may be running; or set {name} "
                            f"to a free port, like {name}={number + 100} make run"
                        ) from None

    def environment(self) -> dict[str, str]:
        """What the programs of the system need to know to use this stack."""
        database = f"127.0.0.1:{self.port('postgres')}/bwv"
        return {
            "BWV_DATA": str(self.data),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SECRET_KEY": self.secret("django"),
            "DATABASE_URL": f"postgres://bwv_app:{self.secret('database-app')}@{database}",
            "CELERY_BROKER_URL": f"redis://:{self.secret('broker')}@127.0.0.1:{self.port('broker')}/0",
            "AWS_S3_ENDPOINT_URL": f"http://127.0.0.1:{self.port('s3')}",
            "BWV_S3_PUBLIC_URL": f"http://localhost:{self.port('s3')}",
            "AWS_ACCESS_KEY_ID": "bwv",
            "AWS_SECRET_ACCESS_KEY": self.secret("store"),
            "BWV_ORIGIN": os.environ.get("BWV_ORIGIN", "bwv.localhost/custody"),
            "BWV_SIGNER_URL": f"http://127.0.0.1:{self.port('signer')}",
            "BWV_SIGNER_TOKEN": self.secret("signer"),
            "BWV_PUBLIC_URL": f"http://localhost:{self.port('http')}",
            "BWV_DEMO": os.environ.get("BWV_DEMO", "1"),
            "BWV_CATCH_MAIL": self._catches_mail(),
            **self._demonstration(),
            "BWV_LOG_FORMAT": os.environ.get("BWV_LOG_FORMAT", "json"),
            **{name: str(number) for name, number in self.ports.items()},
        }

    def _catches_mail(self) -> str:
        """The demonstration's mail stands on a page, unless it is really sent."""
        demo = os.environ.get("BWV_DEMO", "1") == "1" and not os.environ.get("EMAIL_URL")
        return os.environ.get("BWV_CATCH_MAIL", "1" if demo else "0")

    def _demonstration(self) -> dict[str, str]:
        """Not every machine has a passkey: the demonstration takes a code from everybody."""
        given = os.environ.get("BWV_PASSKEY_ROLES")
        if given is None and os.environ.get("BWV_DEMO", "1") == "1":
            return {"BWV_PASSKEY_ROLES": ""}
        return {} if given is None else {"BWV_PASSKEY_ROLES": given}

    def owner_environment(self) -> dict[str, str]:
        """The same, as the database's owner: for migrations only."""
        database = f"127.0.0.1:{self.port('postgres')}/bwv"
        url = f"postgres://bwv_owner:{self.secret('database-owner')}@{database}"
        return self.environment() | {"DATABASE_URL": url}

    def signer_environment(self) -> dict[str, str]:
        """What the signer knows: its own database role, which only reads, keys and memory."""
        database = f"127.0.0.1:{self.port('postgres')}/bwv"
        return {
            "BWV_SIGNER_DATABASE_URL": (
                f"postgres://bwv_signer:{self.secret('database-signer')}@{database}"
            ),
            "BWV_SIGNER_STATE": str(self.data / "signer" / "state.sqlite"),
            "BWV_SIGNER_LISTEN": f"127.0.0.1:{self.port('signer')}",
            "BWV_KEYS": str(self.data / "keys"),
        }

    def write_environment(self) -> None:
        """Keep the environment in a file, so that `manage.py` works in this clone."""
        path = self.data / "env"
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600)
        lines = (f"{name}='{value}'\n" for name, value in self.environment().items())
        draft.write_text("".join(lines))
        draft.replace(path)


def _reachable(path: Path) -> bool:
    """Whether PostgreSQL's own user may pass through every folder above `path`."""
    return all(folder.stat().st_mode & 0o001 for folder in path.parents if folder.exists())


def postgres_user() -> str | None:
    """The user as which PostgreSQL runs where we are root; None for an ordinary user."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(POSTGRES_USER)
    except KeyError:
        subprocess.run(
            ["useradd", "--system", "--shell", "/usr/sbin/nologin", "--home-dir", "/nonexistent",
             POSTGRES_USER], check=True, capture_output=True,
        )  # fmt: skip
    return POSTGRES_USER
