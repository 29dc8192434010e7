"""First time and every time: roles, database, migrations, buckets, keys, static files."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

import psycopg
from psycopg import sql

from config.stack.layout import ROOT, Layout, StackError

PATIENCE = 60.0


def _superuser(layout: Layout, database: str = "postgres") -> psycopg.Connection[tuple[object]]:
    return psycopg.connect(
        host="127.0.0.1",
        port=layout.port("postgres"),
        user="postgres",
        password=layout.secret("database-super"),
        dbname=database,
        autocommit=True,
        connect_timeout=3,
    )


def wait_for(what: str, check: Callable[[], object], layout: Layout) -> None:
    """Call `check` until it raises nothing. Raises StackError after a minute."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            check()
            return
        except Exception as error:
            if time.monotonic() > deadline:
                raise StackError(
                    f"{what} does not answer ({error}). Its log: {layout.data}/logs/{what}.log"
                ) from error
            time.sleep(0.2)


def database(layout: Layout) -> None:
    """Two roles and one database: the owner migrates, the application only works in it."""

    def connect() -> None:
        with _superuser(layout):
            pass

    wait_for("postgres", connect, layout)
    with _superuser(layout) as connection:
        roles = (("owner", "CREATEDB"), ("app", "NOCREATEDB"), ("signer", "NOCREATEDB"))
        for role, option in roles:
            name = f"bwv_{role}"
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
            verb = "ALTER" if known.fetchone() else "CREATE"
            connection.execute(
                sql.SQL("{} ROLE {} LOGIN {} PASSWORD {}").format(
                    sql.SQL(verb),
                    sql.Identifier(name),
                    sql.SQL(option),
                    sql.Literal(layout.secret(f"database-{role}")),
                )
            )
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'bwv'").fetchone():
            connection.execute("CREATE DATABASE bwv OWNER bwv_owner")
    with _superuser(layout, "bwv") as connection:
        connection.execute("GRANT USAGE ON SCHEMA public TO bwv_app, bwv_signer")
        connection.execute(
            "ALTER DEFAULT PRIVILEGES FOR ROLE bwv_owner IN SCHEMA public "
            "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO bwv_app"
        )
        connection.execute(
            "ALTER DEFAULT PRIVILEGES FOR ROLE bwv_owner IN SCHEMA public "
            "GRANT USAGE, SELECT ON SEQUENCES TO bwv_app"
        )


def grants(layout: Layout) -> None:
    """The signer may read events and nodes, and nothing else."""
    with _superuser(layout, "bwv") as connection:
        connection.execute("GRANT SELECT ON custody_event, custody_node TO bwv_signer")


def manage(layout: Layout, *arguments: str, owner: bool = False) -> str:
    """Run one management command; its output. Raises StackError with what it said."""
    environment = layout.owner_environment() if owner else layout.environment()
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env={**os.environ, **environment}, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise StackError(f"manage.py {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def broker(layout: Layout) -> None:
    """Wait for the broker."""
    from redis import Redis

    with Redis.from_url(layout.environment()["CELERY_BROKER_URL"], socket_timeout=2) as client:
        wait_for("broker", client.ping, layout)


def store(layout: Layout) -> None:
    """Wait for the store to answer with credentials."""
    import boto3
    from botocore.config import Config

    environment = layout.environment()
    client = boto3.client(
        "s3",
        endpoint_url=environment["AWS_S3_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
        config=Config(retries={"max_attempts": 1}, connect_timeout=2, read_timeout=10),
    )
    wait_for("store", client.list_buckets, layout)


def everything(layout: Layout, say: Callable[[str], None]) -> None:
    """Make the stack's parts ready for the applications; again: changes nothing."""
    say("database")
    database(layout)
    broker(layout)
    say("tables")
    manage(layout, "migrate", "--no-input", owner=True)
    grants(layout)
    say("object store")
    store(layout)
    manage(layout, "custody", "keys")
    manage(layout, "custody", "adopt", "--once")
    manage(layout, "store", "prepare")
    say("pages")
    manage(layout, "collectstatic", "--no-input")
