"""What is done with exhibits: permission, change and custody events in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from evidence.cases import access as cases
from evidence.cases import actions as linking
from evidence.cases.models import Case, CaseLink
from evidence.custody.record import Draft, record_all
from evidence.exhibits import access, covers, making, marks, ranges
from evidence.exhibits.models import Clip, Exhibit, Redaction
from evidence.people import typed
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import damage
from evidence.recordings.access import find, visible_to
from evidence.recordings.models import Recording
from evidence.store import s3

NOTHING = "There is nothing here that you can see. Check the reference."
ENDINGS = ("mp4", "mkv", "avi", "ts", "wmv")


class NotProduced(ValueError):
    """It can't be produced so. `field` is what to change. Its sentence is for a person."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class MarkTaken(NotProduced):
    """Somebody has this mark in the case. `free` is the next one."""

    def __init__(self, mark: str, free: str) -> None:
        super().__init__(f"{mark} is taken in this case. The next free mark is {free}.", "mark")
        self.free = free


@dataclass(frozen=True)
class Wish:
    """What somebody wants to produce. Without a range: the whole recording."""

    mark: str
    description: str
    range: tuple[int, int] | None = None
    sound: bool = True
    # A redacted copy of the range: what is covered and silenced.
    redacting: covers.Redacting | None = None
    # Whoever produces it, where that is not the one who asks; then the reason too.
    producer: User | None = None
    reason: str = ""
    # Why the footage belongs to the case, where it is not linked yet.
    link_reason: str = ""


def produce(*, by: User, case: Case, reference: str, wish: Wish) -> Exhibit:
    """Produce a recording, or a clip of it, as an exhibit of a case.

    A clip is made by a worker afterwards. Raises Case.DoesNotExist, Recording.DoesNotExist,
    NotProduced, ranges.NotCut, covers.NotCovered, NotAllowed.
    """
    case = cases.find(by, case.urn, "exhibit.produce")
    recording = _recording(by, reference)
    producer = _producer(by, recording, wish)
    description = typed.one_line(wish.description)
    if len(description) < 3:
        raise NotProduced("Enter what it shows, like: arrest in Villiers Street", "description")
    mark = _mark(wish.mark)
    # Read before the lock: the table of frames lies in the store.
    piece = ranges.piece(recording, *wish.range) if wish.range else None
    hidden = _hidden(piece, wish)
    with transaction.atomic():
        # One at a time in a case: the second finds the first one's mark.
        locked = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
        cases.find(by, locked.urn, "exhibit.produce")
        _linked(by, locked, recording, wish)
        used = used_marks(locked)
        if mark in used:
            raise MarkTaken(mark, next_mark(locked, recording, producer, clip=bool(piece)))
        clip = _clip(by, recording, piece, wish, description) if piece else None
        if clip is not None and hidden is not None:
            Redaction.objects.create(clip=clip, **hidden)
        exhibit = _kept(by, locked, recording, clip, producer, mark, description, wish)
        if clip is not None:
            making.wake(clip)
    return exhibit


def _recording(by: User, reference: str) -> Recording:
    """The recording, as it can be produced. Raises Recording.DoesNotExist, NotProduced."""
    recording = find(by, reference)
    if recording.reference != reference.upper():
        raise NotProduced(
            f"{reference.upper()} was joined into {recording.reference}. Produce that one."
        )
    if recording.restricted == Recording.Restriction.OUTSIDE:
        raise NotProduced("It came from outside the force. Accept it first.")
    files = list(recording.originals.all())
    if recording.disposed_at is not None or not files:
        raise NotProduced("Its footage is not kept any more: it was disposed of.")
    if any(file.damaged_at is not None for file in files):
        raise NotProduced(damage.SENTENCE)
    return recording


def _producer(by: User, recording: Recording, wish: Wish) -> User:
    """Who can speak to it. Raises NotProduced."""
    if wish.producer is None or wish.producer.pk == by.pk:
        return by
    who = wish.producer
    if len(typed.one_line(wish.reason)) < 3:
        raise NotProduced(f"Enter why {who.short} produces it and not you", "reason")
    sees = visible_to(who).filter(pk=recording.pk).exists()
    if not who.is_active or not (sees or recording.officer_id == who.pk):
        raise NotProduced(
            "They can't speak to this footage: name who recorded it, or somebody who can see it",
            "producer",
        )
    return who


def _mark(text: str) -> str:
    try:
        return marks.parse(text[:40])
    except marks.BadMark as error:
        raise NotProduced(str(error), "mark") from None


def _linked(by: User, case: Case, recording: Recording, wish: Wish) -> None:
    """The footage belongs to the case, by a link that is there or is made now."""
    if CaseLink.objects.filter(case=case, recording=recording, unlinked_at=None).exists():
        return
    if not cases.visible_to(by, "case.change").filter(pk=case.pk).exists():
        raise NotProduced(
            f"This footage is not linked to {case.urn}. Ask the officer in the case to link it."
        )
    if len(typed.one_line(wish.link_reason)) < 3:
        raise NotProduced(
            f"Enter why this footage belongs to {case.urn}: it is not linked yet", "link_reason"
        )
    try:
        linking.link(by=by, case=case, recording=recording, reason=typed.one_line(wish.link_reason))
    except ValueError as error:
        raise NotProduced(str(error), "link_reason") from None


