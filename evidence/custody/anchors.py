"""Copies of checkpoints outside this system: the write-once bucket, witnesses, time-stamps.

Each is a row and an event. A checkpoint that is held outside can't be taken back, not even
by somebody who owns the database, the signer and its keys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import structlog
import urllib3
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from evidence.custody import signing, stamping
from evidence.custody.log import hashing, note, tiles, witnessing
from evidence.custody.log.keys import NoteError, VerifierKey
from evidence.custody.models import Anchor, Checkpoint, Event
from evidence.custody.published import checkpoint_path
from evidence.custody.record import Draft, Subject, once_a_day, record, service
from evidence.custody.sequencer import TreeReader
from evidence.store import s3

log = structlog.get_logger(__name__)
ACTOR = service("anchors")
_pool = urllib3.PoolManager(timeout=urllib3.Timeout(connect=3, read=10), retries=False)


class Disagreement(RuntimeError):
    """Something outside holds another history than this log shows."""


def newest() -> Checkpoint | None:
    """The checkpoint that is anchored next."""
    return Checkpoint.objects.order_by("-size").first()


def _last(kind: Anchor.Kind, by: str) -> Anchor | None:
    return Anchor.objects.filter(kind=kind, by=by).order_by("-size").first()


def _keep(checkpoint: Checkpoint, kind: Anchor.Kind, by: str, body: bytes = b"") -> None:
    """Keep an anchor and its event; made by two processes at once, there is one of each."""
    data = {"kind": kind.value, "by": by[:200], "size": checkpoint.size,
            "root": bytes(checkpoint.root).hex()}  # fmt: skip
    event = once_a_day(f"anchor:{kind}:{by}:{checkpoint.size}", checkpoint.created)
    with transaction.atomic():
        made = Anchor.objects.bulk_create(
            [Anchor(size=checkpoint.size, kind=kind, by=by, body=body)], ignore_conflicts=True
        )
        assert made
        record(Draft("checkpoint.anchored", Subject("log"), ACTOR, data=data), event_id=event)


def everything() -> None:
    """Anchor the newest checkpoint wherever that is due. One failure does not stop the others.

    Raises the first Disagreement, after all were tried and the alarm was kept.
    """
    checkpoint = newest()
    if checkpoint is None:
        return
    found: list[Disagreement] = []
    steps: list[tuple[Anchor.Kind, Callable[[], object]]] = [
        (Anchor.Kind.BUCKET, partial(to_bucket, checkpoint)),
        (Anchor.Kind.TILES, partial(tiles_when_due, checkpoint)),
        (Anchor.Kind.TIMESTAMP, partial(stamp_when_due, checkpoint)),
    ]
    for vkey, url in settings.WITNESSES:
        steps.append((Anchor.Kind.WITNESS, partial(cosign, checkpoint, vkey, url)))
    for kind, step in steps:
        try:
            step()
        except Disagreement as error:
            signing.alarm(kind.value, str(error))
            log.critical("something outside holds another history", error=str(error))
            found.append(error)
        except (s3.StoreError, stamping.StampError, urllib3.exceptions.HTTPError, OSError) as error:
            log.warning("an anchor could not be made now", kind=kind.value, error=str(error))
    if found:
        raise found[0]


# --- the write-once bucket -----------------------------------------------------


def _until() -> datetime:
    return timezone.now() + timedelta(days=settings.CUSTODY_LOCK_DAYS)


def _put_once(path: str, body: bytes) -> None:
    """Write an object once. Raises Disagreement where other bytes stand there."""
    kind = "application/octet-stream"
    try:
        s3.put_locked("custody", settings.CUSTODY_FOLDER + path, body, _until(), kind)
    except s3.AlreadyThere:
        if s3.read_all("custody", settings.CUSTODY_FOLDER + path) != body:
            raise Disagreement(
                f"The write-once bucket holds another {path} than this log makes now"
                f"{_named(path, body)}."
            ) from None


def _named(path: str, body: bytes) -> str:
    """The first event in which a tile of leaves differs."""
    found = path.split("/", 2)
    if not path.startswith("tile/0/"):
        return ""
    held = s3.read_all("custody", settings.CUSTODY_FOLDER + path)
    digits = found[2].split(".p/")[0].replace("x", "").replace("/", "")
    for place in range(0, max(len(held), len(body)), hashing.HASH_SIZE):
        end = place + hashing.HASH_SIZE
        if held[place:end] != body[place:end]:
            return f": event {int(digits) * tiles.WIDTH + place // hashing.HASH_SIZE} was changed"
    return ""


def to_bucket(checkpoint: Checkpoint) -> None:
    """Put the checkpoint into the write-once bucket. Raises Disagreement or s3.StoreError.

    What stands there for this size already may have other signature lines, never another
    size or root.
    """
    by = s3.bucket("custody")
    last = _last(Anchor.Kind.BUCKET, by)
    if last is not None and last.size >= checkpoint.size:
        return
    signed = checkpoint.signed().encode()
    path = settings.CUSTODY_FOLDER + checkpoint_path(checkpoint.size)
    try:
        s3.put_locked("custody", path, signed, _until(), "text/plain; charset=utf-8")
    except s3.AlreadyThere:
        held = s3.read_all("custody", path).decode("utf-8", "replace")
        if held.partition("\n\n")[0] != signed.decode().partition("\n\n")[0]:
            raise Disagreement(
                f"The write-once bucket holds another checkpoint of {checkpoint.size} events."
            ) from None
    s3.put_locked(
        "custody",
        f"{settings.CUSTODY_FOLDER}checkpoint",
        signed,
        _until(),
        "text/plain; charset=utf-8",
        once=False,
    )
    _keep(checkpoint, Anchor.Kind.BUCKET, by)


def tiles_when_due(checkpoint: Checkpoint) -> None:
    """Publish the tree as tiles when the last time is long enough ago."""
    last = _last(Anchor.Kind.TILES, s3.bucket("custody"))
    pause = timedelta(seconds=settings.TILES_SECONDS)
    if last is None or (last.size < checkpoint.size and last.created < timezone.now() - pause):
        publish_tiles(checkpoint)


def publish_tiles(checkpoint: Checkpoint) -> int:
    """Put every new tile and entry bundle into the write-once bucket; how many objects.

    Raises Disagreement, naming the first event that differs, or s3.StoreError.
    """
    by = s3.bucket("custody")
    last = _last(Anchor.Kind.TILES, by)
    count = 0
    for tile in tiles.tiles_of(checkpoint.size, last.size if last else 0):
        _put_once(tile.path, _tile(tile))
        count += 1
        if tile.level == 0:
            entries = tiles.encode_entries(list(_bodies(tile)))
            _put_once(tiles.entries_path(tile.number, tile.width), entries)
            count += 1
    _keep(checkpoint, Anchor.Kind.TILES, by)
    return count


def _tile(tile: tiles.Tile) -> bytes:
    start, level = tile.number * tiles.WIDTH, tile.level * tiles.LEVELS
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT hash FROM custody_node WHERE level = %s AND position >= %s AND position < %s"
            " ORDER BY position",
            [level, start, start + tile.width],
        )
        found = b"".join(bytes(row[0]) for row in cursor.fetchall())
    if len(found) != tile.width * hashing.HASH_SIZE:
        raise Disagreement(f"The stored tree has holes below {tile.path}.")
    return found


def _bodies(tile: tiles.Tile) -> Iterator[bytes]:
    start = tile.number * tiles.WIDTH
    rows = Event.objects.filter(index__gte=start, index__lt=start + tile.width).order_by("index")
    for body in rows.values_list("body", flat=True):
        yield bytes(body)


# --- witnesses ------------------------------------------------------------------


def cosign(checkpoint: Checkpoint, vkey: str, url: str) -> None:
    """Ask one witness for its line. Raises Disagreement, or HTTPError when it is away."""
    key = VerifierKey.parse(vkey)
    last = _last(Anchor.Kind.WITNESS, key.name)
    if last is not None and last.size >= checkpoint.size:
        return
    old = last.size if last else 0
    for _ in range(2):
        answer = _pool.request("POST", f"{url}/add-checkpoint", body=_request(checkpoint, old))
        text = answer.data.decode("utf-8", "replace")
        held = text.strip()
        if answer.status == 409 and held.isdigit() and int(held) <= checkpoint.size != old:
            if int(held) == old:
                break
            old = int(held)  # it has seen more than we remember: prove from there
            continue
        break
    if answer.status == 200:
        _keep(checkpoint, Anchor.Kind.WITNESS, key.name, _own_line(checkpoint, key, text).encode())
    elif answer.status >= 500:
        log.warning("a witness could not answer", witness=key.name, status=answer.status)
    else:
        _refused(checkpoint, key.name, f"{answer.status}: {text.strip()[:200]}")


def _request(checkpoint: Checkpoint, old: int) -> bytes:
    path = hashing.consistency_proof(old, checkpoint.size, TreeReader()) if old else []
    return witnessing.write(old, path, checkpoint.note).encode()


def _own_line(checkpoint: Checkpoint, key: VerifierKey, text: str) -> str:
    body, _ = note.split(checkpoint.note)
    for line in text.splitlines(keepends=True):
        try:
            note.verify(f"{body}\n{line}", [key])
            return line
        except NoteError:
            continue
    raise Disagreement(f"The witness {key.name} answered without a good line of its own.")


def _refused(checkpoint: Checkpoint, witness: str, answer: str) -> None:
    data = {"by": witness, "size": checkpoint.size, "root": bytes(checkpoint.root).hex(),
            "answer": answer}  # fmt: skip
    identifier = once_a_day(f"refused:{witness}:{checkpoint.size}:{answer}", timezone.now())
    with transaction.atomic():
        record(
            Draft("checkpoint.refused", Subject("log"), ACTOR, data=data, outcome="failed"),
            event_id=identifier,
        )
    raise Disagreement(
        f"The witness {witness} refuses our checkpoints ({answer.partition(':')[0]}). It holds "
        "another history than this log shows now."
    )


# --- time-stamps ----------------------------------------------------------------


def stamp_when_due(checkpoint: Checkpoint) -> None:
    """Have the checkpoint time-stamped when an authority is named and it is time."""
    if not settings.TSA_URL:
        return
    last = _last(Anchor.Kind.TIMESTAMP, settings.TSA_URL)
    pause = timedelta(seconds=settings.TSA_SECONDS)
    if last is None or (last.size < checkpoint.size and last.created < timezone.now() - pause):
        stamp(checkpoint)


def stamp(checkpoint: Checkpoint) -> None:
    """An RFC 3161 token over the checkpoint's three lines. Raises StampError.

    The lines, not the whole note: signatures that come later change nothing in them.
    """
    body, _ = note.split(checkpoint.note)
    certificates = Path(settings.TSA_CERTIFICATES).read_bytes()
    token = stamping.request(settings.TSA_URL, body.encode(), certificates)
    _keep(checkpoint, Anchor.Kind.TIMESTAMP, settings.TSA_URL, token)
    log.info("checkpoint time-stamped", size=checkpoint.size,
             sha256=hashlib.sha256(body.encode()).hexdigest())  # fmt: skip
