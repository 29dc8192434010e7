"""What is done in the review room: permission, change and custody event in one transaction."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from evidence.complaints.models import Allegation, Complaint
from evidence.custody.record import Draft, record
from evidence.people.models import User
from evidence.recordings import actions as recordings
from evidence.recordings.markers import NotMarked, position, stamp
from evidence.recordings.models import Recording
from evidence.review import access
from evidence.review.models import Note, NoteDraft

LONGEST = 4000


class NotNoted(ValueError):
    """The note can't be kept. Its sentence is for a person; `field` says where it belongs."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field


def enter(*, by: User, complaint: int, address: str) -> Complaint:
    """The complaint, after writing that its review room was opened.

    Raises Complaint.DoesNotExist.
    """
    with transaction.atomic():
        found = access.find(by, complaint)
        record(
            Draft("review.opened", found.subject(), by.actor(),
                  private={"name": by.short, "address": address})
        )  # fmt: skip
    return found


def play(
    *, by: User, complaint: int, reference: str, address: str, again: bool, sitting: str
) -> list[recordings.Segment]:
    """URLs for playing footage that the complaint holds; the reason is the complaint.

    Raises Complaint.DoesNotExist, Recording.DoesNotExist.
    """
    with transaction.atomic():
        found = access.find(by, complaint)
        held = access.pick(by, found, reference)
        return recordings.play(
            by=by, reference=held.reference, address=address, again=again,
            reason=found.reference, sitting=sitting,
        )  # fmt: skip


def note(
    *, by: User, complaint: int, recording: str, at: str, allegation: str, text: str
) -> Note:  # fmt: skip
    """Keep what was seen: at a time of one camera, for one allegation or for none. The draft goes.

    Raises Complaint.DoesNotExist, Recording.DoesNotExist, NotNoted.
    """
    text = text.replace("\0", "").replace("\r\n", "\n").strip()
    with transaction.atomic():
        found = access.find(by, complaint)
        seen = access.pick(by, found, recording)
        at_ms = _position(at, seen)
        about = _allegation(found, allegation)
        if not text:
            raise NotNoted("Enter what you saw or heard", "text")
        if len(text) > LONGEST:
            words = f"The note must be {LONGEST:,} characters or fewer; it has {len(text):,}"
            raise NotNoted(words, "text")
        made = Note.objects.create(
            complaint=found, recording=seen, at_ms=at_ms, allegation=about, text=text, made_by=by
        )
        NoteDraft.objects.filter(complaint=found, person=by).delete()
        _told("review.noted", by, made)
    return made


def _position(at: str, recording: Recording) -> int:
    try:
        found = position(at)
    except NotMarked as error:
        raise NotNoted(str(error), "at") from None
    if found > recording.duration_ms:
        end = stamp(recording.duration_ms)
        words = f"The time must be within {recording.reference}, which ends at {end}"
        raise NotNoted(words, "at")
    return found


def _allegation(complaint: Complaint, number: str) -> Allegation | None:
    if not number:
        return None
    known = number.isdecimal() and len(number) < 5
    rows = complaint.allegations.filter(withdrawn_at=None)
    found = rows.filter(number=int(number)).first() if known else None
    if found is None:
        raise NotNoted("Select an allegation of this complaint, or none", "allegation")
    return found


def withdraw(*, by: User, complaint: int, note: int) -> Note:
    """Take back one's own note; it stays in the log. Raises Complaint.DoesNotExist,
    Note.DoesNotExist."""
    with transaction.atomic():
        found = access.find(by, complaint)
        made = (
            Note.objects.select_for_update(of=("self",))
            .select_related("recording", "allegation__category", "complaint")
            .get(pk=note, complaint=found, made_by=by, withdrawn_at=None)
        )
        made.withdrawn_at = timezone.now()
        made.save(update_fields=["withdrawn_at"])
        _told("review.note_withdrawn", by, made)
    return made


def _told(event: str, by: User, note: Note) -> None:
    # On the complaint, never on the recording: an officer's package must not name it.
    record(
        Draft(
            event,
            note.complaint.subject(),
            by.actor(),
            data={"note": note.pk},
            private={
                "name": by.short, "recording": note.recording.reference,
                "at": stamp(note.at_ms), "text": note.text,
                "allegation": str(note.allegation) if note.allegation else "none",
            },
        )
    )  # fmt: skip


def keep_draft(
    *, by: User, complaint: int, recording: str, at: str, allegation: str, text: str
) -> NoteDraft | None:
    """Keep what somebody has typed so far, for them alone; nothing typed is no draft.

    No event: nothing is said yet. Raises Complaint.DoesNotExist.
    """
    text = text.replace("\0", "")[: 2 * LONGEST]
    with transaction.atomic():
        found = access.find(by, complaint)
        if not text.strip():
            NoteDraft.objects.filter(complaint=found, person=by).delete()
            return None
        said = {"recording": recording[:12], "at": at[:40], "allegation": allegation[:12]}
        cleaned = {name: value.replace("\0", "") for name, value in said.items()}
        made, _ = NoteDraft.objects.update_or_create(
            complaint=found, person=by, defaults=cleaned | {"text": text}
        )
    return made
