"""What the database holds at one moment: counted inside the snapshot that is dumped."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Count, Sum

from evidence.custody import sequencer
from evidence.custody.log import hashing
from evidence.custody.models import Checkpoint
from evidence.recordings.models import Original, Rendition
from evidence.store import s3

PRIVILEGES = """
SELECT c.relkind::text, c.relname, a.privilege_type, coalesce(r.rolname, 'PUBLIC')
FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'S', 'v')
  AND a.grantee <> c.relowner ORDER BY 2, 4, 3"""
DEFAULTS = """
SELECT d.defaclobjtype::text, a.privilege_type, r.rolname
FROM pg_default_acl d CROSS JOIN LATERAL aclexplode(d.defaclacl) a
JOIN pg_roles r ON r.oid = a.grantee
WHERE d.defaclnamespace = current_schema()::regnamespace AND a.grantee <> d.defaclrole
  AND d.defaclobjtype IN ('r', 'S') ORDER BY 1, 3, 2"""
TRIGGERS = """
SELECT c.relname || ' ' || t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND t.tgenabled = 'O'
  AND c.relnamespace = current_schema()::regnamespace ORDER BY 1"""
TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' ORDER BY 1"""


def rows(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a statement gives."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return list(cursor.fetchall())


def begin() -> str:
    """Make this transaction one snapshot; the name by which pg_dump takes the same one."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    return str(rows("SELECT pg_export_snapshot()")[0][0])


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return connection.ops.quote_name(name)


def described() -> dict[str, Any]:
    """The manifest's account of this snapshot."""
    size = sequencer.tree_size()
    signed = Checkpoint.objects.filter(size__lte=size).order_by("-size").first()
    return {
        "log": {
            "size": size,
            "root": root(size),
            "signed": signed.size if signed else 0,
            "checkpoint": signed.signed() if signed else "",
        },
        "tables": {
            name: rows(f"SELECT count(*) FROM {quoted(name)}")[0][0] for (name,) in rows(TABLES)
        },
        "triggers": [name for (name,) in rows(TRIGGERS)],
        "grants": [list(row) for row in rows(PRIVILEGES)],
        "defaults": [list(row) for row in rows(DEFAULTS)],
        "migrations": sorted(
            f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()
        ),
        "store": _objects(),
    }


def root(size: int) -> str:
    """The root (hex) of the log's first `size` events."""
    return hashing.tree_root(size, sequencer.TreeReader()).hex()


def _objects() -> dict[str, Any]:
    """What the buckets must hold at least, so that everything here is there."""
    found = {}
    for alias, model in (("originals", Original), ("renditions", Rendition)):
        sums = model.objects.aggregate(count=Count("pk"), bytes=Sum("size"))
        found[alias] = {
            "bucket": s3.bucket(alias), "objects": sums["count"], "bytes": sums["bytes"] or 0
        }  # fmt: skip
    return found


def database_bytes() -> int:
    """How large the database is, indexes and all: no dump of it is larger."""
    return int(rows("SELECT pg_database_size(current_database())")[0][0])
