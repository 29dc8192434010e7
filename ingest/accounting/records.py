"""What rows say against what the custody log says, each question in one statement.

One statement reads rows and log as they are at one moment, so that nothing that happens
meanwhile looks like a fault. Events that have no number yet count: they are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connections, transaction

from ingest.accounting.faults import DIFFERENT, EXTRA, MISSING, Fault

VERIFY = "Run manage.py custody verify, and compare with the receipt of the dock."
NO_EVENT = "Find out who wrote the row: no action does that without an event."
NO_ROW = "Look for the row in a backup of the database. Keep the object."
NO_STONE = (
    "Where the database was restored, it had not heard of it: nothing is to be looked for. "
    "Otherwise look for the row in a backup of the database."
)
CAME_BACK = "A backup brought them back. Run: manage.py retention again."
NOT_BOTH = "Find out who wrote the row. What was disposed of may not be shown to anybody."

# Bodies are canonical JSON; `->>` reads only what is asked for.
_SAID = """
SELECT object_ref AS ref, index AS place, convert_from(body, 'UTF8')::json AS body
FROM custody_event WHERE type = '{type}'
UNION ALL
SELECT body->'object'->>'ref', 9223372036854775807, body
FROM (SELECT convert_from(body, 'UTF8')::json AS body FROM custody_pending) waiting
WHERE body->>'type' = '{type}'
"""

# What the log also says went is asked for by DELETED.
RECEIVED = f"""
WITH said AS (
  SELECT ref, count(*) AS times, min(body->'object'->>'sha256') AS sha256,
         min((body->'object'->>'size')::bigint) AS size
  FROM ({_SAID.format(type="evidence.received")}) events GROUP BY ref
), held AS (
  SELECT reference AS ref, sha256, size, 'original' AS kind FROM recordings_original
  UNION ALL SELECT reference, sha256, size, 'tombstone' FROM retention_tombstone
), gone AS (
  SELECT DISTINCT ref FROM ({_SAID.format(type="evidence.deleted")}) deletions
)
SELECT coalesce(held.ref, said.ref), held.kind, said.times, held.sha256 = said.sha256,
       held.size, said.size
FROM held FULL JOIN said ON held.ref = said.ref
WHERE (held.ref IS NULL AND said.ref NOT IN (SELECT ref FROM gone))
   OR said.ref IS NULL OR said.times <> 1
   OR held.sha256 <> said.sha256 OR held.size <> said.size
ORDER BY 1
"""

BOTH = """
SELECT original.reference FROM recordings_original original
JOIN retention_tombstone gone ON gone.upload = original.upload ORDER BY 1
"""

DELETED = f"""
WITH said AS (
  SELECT DISTINCT ref FROM ({_SAID.format(type="evidence.deleted")}) events
)
SELECT coalesce(gone.reference, said.ref), gone.reference IS NULL,
       EXISTS (SELECT 1 FROM recordings_original WHERE reference = said.ref)
FROM retention_tombstone gone FULL JOIN said ON gone.reference = said.ref
WHERE gone.reference IS NULL OR said.ref IS NULL ORDER BY 1
"""

RENDITIONS = f"""
WITH said AS (
  SELECT DISTINCT ON (ref, body->'data'->>'kind') ref, body->'data'->>'kind' AS kind,
         body->'data'->>'sha256' AS sha256, (body->'data'->>'size')::bigint AS size
  FROM ({_SAID.format(type="rendition.created")}) events
  ORDER BY ref, body->'data'->>'kind', place DESC
), held AS (
  SELECT reference AS ref, rendition.kind, rendition.sha256, rendition.size
  FROM recordings_rendition rendition
  JOIN recordings_original original ON original.id = rendition.original_id
)
SELECT coalesce(held.ref, said.ref), coalesce(held.kind, said.kind), held.ref IS NULL,
       said.ref IS NULL
