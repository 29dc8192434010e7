"""A small viewing copy, for thin lines: wanted, claimed by one worker, ready or failed.

Who wants one writes it down inside their own transaction; the file is the media worker's
(`ingest.renditions.shrinking`), made from the viewing copy, never from the original again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from evidence.custody.record import Draft, record, service
from evidence.people.models import User
from evidence.recordings import leaving
from evidence.recordings.access import find
from evidence.recordings.models import Original, Recording, Rendition, Smaller

SHRINK = "ingest.renditions.tasks.shrink"
CLAIM = timedelta(minutes=10)
STRIKES = 3
ACTOR = service("media")
State = Smaller.State
# Only what has a moving picture and a viewing copy can have a smaller one.
PLAYS = Exists(
    Rendition.objects.filter(original=OuterRef("original"), kind="proxy", facts__width__gt=0)
)


@dataclass(frozen=True)
class Result:
    """A small viewing copy that lies in the store, and how it was made."""

    key: str
    size: int
    sha256: str
    tool: str
    version: str
    arguments: list[str]
    facts: dict[str, Any]


def want(recordings: Iterable[Recording]) -> None:
    """Have a small viewing copy made of each file that has none; in the caller's transaction.

    Asked for again it is the same work, and what failed three times is not tried again.
    Files whose viewing copy is still to come are made smaller after it.
    """
    with transaction.atomic():
        originals = Original.objects.filter(recording__in=recordings).exclude(
            media__in=[Original.Media.NOT_MEDIA, Original.Media.FAILED]
        )
        new = list(originals.filter(smaller=None).order_by("pk").values_list("pk", flat=True))
        Smaller.objects.bulk_create(
            [Smaller(original_id=identifier) for identifier in new], ignore_conflicts=True
        )
        # Where the viewing copy is still to come, its worker tells of the work.
        for identifier in Smaller.objects.filter(PLAYS, original__in=new).values_list(
            "original_id", flat=True
        ):
            wake(identifier)


def asked(*, by: User, reference: str) -> bool:
    """Have it made for somebody who looks at the recording; whether all of it is there.

    It says nothing of the footage and shows none, so it is no event: what is made is one.
    Raises Recording.DoesNotExist.
    """
    recording = find(by, reference)
    if not ready(recording):
        want([recording])
    return ready(recording)


def ready(recording: Recording) -> bool:
    """Whether each file that has a picture has a small viewing copy."""
    files = Rendition.objects.filter(original__recording=recording)
    pictures = files.filter(kind="proxy", facts__width__gt=0).values("original")
    small = files.filter(kind="small").values("original")
    return not pictures.exclude(original__in=small).exists()


def failed_of(recording: Recording) -> bool:
    """Whether one of its files has none and will have none."""
    return Smaller.objects.filter(original__recording=recording, state=State.FAILED).exists()


def wake(original_id: int) -> None:
    """Tell a worker after the commit; where that fails, the sweep finds the work."""
    transaction.on_commit(lambda: current_app.send_task(SHRINK, (original_id,)), robust=True)


def viewing_copy_came(original: Original) -> None:
    """Its viewing copy is there: make the small one, where somebody waits for it."""
    if Smaller.objects.filter(original=original, state=State.WAITING).exists():
        wake(original.pk)


def claim(original_id: int) -> Smaller | None:
    """Take the work on one original, unless another has it or it is done."""
    now = timezone.now()
    free = Q(state=State.WAITING) | Q(state=State.MAKING, claimed_until__lt=now)
    taken = Smaller.objects.filter(
        PLAYS, free, original=original_id, original__recording__disposed_at=None
    ).update(state=State.MAKING, claimed_until=now + CLAIM, attempts=F("attempts") + 1)
    if not taken:
        return None
    work = Smaller.objects.select_related("original").get(original=original_id)
    if work.attempts > STRIKES:
        # Workers died over it: that is a verdict too.
        give_up(work, "the worker died over it every time")
        return None
    return work


def renew(work: Smaller) -> None:
    """Still at it."""
    _mine(work).update(claimed_until=timezone.now() + CLAIM)


def give_back(work: Smaller, *, strike: bool, reason: str = "") -> None:
    """Let somebody else try. Without a strike where the film is not to blame."""
    if strike and work.attempts >= STRIKES:
        give_up(work, reason)
        return
    _mine(work).update(
        state=State.WAITING, claimed_until=timezone.now() + timedelta(seconds=30),
        attempts=work.attempts if strike else F("attempts") - 1, problem=reason[:300],
    )  # fmt: skip


def give_up(work: Smaller, reason: str) -> None:
    """There will be none; the usual viewing copy plays as before."""
    _mine(work).update(state=State.FAILED, claimed_until=None, problem=reason[:300])


def forgotten() -> list[int]:
    """Originals for which nobody was woken, or whose worker died; each is told of once a while."""
    now, again = timezone.now(), timedelta(seconds=settings.SEND_AGAIN_SECONDS)
    open_ = Q(state__in=[State.WAITING, State.MAKING], claimed_until__lt=now)
    open_ |= Q(state=State.WAITING, claimed_until=None, wanted_at__lt=now - again)
    found = []
    stays = Q(original__recording__disposed_at=None)
    rows = Smaller.objects.filter(PLAYS, open_, stays).order_by("pk")
    for identifier, original in rows.values_list("pk", "original_id")[:500]:
        # The claim's time doubles as "sent": the next sweep leaves it alone for a while.
        if Smaller.objects.filter(open_, pk=identifier).update(
            state=State.WAITING, claimed_until=now + again
        ):
            found.append(original)
    return found


def kept(work: Smaller, result: Result) -> bool:
    """Write down that it is made: rendition, row and event in one transaction; once."""
    with transaction.atomic():
        original = Original.objects.select_for_update(of=("self",)).get(pk=work.original_id)
        if leaving.leaves(original.recording_id):
            give_up(work, leaving.WITHDRAWN)
            return False
        if not _mine(work).update(state=State.READY, claimed_until=None, problem=""):
            return False
        if Rendition.objects.filter(original=original, kind="small").exists():
            return False
        Rendition.objects.create(
            original=original, kind=Rendition.Kind.SMALL, key=result.key,
            content_type="video/mp4", size=result.size, sha256=result.sha256,
            parent_sha256=original.sha256, tool=result.tool, tool_version=result.version,
            arguments=result.arguments, facts=result.facts,
        )  # fmt: skip
        data = {
            "kind": "small", "sha256": result.sha256, "size": result.size,
            "parent": original.sha256, "tool": result.tool, "version": result.version,
            "arguments": result.arguments,
        }  # fmt: skip
        words = {"kind": Rendition.Kind.SMALL.label}
        record(Draft("rendition.created", original.subject(), ACTOR, data, words))
    return True


def _mine(work: Smaller) -> Any:
    """The row, while it is still this worker's."""
    return Smaller.objects.filter(pk=work.pk, state=State.MAKING, attempts=work.attempts)
