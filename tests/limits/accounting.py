"""A count of a million files and more: how fast, how much memory, and what it finds.

Rows and events are real ones, in one transaction that is taken back; the store's listing is made
up, object by object, as a real one would come. It measures the count, not the store: of that see
docs/operating.md.
"""

from __future__ import annotations

import resource
import time
import uuid
from collections.abc import Iterator
from typing import Any
from unittest import mock

from django.db import connection, transaction

from evidence.store import s3
from ingest.accounting import objects
from ingest.accounting.reckoning import Reckoning

CAMERAS = 1000
# Above whatever the system's own log has, and inside its first partition.
FIRST = 20_000_000
SHA = "lpad(to_hex(n), 64, '0')"
KEY = "'2020/01/01/' || lpad(n::text, 12, '0')"
# Twelve hexadecimal digits of a number that no real row has.
UUID = "('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"
REF = "'L-' || lpad(n::text, 8, '0')"


def _columns(table: str) -> dict[str, str]:
    """The columns of a table that must have a value, and one of their type."""
    by_type = {"bigint": "0", "integer": "0", "smallint": "0", "boolean": "false", "jsonb": "'{}'",
               "timestamp with time zone": "now()", "interval": "'0'", "bytea": "''",
               "double precision": "0", "date": "now()"}  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
            " AND is_nullable = 'NO' AND is_identity = 'NO' AND column_default IS NULL", [table],
        )  # fmt: skip
        return {name: by_type.get(kind, "''") for name, kind in cursor.fetchall()}


def _fill(table: str, count: int, values: dict[str, str]) -> None:
    columns = _columns(table) | values
    names = ", ".join(connection.ops.quote_name(name) for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {', '.join(columns.values())}"
            " FROM generate_series(0, %s) n", [count - 1],
        )  # fmt: skip


def _rows(count: int) -> None:
    _fill("devices_dock", 1, {"id": "900000000", "name": "'LIMITS'"})
    _fill("devices_camera", CAMERAS, {"id": "900000000 + n", "serial": "'LIMIT-' || n"})
    _fill("recordings_recording", count, {
        "id": "900000000 + n", "reference": REF, "camera": f"'LIMIT-' || (n %% {CAMERAS})",
        "happened_at": "now()", "kind": "'other'", "media": "'not_media'",
    })  # fmt: skip
    sealed = {
        "size": "100", "sha256": SHA, "key": KEY, "version_id": "'v' || n", "sealed_at": "now()",
    }  # fmt: skip
    _fill("recordings_original", count, sealed | {
        "id": "900000000 + n", "recording_id": "900000000 + n", "reference": REF, "upload": UUID,
        "file_name": "'x'", "docked_at": "now()", "media": "'not_media'",
        "storage_class": "'STANDARD'",
    })  # fmt: skip
    _fill("uploads_upload", count, sealed | {
        "id": UUID, "identity": SHA, "camera_id": f"900000000 + n %% {CAMERAS}",
        "dock_id": "900000000", "state": "'sealed'",
        "file_id": f"'VID_' || lpad((n / {CAMERAS} %% 10000)::text, 4, '0') || '.MP4'",
        "recorded_at": "'2020-01-01'::timestamptz + n * interval '1 s'",
    })  # fmt: skip
    _fill("uploads_listing", count, {"upload_id": UUID, "dock_id": "900000000"})
    body = f"""convert_to(json_build_object('object', json_build_object('ref', {REF}, 'sha256',
        {SHA}, 'size', 100), 'data', json_build_object('upload', {UUID}))::text, 'UTF8')"""
    _fill("custody_event", count, {
        "index": f"{FIRST} + n", "id": UUID, "type": "'evidence.received'", "object_ref": REF,
        "seq": "1", "body": body, "leaf": "''",
    })  # fmt: skip


def _object(number: int) -> s3.Version:
    return s3.Version(f"2020/01/01/{number:012}", f"v{number}", 100, True, False)


def campaign(count: int) -> str:
    """Fill, damage, count, take back; what it took. Raises AssertionError."""
    lost, cut, foreign = {count // 3, count // 2}, {count // 4}, {"2020/01/01/foreign"}
    real = s3.versions

    def versions(alias: str, prefix: str = "") -> Iterator[s3.Version]:
        """What the store really has comes first or last: its keys begin with this year."""
        if alias != "originals":
            yield from real(alias, prefix)
            return
        wanted: Any = range(count)
        tail = prefix.rpartition("/")[2]
        if prefix:
            wanted = [int(tail)] if tail.isdecimal() and int(tail) < count else []
        for number in wanted:
            if number not in lost:
                one = _object(number)
                yield s3.Version(one.key, one.version_id, 7, True, False) if number in cut else one
        for key in foreign:
            if key.startswith(prefix):
                yield s3.Version(key, "x", 1, True, False)
        if not prefix or not prefix.startswith("2020/"):
            yield from real(alias, prefix)

    with transaction.atomic():
        began = time.perf_counter()
        _rows(count)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
            cursor.execute("DELETE FROM uploads_listing WHERE upload_id = %s", [_upload(3)])
            cursor.execute(
                "UPDATE recordings_original SET sha256 = repeat('f', 64) WHERE id = %s",
                [900000000 + 5],
            )
        filled = time.perf_counter() - began
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        stages: dict[str, float] = {}
        reckoning = Reckoning(beat=lambda stage, _: stages.setdefault(stage, time.perf_counter()))  # type: ignore[arg-type, return-value]
        with mock.patch.object(s3, "versions", versions), mock.patch.object(objects, "PAUSE", 0):
            found = [fault.what for fault in reckoning.faults() if "LIMIT" in fault.what
                     or "L-0" in fault.what or "foreign" in fault.what]  # fmt: skip
        took = time.perf_counter() - began
        more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        _check(found, lost, cut)
        transaction.set_rollback(True)
    ends = [*list(stages.values())[1:], began + took]
    said = ", ".join(
        f"{stage} {end - start:.1f} s"
        for (stage, start), end in zip(stages.items(), ends, strict=True)
    )
    assert more < 200_000, f"{more} kB more memory"
    return (
        f"{count:,} files (filled in {filled:.0f} s) counted in {took:.1f} s,"
        f" {count / took:,.0f} a second, {more / 1024:.0f} MB more memory: {said}"
    )


def _upload(number: int) -> uuid.UUID:
    return uuid.UUID(f"00000000-0000-4000-8000-{number:012x}")


def _check(found: list[str], lost: set[int], cut: set[int]) -> None:
    """Exactly the damage that was done."""
    for number in lost | cut:
        assert any(f"L-{number:08} original" in what for what in found), found
    assert any("foreign" in what for what in found), found
    assert any("no dock listed: LIMIT-3" in what for what in found), found
    assert any("L-00000005: the hash of its original" in what for what in found), found
    assert any("L-00000005: original and upload" in what for what in found), found
    assert len(found) == len(lost) + len(cut) + 4, found