def used_marks(case: Case) -> set[str]:
    """Every mark of a case, also of what was withdrawn."""
    return set(Exhibit.objects.filter(case=case).values_list("mark", flat=True))


def next_mark(case: Case, recording: Recording, producer: User, *, clip: bool) -> str:
    """The next free mark of a producer in a case, by the force's rule for clips."""
    of = ""
    if clip and settings.CLIP_MARKS == "letter":
        whole = Exhibit.objects.filter(
            case=case, recording=recording, clip=None, producer=producer, withdrawn_at=None
        )
        of = whole.values_list("mark", flat=True).first() or ""
    return marks.following(producer.name, used_marks(case), of)


def _hidden(piece: ranges.Piece | None, wish: Wish) -> dict[str, list[Any]] | None:
    """The covers and silences of a redacted copy, as they are kept. Raises covers.NotCovered."""
    if wish.redacting is None:
        return None
    if piece is None or wish.range is None:
        raise covers.NotCovered("The original is never covered: choose a redacted copy of it")
    return covers.kept(piece, wish.range, wish.redacting, sound=wish.sound)


def _clip(
    by: User, recording: Recording, piece: ranges.Piece, wish: Wish, description: str
) -> Clip:
    assert wish.range is not None
    return Clip.objects.create(
        recording=recording, original=piece.original, from_ms=wish.range[0], to_ms=wish.range[1],
        first_frame=piece.first_frame, last_frame=piece.last_frame, timescale=piece.timescale,
        first_tick=piece.first_tick, last_tick=piece.last_tick, after_tick=piece.after_tick,
        sound=wish.sound, redacted=wish.redacting is not None, reason=description,
        requested_by=by,
        parent_sha256=piece.original.sha256,
    )  # fmt: skip


def _kept(
    by: User, case: Case, recording: Recording, clip: Clip | None, producer: User, mark: str,
    description: str, wish: Wish,
) -> Exhibit:  # fmt: skip
    try:
        with transaction.atomic():
            made = Exhibit.objects.create(
                case=case, recording=recording, clip=clip, mark=mark, producer=producer,
                description=description, produced_by=by,
                reason=typed.one_line(wish.reason) if producer.pk != by.pk else "",
            )  # fmt: skip
    except IntegrityError:
        # Whatever way another took it by: the database has the last word.
        raise MarkTaken(mark, next_mark(case, recording, producer, clip=clip is not None)) from None
    data = {
        "case": case.subject().ref, "exhibit": made.reference, "recording": recording.reference,
        "clip": clip.reference if clip else "", "producer": producer.ref,
    }  # fmt: skip
    private = {
        "name": by.short, "producer": producer.short, "mark": mark, "case": case.urn,
        "description": description, "reason": made.reason,
    }  # fmt: skip
    if clip is not None and clip.redacted:
        # This history goes outside with the copy: what it was made from is told in the house.
        private["recording"] = data.pop("recording")
    _tell("exhibit.produced", by, made, data, private)
    return made


def _tell(
    event: str, by: User, exhibit: Exhibit, data: dict[str, str], private: dict[str, str]
) -> None:
    """One event in the exhibit's history, one in the recording's."""
    subjects = (exhibit.subject(), exhibit.recording.subject())
    record_all([(Draft(event, one, by.actor(), data, private), None) for one in subjects])


def withdraw(*, by: User, exhibit: Exhibit, reason: str) -> Exhibit:
    """Take an exhibit back. It stays, with its mark. Raises Exhibit.DoesNotExist, NotProduced."""
    if len(typed.one_line(reason)) < 3:
        raise NotProduced("Enter why it is withdrawn", "reason")
    with transaction.atomic():
        row = mine(by, exhibit)
        if row.withdrawn_at is not None:
            return row
        row.withdrawn_at, row.withdrawn_by = timezone.now(), by
        row.withdraw_reason = typed.one_line(reason)
        row.save(update_fields=["withdrawn_at", "withdrawn_by", "withdraw_reason"])
        data = {"case": row.case.subject().ref, "exhibit": row.reference}
        private = {
            "name": by.short, "mark": row.mark, "case": row.case.urn, "reason": row.withdraw_reason,
        }  # fmt: skip
        _tell("exhibit.withdrawn", by, row, data, private)
    return row


def mine(by: User, exhibit: Exhibit) -> Exhibit:
    """The exhibit under its lock, for somebody who may produce in its case and see its footage."""
    if not cases.visible_to(by, "exhibit.produce").filter(pk=exhibit.case_id).exists():
        raise Exhibit.DoesNotExist
    rows = access.of_case(by, exhibit.case).select_related("clip", "recording", "case")
    return rows.select_for_update(of=("self",)).get(pk=exhibit.pk)


