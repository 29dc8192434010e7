"""What becomes of clips and exhibits when their footage is disposed of.

A clip goes with it. An exhibit's mark stays, withdrawn or not: it leads to what was produced under
it, and says that the footage is not kept any more.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from evidence.exhibits.models import Clip, Exhibit
from evidence.recordings.models import Recording
from evidence.retention.registry import Along, Copy

State = Clip.State


def copies(recording: Recording) -> list[Copy]:
    """The files of its clips."""
    rows = Clip.objects.filter(recording=recording).exclude(key="").select_related("original")
    return [
        Copy("renditions", row.key, "", f"clip {row.reference}",
             row.original.reference if row.original else "", row.size)
        for row in rows.order_by("pk")
    ]  # fmt: skip


def withdraw(recording: Recording) -> None:
    """Nobody plays or makes its clips any more; a worker's claim is kept, as it may still store."""
    Clip.objects.filter(recording=recording).update(state=State.GONE)


def busy(recording: Recording) -> bool:
    """Whether a worker may be about to store a clip of it."""
    now = timezone.now()
    return Clip.objects.filter(
        recording=recording, state=State.GONE, claimed_until__gt=now, key=""
    ).exists()


def forget(recording: Recording) -> None:
    """The clips' rows stay without their file, and without why somebody wanted them."""
    Clip.objects.filter(recording=recording).update(
        state=State.GONE, original=None, key="", claimed_until=None, reason="", problem=""
    )


def along(recordings: Sequence[int]) -> list[Along]:
    """Clips, and exhibits that stand."""
    clips = Clip.objects.filter(recording__in=recordings).exclude(key="").count()
    exhibits = Exhibit.objects.filter(recording__in=recordings, withdrawn_at=None).count()
    return [
        Along(clips, "clip", "clips"),
        Along(exhibits, "exhibit, whose mark stays", "exhibits, whose marks stay", live=True),
    ]
