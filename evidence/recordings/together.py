"""Several cameras on one clock: which, and by how much somebody moved them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q

from evidence.custody.record import Draft, record
from evidence.people.models import User
from evidence.recordings import actions, coverage, keeping, player_data
from evidence.recordings.access import find
from evidence.recordings.models import Recording, SyncNudge

FEWEST, MOST = 2, 4
FURTHEST = 24 * 3600 * 1000
LONGEST = 300


class NotMoved(ValueError):
    """The camera can't be moved so. Its sentence is for a person."""


@dataclass(frozen=True)
class Camera:
    """One camera of the page."""

    number: int
    recording: Recording
    player: dict[str, Any]
    nudge: SyncNudge | None
    milliseconds: int

    @property
    def moved(self) -> str:
        """By how much, by whom and why; nothing where nobody moved it."""
        if self.nudge is None:
            return ""
        seconds = f"{self.milliseconds / 1000:+.3f} s"
        return f"Moved by {seconds} by {self.nudge.by.short}: {self.nudge.reason}"


def cameras(
    *,
    by: User,
    references: Sequence[str],
    address: str,
    reasons: Mapping[str, str],
    about: str = "",
) -> list[Camera]:
    """The cameras in the order asked for, after writing that each was opened, and why.

    Raises Recording.DoesNotExist as soon as one can't be seen: then nothing was opened.
    """
    with transaction.atomic():
        found = [
            actions.view(by=by, reference=item, address=address, reason=reasons.get(item, ""))
            for item in references
        ]
    unique = list({item.pk: item for item in found}.values())
    moves = _moves(unique, by)
    played = coverage.own(by, unique, about)
    made = []
    for number, item in enumerate(unique, 1):
        nudge, milliseconds = moves.get(item.pk, (None, 0))
        data = player_data.player(item, look=player_data.opened(by.ref, item), track=False)
        data["played"] = played[item.pk].ranges if item.pk in played else []
        made.append(Camera(number, item, data, nudge, milliseconds))
    return made


def _moves(found: Sequence[Recording], reader: User) -> dict[int, tuple[SyncNudge, int]]:
    """The newest move of each against the first, whichever of the two it was said of."""
    if not found:
        return {}
    first, rest = found[0], [item.pk for item in found[1:]]
    rows = SyncNudge.objects.filter(
        Q(recording__in=rest, against=first) | Q(recording=first, against__in=rest)
    ).select_related("by")
    if not reader.may("hold.view"):
        rows = rows.filter(office=False)
    else:
        shown = Recording.objects.filter(pk__in=[first.pk, *rest])
        unsaid = list(shown.filter(keeping.unsaid(reader)).values_list("pk", flat=True))
        told = ~Q(recording__in=unsaid) & ~Q(against__in=unsaid)
        rows = rows.filter(Q(office=False) | Q(by=reader) | told)
    moves: dict[int, tuple[SyncNudge, int]] = {}
    for row in rows.order_by("created", "id"):
        if row.against_id == first.pk:
            moves[row.recording_id] = (row, row.milliseconds)
        else:
            moves[row.against_id] = (row, -row.milliseconds)
    return moves


def nudge(*, by: User, reference: str, against: str, milliseconds: int, reason: str) -> SyncNudge:
    """Say that one camera's time lies so far from another's, by what is seen in both.

    The recorded times stay; this is kept beside them. Raises Recording.DoesNotExist, NotMoved.
    """
    reason = " ".join(reason.replace("\0", "").split())
    if not reason:
        raise NotMoved("Enter what you saw that shows it, like: the same door shuts in both")
    if len(reason) > LONGEST:
        raise NotMoved(f"The reason must be {LONGEST} characters or fewer")
    if abs(milliseconds) > FURTHEST:
        raise NotMoved("A camera can be moved by a day at most")
    with transaction.atomic():
        recording = find(by, reference, "recording.mark")
        other = find(by, against, "recording.mark")
        if recording.pk == other.pk:
            raise NotMoved("A camera can't be moved against itself")
        made = SyncNudge.objects.create(
            recording=recording,
            against=other,
            milliseconds=milliseconds,
            reason=reason,
            by=by,
            office=by.may("hold.view") and by.pk not in (recording.officer_id, other.officer_id),
        )
        record(
            Draft(
                "recording.synchronised",
                recording.subject(),
                by.actor(),
                data={"milliseconds": milliseconds},
                private={"name": by.short, "reason": f"{reason} (against {other.reference})"},
            )
        )
    return made
