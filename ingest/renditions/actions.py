"""Work on one original's viewing copy: claim, fetch, render, keep, join."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from evidence.custody.record import Draft, record, service
from evidence.recordings import leaving, smaller
from evidence.recordings.models import Original, Recording, Rendition
from evidence.retention.actions import hold_where, positions_come
from evidence.store import s3
from ingest.media import rendering, sniff, tools, track
from ingest.media.sandbox import MediaFailed, SandboxMissing
from ingest.renditions.fetching import fetch, now_and_then
from ingest.renditions.joining import join, refresh
from ingest.uploads.sealing import quarantine_broken

log = structlog.get_logger(__name__)
CLAIM = timedelta(minutes=5)
STRIKES = 3
SIDE_CAR_BYTES, MOST_SIDE_CARS = 4 * 2**20, 20
SAME_CARD = timedelta(hours=1)
ACTOR = service("media")
DEMUXERS = {
    item.name: item.demuxer
    for item in (sniff.MP4, sniff.MATROSKA, sniff.AVI, sniff.MPEG_TS, sniff.ASF)
}


def claim(original_id: int) -> Original | None:
    """Take an original for this worker, unless another has it (a conditional update)."""
    now = timezone.now()
    free = Q(media="waiting") | Q(media="running", media_claimed_until__lt=now)
    taken = Original.objects.filter(free, pk=original_id, recording__disposed_at=None).update(
        media="running",
        media_claimed_until=now + CLAIM,
        media_attempts=F("media_attempts") + 1,
        progress=0,
    )
    if not taken:
        return None
    original = Original.objects.select_related("recording").get(pk=original_id)
    refresh(original.recording)
    if original.media_attempts > STRIKES:
        # Workers died over it: that is a verdict too.
        _failed(original, "the worker died over it every time")
        return None
    return original


def render(original_id: int) -> Original | None:
    """Make the viewing copy of one original; None when there is nothing to do.

    A file that fails three times is put on the list for a person. Raises s3.StoreError
    and sandbox.SandboxMissing, after giving the work back: those say nothing of the file.
    """
    original = claim(original_id)
    if original is None:
        return None
    settings.MEDIA_SCRATCH.mkdir(parents=True, exist_ok=True)
    purge(settings.MEDIA_SCRATCH)
    scratch = Path(tempfile.mkdtemp(prefix=f"{original.pk}-", dir=settings.MEDIA_SCRATCH))
    try:
        source, out = scratch / "in.bin", scratch / "out"
        out.mkdir()
        _fetch(original, source)
        result = rendering.render(
            source,
            out,
            DEMUXERS[original.container],
            threads=settings.MEDIA_THREADS,
            mode=settings.MEDIA_SANDBOX,
            on_progress=_progress_of(original),
        )
        if not any(made.kind == "track" for made in result.made):
            result.made.extend(_side_car(original, out))
        _keep(original, result)
    except MediaFailed as error:
        _failed(original, str(error))
    except leaving.Leaving:
        # Nobody waits for it any more; whoever destroys it waited for this.
        Original.objects.filter(pk=original.pk, media="running").update(
            media="waiting", media_claimed_until=None
        )
        return None
    except (s3.StoreError, SandboxMissing):
        # Not the file's fault: no strike. A worker that dies does not come here, and counts.
        Original.objects.filter(pk=original.pk, media="running").update(
            media="waiting", media_attempts=F("media_attempts") - 1
        )
        raise
    except BaseException:
        # Whatever it is, given back and raised; the third time a person looks at the file.
        Original.objects.filter(pk=original.pk, media="running").update(media="waiting")
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    original.refresh_from_db()
    return original


def purge(folder: Path) -> None:
    """Delete what workers that were killed left in scratch: older than the longest task."""
    oldest = timezone.now().timestamp() - 2 * settings.CELERY_TASK_TIME_LIMIT
    for left in folder.iterdir():
        if left.lstat().st_mtime < oldest:
            shutil.rmtree(left, ignore_errors=True)


def _side_car(original: Original, out: Path) -> list[rendering.Made]:
    """The track that a text file of the same card gives for this film, where it is here already.

    Its own bytes were sealed like any other's; the rendition names them.
    """
    texts = Original.objects.filter(
        recording__camera=original.recording.camera,
        container=sniff.TEXT.name,
        size__lte=SIDE_CAR_BYTES,
        docked_at__range=(original.docked_at - SAME_CARD, original.docked_at + SAME_CARD),
    ).order_by("-docked_at")
    for text in texts[:MOST_SIDE_CARS]:
        try:
            body = b"".join(s3.read("originals", text.key, text.version_id))
        except s3.StoreError as error:
            log.warning("a side-car was not read", side_car=text.reference, error=str(error))
            continue
        said = body.decode("utf-8", "replace")
        fixes = track.sane(track.from_card(said, original.file_name))
        if fixes:
            made = rendering.keep_track(fixes, "side-car", out, [text.reference, text.sha256])
            return [replace(item, tool="side-car") for item in made]
    return []


def _progress_of(original: Original) -> Callable[[int], None]:
    said, when = 0, timezone.now()

    def report(percent: int) -> None:
        nonlocal said, when
        now = timezone.now()
        if now - when > timedelta(seconds=1):
            said, when = max(said, percent), now
            Original.objects.filter(pk=original.pk, media="running").update(
                progress=said, media_claimed_until=now + CLAIM
            )

    return report


def _fetch(original: Original, target: Path) -> None:
    """Copy the original to scratch and check its hash on the way: no rendition of other bytes."""

    def renew() -> None:
        claimed = timezone.now() + CLAIM
        Original.objects.filter(pk=original.pk).update(media_claimed_until=claimed)

    busy = now_and_then(renew, CLAIM / 3)
    found = fetch("originals", original.key, original.version_id, target, busy)
    if found != original.sha256:
        raise MediaFailed("the store's bytes are not those that were sealed")


def _keep(original: Original, result: rendering.Result) -> None:
    stored: list[tuple[rendering.Made, str, str]] = []
    leaving.look(original.recording_id)
    for made in result.made:
        sha256 = hashlib.sha256(made.path.read_bytes() if made.kind != "proxy" else b"")
        if made.kind == "proxy":
            with made.path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256")
        key = f"{original.upload}/{made.kind}-{original.media_attempts}-{sha256.hexdigest()[:16]}"
        try:
            s3.put_file("renditions", key, made.path, sha256.hexdigest(), made.content_type)
        except s3.AlreadyThere:
            pass  # the same bytes under the same name: an earlier run of this attempt
        stored.append((made, key, sha256.hexdigest()))
    if leaving.original_leaves(original.pk):
        # Disposed of while it was stored: nothing of it stays behind.
        for _, key, _ in stored:
            s3.delete("renditions", key)
        raise leaving.Leaving(f"{original.reference} is being disposed of")
    placed = any(made.kind == "track" for made in result.made)
    with transaction.atomic():
        if placed:
            positions_come()
        row = Original.objects.select_for_update(of=("self",)).get(pk=original.pk)
        if row.media == Original.Media.READY:
            return
        for made, key, sha256_hex in stored:
            _rendition(row, made, key, sha256_hex, made.arguments or result.arguments)
        row.media, row.media_reason, row.progress = Original.Media.READY, "", 100
        row.media_claimed_until = None
        row.probe, row.duration_ms = _clean(result.probe), round(result.seconds * 1000)
        row.save()
        smaller.viewing_copy_came(row)
        whole = join(row)
        _place(whole)
        refresh(Recording.objects.get(pk=Original.objects.get(pk=row.pk).recording_id))
        if placed:
            # Only after its place and length are written: a complaint may be about that place.
            hold_where(Recording.objects.get(pk=whole.pk))


def _place(recording: Recording) -> None:
    """The recording began where its earliest file with a position says."""
    tracks = Rendition.objects.filter(original__recording=recording, kind="track")
    first = tracks.order_by("original__recorded_at", "original__file_name").first()
    if first is not None:
        latitude, longitude = first.facts["first"]
        Recording.objects.filter(pk=recording.pk).update(latitude=latitude, longitude=longitude)


def _rendition(
    original: Original, made: rendering.Made, key: str, sha256: str, arguments: list[str]
) -> None:
    # A side-car is read by this program itself: the version is that of its reader.
    version = "1" if made.tool == "side-car" else tools.version(made.tool)
    Rendition.objects.create(
        original=original,
        kind=made.kind,
        key=key,
        content_type=made.content_type,
        size=made.path.stat().st_size,
        sha256=sha256,
        parent_sha256=original.sha256,
        tool=made.tool,
        tool_version=version,
        arguments=arguments,
        facts=made.facts,
    )
    record(
        Draft(
            "rendition.created",
            original.subject(),
            ACTOR,
            data={
                "kind": made.kind,
                "sha256": sha256,
                "size": made.path.stat().st_size,
                "parent": original.sha256,
                "tool": made.tool,
                "version": version,
                "arguments": arguments,
            },
            private={"kind": Rendition.Kind(made.kind).label},
        )
    )


def _clean(value: object) -> object:
    """PostgreSQL's JSON can't hold NUL or lone surrogates, which containers' tags may."""
    if isinstance(value, dict):
        return {str(_clean(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, str):
        return re.sub(r"[\x00\ud800-\udfff]", "\ufffd", value)
    return value


def _failed(original: Original, reason: str) -> None:
    with transaction.atomic():
        row = Original.objects.select_for_update(of=("self",)).get(pk=original.pk)
        if row.media != Original.Media.RUNNING:
            return
        if row.media_attempts < STRIKES:
            row.media, row.media_claimed_until = Original.Media.WAITING, timezone.now()
            row.media_reason = reason
            row.save()
            return
        row.media, row.media_reason, row.media_claimed_until = Original.Media.FAILED, reason, None
        row.save()
        record(
            Draft(
                "rendition.failed",
                row.subject(),
                ACTOR,
                data={
                    "tool": "ffmpeg",
                    "version": tools.version("ffmpeg"),
                    "attempts": row.media_attempts,
                },
                private={"reason": reason},
                outcome="failed",
            )
        )
        quarantine_broken(row, f"No viewing copy could be made: {reason}"[:300])
        refresh(row.recording)