def again(*, by: User, exhibit: Exhibit, reason: str) -> None:
    """Have a clip made that could not be. Raises Exhibit.DoesNotExist, NotProduced."""
    if len(typed.one_line(reason)) < 3:
        raise NotProduced("Enter what has changed since", "reason")
    with transaction.atomic():
        row = mine(by, exhibit)
        clip = row.clip
        if clip is not None and clip.original and clip.original.damaged_at is not None:
            raise NotProduced(damage.SENTENCE)
        taken = clip is not None and Clip.objects.filter(
            pk=clip.pk, state=Clip.State.FAILED
        ).update(state=Clip.State.WAITING, attempts=0, claimed_until=None, problem="")
        if clip is None or not taken:
            return
        private = {"name": by.short, "reason": typed.one_line(reason)}
        _tell("clip.asked", by, row, {"clip": clip.reference}, private)
        making.wake(clip)


# --- looking ---
def view(*, by: User, exhibit: Exhibit, address: str, why: str = "") -> Exhibit:
    """The exhibit, after writing that its page was opened. Raises Exhibit.DoesNotExist."""
    with transaction.atomic():
        row = access.of_case(by, exhibit.case).get(pk=exhibit.pk)
        _looked("evidence.viewed", by, row, address, why, {})
    return row


def play(*, by: User, exhibit: Exhibit, address: str, why: str = "", renew: bool = False) -> str:
    """A signed URL of a clip, after the event. Raises Exhibit.DoesNotExist, NotAllowed."""
    with transaction.atomic():
        row = access.of_case(by, exhibit.case).get(pk=exhibit.pk)
        clip = _ready(row)
        if not renew:
            _looked("evidence.played", by, row, address, why, {"kind": "clip"})
    return s3.sign_get(
        "renditions", clip.key, seconds=settings.PLAY_URL_SECONDS, content_type=clip.content_type
    )


def download(
    *, by: User, exhibit: Exhibit, address: str, why: str = "", original: int | None = None
) -> str:
    """A signed URL of the clip, or of one file of a whole recording, as an attachment whose name
    is the mark and the fingerprint's beginning.

    Raises Exhibit.DoesNotExist, NotAllowed.
    """
    with transaction.atomic():
        row = access.of_case(by, exhibit.case).get(pk=exhibit.pk)
        if not visible_to(by, "recording.download").filter(pk=row.recording_id).exists():
            raise Exhibit.DoesNotExist
        if row.clip is None:
            return _original(by, row, address, why, original)
        clip = _ready(row)
        _looked("evidence.downloaded", by, row, address, why, {"kind": "clip"})
    return s3.sign_get(
        "renditions", clip.key, seconds=settings.PLAY_URL_SECONDS,
        name=file_name(row.mark, clip.sha256, "mp4"), content_type="application/octet-stream",
    )  # fmt: skip


def _original(by: User, row: Exhibit, address: str, why: str, original: int | None) -> str:
    file = row.recording.originals.filter(pk=original or 0).first()
    if file is None:
        raise Exhibit.DoesNotExist
    damage.refuse([file])
    kind = {"kind": "original", "original": file.reference}
    _looked("evidence.downloaded", by, row, address, why, kind)
    ending = file.container if file.container in ENDINGS else "bin"
    return s3.sign_get(
        "originals", file.key, version_id=file.version_id, seconds=settings.PLAY_URL_SECONDS,
        name=file_name(row.mark, file.sha256, ending), content_type="application/octet-stream",
    )  # fmt: skip


def file_name(mark: str, sha256: str, ending: str) -> str:
    """AS_1-9f2c41aa.mp4: of nothing but letters, digits and signs of ours, whatever the mark."""
    safe = "".join(char if char.isascii() and char.isalnum() else "_" for char in mark)
    return f"{safe}-{sha256[:8]}.{ending}"


def _ready(exhibit: Exhibit) -> Clip:
    if exhibit.clip is None:
        raise NotAllowed("This exhibit is the whole recording: open that.")
    if exhibit.clip.state == Clip.State.GONE:
        raise NotAllowed("Its footage is not kept any more: it was disposed of.")
    if exhibit.clip.state != Clip.State.READY:
        name = "redacted copy" if exhibit.is_redacted else "clip"
        raise NotAllowed(f"The {name} is not made yet. Come back in a few minutes.")
    if exhibit.clip.damaged_at is not None:
        raise damage.Damaged
    return exhibit.clip


def _looked(
    event: str, by: User, exhibit: Exhibit, address: str, why: str, data: dict[str, str]
) -> None:
    """A look at an exhibit is a look at its recording: it stands in that history."""
    private = {"name": by.short, "address": address} | ({"reason": why} if why else {})
    told = Draft(event, exhibit.recording.subject(), by.actor(),
                 data | {"exhibit": exhibit.reference}, private)  # fmt: skip
    record_all([(told, None)])
