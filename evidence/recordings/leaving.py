"""For workers that make something of footage: it may be disposed of while they are at it.

They look before they store what they made, and afterwards: whoever destroys waits for those that
are at work, and lists the store once more when they are done.
"""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from evidence.recordings.models import Original, Package, Recording, Smaller
from evidence.store import s3

WITHDRAWN = "One of its recordings was disposed of."


class Leaving(RuntimeError):
    """The footage is being disposed of: nothing is made of it any more."""


def leaves(recording_id: int) -> bool:
    """Whether its destruction has begun, or is over."""
    return Recording.objects.filter(pk=recording_id, disposed_at__isnull=False).exists()


def look(recording_id: int) -> None:
    """Go on only if the footage stays. Raises Leaving."""
    if leaves(recording_id):
        raise Leaving(f"Recording {recording_id} is being disposed of.")


def original_leaves(original_id: int) -> bool:
    """The same of one original; one that has no row any more is gone."""
    return not Original.objects.filter(pk=original_id, recording__disposed_at__isnull=True).exists()


def packages_of(recording: Recording) -> list[tuple[str, s3.Version]]:
    """The files of packages that contain it, by the package's reference; those that a worker left
    too. Raises StoreError."""
    of_it = Q(recordings=recording) | Q(recordings__joined_into=recording)
    names = Package.objects.filter(of_it).order_by("pk").distinct().values_list("reference", "pk")
    return [
        (reference, version)
        for reference, _ in names
        for version in s3.versions("renditions", f"packages/{reference}-")
    ]


def withdraw_packages(recording: Recording) -> None:
    """Packages that contain it are not there any more; in the caller's transaction."""
    of_it = Package.objects.filter(
        Q(recordings=recording) | Q(recordings__joined_into=recording)
    ).values("pk")
    rows = Package.objects.filter(pk__in=of_it)
    rows.filter(state=Package.State.READY).update(state=Package.State.GONE, reason=WITHDRAWN)
    rows.filter(state=Package.State.WAITING).update(
        state=Package.State.FAILED, reason=WITHDRAWN, finished=timezone.now()
    )


def at_work(recording: Recording) -> bool:
    """Whether a worker may be about to store something made of it."""
    now = timezone.now()
    rendering = Original.objects.filter(
        recording=recording, media=Original.Media.RUNNING, media_claimed_until__gt=now
    )
    shrinking = Smaller.objects.filter(
        original__recording=recording, state=Smaller.State.MAKING, claimed_until__gt=now
    )
    of_it = Q(recordings=recording) | Q(recordings__joined_into=recording)
    packing = Package.objects.filter(of_it, state=Package.State.MAKING, claimed_until__gt=now)
    return rendering.exists() or shrinking.exists() or packing.exists()
