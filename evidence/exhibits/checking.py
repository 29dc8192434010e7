"""Whether an exhibit may leave the house: a redacted copy only after somebody has watched it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from evidence.custody.record import Draft, record_all
from evidence.exhibits.actions import NotProduced, mine
from evidence.exhibits.models import Clip, Exhibit, Redaction
from evidence.people.models import User
from evidence.recordings import damage


def check(*, by: User, exhibit: Exhibit, seen: str) -> Exhibit:
    """Somebody who may produce it has watched a redacted copy and vouches for it; once.

    `seen`: the fingerprint that stood on the page. Raises Exhibit.DoesNotExist, NotProduced.
    """
    with transaction.atomic():
        row = mine(by, exhibit)
        clip = row.clip
        if clip is None or not clip.redacted or row.withdrawn_at is not None:
            raise NotProduced("Only a redacted copy that was not withdrawn is checked.")
        if clip.state != Clip.State.READY or clip.sha256 != seen:
            raise NotProduced("The copy is not made yet. Watch it when it is ready.")
        checked = Redaction.objects.filter(clip=clip, checked_at=None).update(
            checked_by=by, checked_at=timezone.now()
        )
        if checked:
            data = {"clip": clip.reference, "exhibit": row.reference, "sha256": clip.sha256}
            told = [
                Draft("redaction.checked", subject, by.actor(), data, {"name": by.short})
                for subject in (row.subject(), row.recording.subject())
            ]
            record_all([(draft, None) for draft in told])
        clip.redaction.refresh_from_db()
    return row


def ready_to_share(exhibit: Exhibit) -> tuple[bool, str]:
    """Whether an exhibit's file is there and fit to be shown outside; if not, why, for a person.

    Not whether it may be disclosed: that is `disclosure.may_disclose`. One query at most, none
    for a copy that was read with its `clip__redaction`.
    """
    mark, clip = exhibit.mark, exhibit.clip
    if exhibit.withdrawn_at is not None:
        return False, f"{mark} was withdrawn."
    gone = f"The footage of {mark} is not kept any more: it was disposed of."
    if exhibit.recording.disposed_at is not None or (clip and clip.state == Clip.State.GONE):
        return False, gone
    if clip is None:
        files = exhibit.recording.originals.all()
        if not files:
            return False, gone
        whole = all(file.damaged_at is None for file in files)
        return whole, "" if whole else damage.SENTENCE
    name = "redacted copy" if clip.redacted else "clip"
    if clip.state == Clip.State.FAILED:
        return False, f"The {name} {mark} could not be made. Try it again, or withdraw it."
    if clip.state != Clip.State.READY:
        return False, f"The {name} {mark} is still being made. Share it when it is ready."
    if clip.damaged_at is not None:
        return False, damage.SENTENCE
    if clip.redacted and not _watched(clip):
        return False, (
            f"Nobody has watched the redacted copy {mark} yet. Its producer has to watch it and "
            "say that nothing shows that should not."
        )
    return True, ""


def _watched(clip: Clip) -> bool:
    try:
        return clip.redaction.checked_at is not None
    except Redaction.DoesNotExist:
        return False
