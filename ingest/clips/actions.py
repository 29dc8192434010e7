"""Work on one clip: claim, fetch and check its original, cut, store, write down."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import structlog
from django.conf import settings

from evidence.exhibits import making
from evidence.exhibits.models import Clip
from evidence.recordings import leaving
from evidence.store import s3
from ingest.clips import covering, cutting
from ingest.media import tools
from ingest.media.sandbox import MediaFailed, SandboxMissing
from ingest.renditions.actions import DEMUXERS, purge
from ingest.renditions.fetching import fetch, now_and_then

log = structlog.get_logger(__name__)
TOOL = "ffmpeg"
# Beside the original, scratch has to take the clip: at most so many times its part of the file,
# since the clip's picture is kept finer than a camera's.
ROOM = 4
SPARE = 256 * 2**20


class NoRoom(RuntimeError):
    """Scratch can't take the work now. Its sentence is for operators."""


def cut(clip_id: int) -> Clip | None:
    """Make one clip; None when there is nothing to do. May run twice; may die at any line.

    Raises s3.StoreError, SandboxMissing and NoRoom after giving the work back: those say
    nothing of the clip.
    """
    clip = making.claim(clip_id)
    if clip is None:
        return None
    settings.MEDIA_SCRATCH.mkdir(parents=True, exist_ok=True)
    purge(settings.MEDIA_SCRATCH)
    scratch = Path(tempfile.mkdtemp(prefix=f"clip-{clip.pk}-", dir=settings.MEDIA_SCRATCH))
    try:
        result = _cut(clip, scratch)
        if not making.kept(clip, result) and leaving.leaves(clip.recording_id):
            s3.delete("renditions", result.key)
            making.too_late(clip)
            return None
    except leaving.Leaving:
        making.too_late(clip)
        return None
    except MediaFailed as error:
        making.failed(clip, str(error), TOOL, tools.version(TOOL))
    except (s3.StoreError, SandboxMissing, NoRoom):
        # Not the clip's fault: no strike. A worker that dies does not come here, and counts.
        making.give_back(clip, strike=False)
        raise
    except BaseException:
        making.give_back(clip, strike=True)
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    clip.refresh_from_db()
    return clip


def _cut(clip: Clip, scratch: Path) -> making.Result:
    source, out = scratch / "in.bin", scratch / "out"
    out.mkdir()
    _room(clip, scratch)
    busy = now_and_then(lambda: making.renew(clip))
    _fetch(clip, source, busy)
    wanted = _wanted(clip)
    made = cutting.cut(
        source, out, wanted, threads=settings.MEDIA_THREADS, mode=settings.MEDIA_SANDBOX,
        on_line=lambda line: busy(),
    )  # fmt: skip
    with made.path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    key = f"{clip.source.upload}/{clip.reference}-{clip.attempts}-{sha256[:16]}"
    leaving.look(clip.recording_id)
    try:
        s3.put_file("renditions", key, made.path, sha256, clip.content_type)
    except s3.AlreadyThere:
        pass  # the same bytes under the same name: an earlier run of this attempt
    return making.Result(
        key, made.path.stat().st_size, sha256, TOOL, tools.version(TOOL), made.arguments, made.facts
    )


def _wanted(clip: Clip) -> cutting.Cut:
    """What the row asks for, as the cutting takes it."""
    wanted = cutting.Cut(
        DEMUXERS[clip.source.container], clip.first_frame, clip.last_frame, clip.timescale,
        clip.first_tick, clip.last_tick, clip.after_tick, clip.sound,
    )  # fmt: skip
    if not clip.redacted:
        return wanted
    # Raises where the row is missing: a redacted copy is never cut as a plain clip.
    asked = clip.redaction
    return replace(
        wanted, redacted=True,
        covers=tuple(
            covering.Cover(
                row["first_frame"], row["last_frame"], row["left"], row["top"],
                row["left"] + row["width"], row["top"] + row["height"],
            ) for row in asked.covers
        ),
        silences=tuple(
            covering.Silence(row["from_us"] / 1e6, row["to_us"] / 1e6) for row in asked.silences
        ),
        heard=_seconds(*asked.sound_us) if asked.sound_us else None,
    )  # fmt: skip


def _seconds(begins: int, ends: int) -> tuple[Fraction, Fraction]:
    return Fraction(begins, 1_000_000), Fraction(ends, 1_000_000)


def _room(clip: Clip, scratch: Path) -> None:
    """Whether scratch can take the original and the clip. Raises NoRoom."""
    whole = max(clip.source.duration_ms, 1)
    share = min(1.0, (clip.to_ms - clip.from_ms) / whole)
    wanted = clip.source.size * (1 + ROOM * share) + SPARE
    free = shutil.disk_usage(scratch).free
    if free < wanted:
        raise NoRoom(f"{clip.reference} needs {wanted:,.0f} bytes of scratch; {free:,} are free")


def _fetch(clip: Clip, target: Path, busy: Callable[[], None]) -> None:
    """Copy the original to scratch, and compare it with what the custody log says of it."""
    original = clip.source
    found = fetch("originals", original.key, original.version_id, target, busy)
    said = making.sealed_sha256(original)
    if not said:
        raise MediaFailed("the custody log does not know its original")
    if not found == said == original.sha256 == clip.parent_sha256:
        raise MediaFailed("the store's bytes are not those that were sealed")