FROM held FULL JOIN said ON held.ref = said.ref AND held.kind = said.kind
WHERE (held.ref IS NULL
       AND EXISTS (SELECT 1 FROM recordings_original
                   WHERE reference = said.ref AND media = 'ready'))
   OR (held.ref IS NOT NULL
       AND (said.ref IS NULL OR held.sha256 <> said.sha256 OR held.size <> said.size))
ORDER BY 1, 2
"""

CLIPS = f"""
WITH said AS (
  SELECT DISTINCT ON (clip) body->'data'->>'clip' AS clip, body->'data'->>'sha256' AS sha256,
         (body->'data'->>'size')::bigint AS size
  FROM ({_SAID.format(type="clip.made")} UNION ALL {_SAID.format(type="clip.redacted")}) events
  ORDER BY clip, place DESC
), held AS (
  SELECT reference AS clip, sha256, size FROM exhibits_clip WHERE state = 'ready'
)
SELECT held.clip, said.clip IS NULL FROM held LEFT JOIN said ON held.clip = said.clip
WHERE said.clip IS NULL OR held.sha256 <> said.sha256 OR held.size <> said.size ORDER BY 1
"""


def faults() -> Iterator[Fault]:
    """What rows and log say of each other that does not agree."""
    yield from _received()
    for (ref,) in _rows(BOTH):
        what = f"{ref} was disposed of, and has an original"
        yield Fault(DIFFERENT, "rows", what, NOT_BOTH)
    for ref, no_row, came_back in _rows(DELETED):
        if came_back and no_row:
            what = f"{ref}: the log says that it was disposed of, and its rows are here again"
            yield Fault(EXTRA, "rows", what, CAME_BACK)
        elif no_row:
            what = f"{ref}: the log says that it was disposed of, and no tombstone is there"
            yield Fault(MISSING, "rows", what, NO_STONE)
        else:
            what = f"{ref}: a tombstone, and the log says nothing of a disposal"
            yield Fault(MISSING, "log", what, NO_EVENT)
    for ref, kind, no_row, no_event in _rows(RENDITIONS):
        if no_row:
            what = f"{ref} {kind}: the log says that it was made, and no row is there"
            yield Fault(MISSING, "rows", what, "Have it made again.")
        elif no_event:
            what = f"{ref} {kind}: a row, and the log says nothing of it"
            yield Fault(MISSING, "log", what, NO_EVENT)
        else:
            what = f"{ref} {kind}: the row's hash or size is not the log's"
            yield Fault(DIFFERENT, "rows", what, "Don't rely on it. Have it made again.")
    for clip, no_event in _rows(CLIPS):
        if no_event:
            what = f"clip {clip}: a row, and the log says nothing of it"
            yield Fault(MISSING, "log", what, NO_EVENT)
        else:
            what = f"clip {clip}: the row's hash or size is not the log's"
            yield Fault(DIFFERENT, "rows", what, VERIFY)


def _received() -> Iterator[Fault]:
    for ref, kind, times, same_hash, held_size, said_size in _rows(RECEIVED):
        if times is None:
            what = f"{ref}: its {kind} is there, and the log does not say that it was received"
            yield Fault(MISSING, "log", what, NO_EVENT)
            continue
        if kind is None:
            what = f"{ref}: the log says that it was received, and no row is there"
            yield Fault(MISSING, "rows", what, NO_ROW)
            continue
        if times > 1:
            what = f"{ref}: the log says {times} times that it was received"
            yield Fault(EXTRA, "log", what, VERIFY)
        if same_hash is False:
            what = f"{ref}: the hash of its {kind} is not the one that the log has"
            yield Fault(DIFFERENT, "rows", what, VERIFY)
        if held_size != said_size:
            what = f"{ref}: its {kind} says {held_size:,} bytes, the log {said_size:,}"
            yield Fault(DIFFERENT, "rows", what, VERIFY)


def _rows(sql: str) -> Iterator[tuple[Any, ...]]:
    """The answer in portions, from a cursor in the server."""
    connection = connections["default"]
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(sql)
        while rows := cursor.fetchmany(2000):
            yield from rows
