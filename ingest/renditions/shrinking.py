"""Work on one small viewing copy: claim, fetch the viewing copy, shrink, store, write down."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from evidence.recordings import leaving, smaller
from evidence.recordings.models import Rendition, Smaller
from evidence.store import s3
from ingest.media import rendering, tools
from ingest.media.sandbox import MediaFailed, SandboxMissing
from ingest.renditions.actions import purge
from ingest.renditions.fetching import fetch, now_and_then


def shrink(original_id: int) -> Smaller | None:
    """Make one; None when there is nothing to do. May run twice; may die at any line.

    A film over which it fails three times is left as it is. Raises s3.StoreError and
    SandboxMissing after giving the work back: those say nothing of the film.
    """
    work = smaller.claim(original_id)
    if work is None:
        return None
    settings.MEDIA_SCRATCH.mkdir(parents=True, exist_ok=True)
    purge(settings.MEDIA_SCRATCH)
    scratch = Path(tempfile.mkdtemp(prefix=f"small-{original_id}-", dir=settings.MEDIA_SCRATCH))
    try:
        result = _shrink(work, scratch)
        if not smaller.kept(work, result) and leaving.original_leaves(original_id):
            s3.delete("renditions", result.key)
            return None
    except leaving.Leaving:
        smaller.give_up(work, leaving.WITHDRAWN)
        return None
    except MediaFailed as error:
        smaller.give_back(work, strike=True, reason=str(error))
    except (s3.StoreError, SandboxMissing):
        # Not the film's fault: no strike. A worker that dies does not come here, and counts.
        smaller.give_back(work, strike=False)
        raise
    except BaseException:
        smaller.give_back(work, strike=True, reason="the worker failed over it")
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    work.refresh_from_db()
    return work


def _shrink(work: Smaller, scratch: Path) -> smaller.Result:
    proxy = Rendition.objects.get(original=work.original_id, kind="proxy")
    source, out = scratch / "in.bin", scratch / "out"
    out.mkdir()
    busy = now_and_then(lambda: smaller.renew(work))
    _fetch(proxy, source, busy)
    made = rendering.shrink(
        source, out, proxy.sha256, threads=settings.MEDIA_THREADS, mode=settings.MEDIA_SANDBOX,
        on_line=lambda line: busy(),
    )  # fmt: skip
    with made.path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    key = f"{work.original.upload}/small-{work.attempts}-{sha256[:16]}"
    leaving.look(work.original.recording_id)
    try:
        s3.put_file("renditions", key, made.path, sha256, made.content_type)
    except s3.AlreadyThere:
        pass  # the same bytes under the same name: an earlier run of this attempt
    size, version = made.path.stat().st_size, tools.version(made.tool)
    return smaller.Result(key, size, sha256, made.tool, version, made.arguments or [], made.facts)


def _fetch(proxy: Rendition, target: Path, busy: Callable[[], None]) -> None:
    """Copy the viewing copy to scratch and check its hash on the way."""
    found = fetch("renditions", proxy.key, "", target, busy)
    if found != proxy.sha256:
        raise MediaFailed("the store's bytes are not those of the viewing copy")
