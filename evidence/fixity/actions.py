"""What people do about damage: have it read again, lift it once it is right."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from evidence.custody.record import Draft, Subject, record
from evidence.fixity import finding
from evidence.fixity.models import Damage
from evidence.people import typed
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.access import visible_to as recordings_visible_to

NOTHING = "There is nothing here that you can see."
# A reading that is older says nothing of now.
FRESH = timedelta(hours=1)


class NotMended(ValueError):
    """It can't be lifted. Its sentence is for a person."""


def visible_to(user: User) -> QuerySet[Damage]:
    """The damage that somebody may know of: counts and keys, no footage."""
    rows = Damage.objects.select_related("recording", "mended_by")
    return rows if user.may("accounting.view") else rows.none()


def may_lift(user: User, damage: Damage) -> bool:
    """Whoever may release a hold of this footage, which they did not record."""
    if not (user.may("accounting.view") and user.may("hold.release")):
        return False
    seen = recordings_visible_to(user).exclude(officer=user)
    return seen.filter(pk=damage.recording_id).exists()


def read_again(*, by: User, damage: int) -> Damage:
    """Have a damaged object read again, by a worker. Raises Damage.DoesNotExist, NotMended."""
    with transaction.atomic():
        row = visible_to(by).select_for_update(of=("self",)).get(pk=damage)
        if row.state != Damage.State.HELD:
            raise NotMended("This is not read again by hand: it is made anew, or it is mended.")
        if row.wanted_at is None:
            row.wanted_at, row.claimed_until = timezone.now(), None
            row.save(update_fields=["wanted_at", "claimed_until"])
            draft = Draft("evidence.reading_asked", Subject(row.reference), by.actor(),
                          data={"damage": row.pk}, private={"name": by.short})  # fmt: skip
            record(draft)
    return row


def lift(*, by: User, damage: int, reason: str) -> Damage:
    """Say that somebody mended it by hand; only where a new reading shows that.

    Raises Damage.DoesNotExist, NotAllowed, NotMended.
    """
    with transaction.atomic():
        found = visible_to(by).get(pk=damage)
        if not may_lift(by, found):
            raise NotAllowed(NOTHING)
        said = typed.reason(reason, "Enter what was done to mend it.", NotMended)
        finding.lock_recording(found.recording_id)
        row = visible_to(by).select_for_update(of=("self",)).get(pk=damage)
        if row.state != Damage.State.HELD:
            raise NotMended("It is not held any more.")
        now = timezone.now()
        if not row.matches or row.read_at is None or row.read_at < now - FRESH:
            raise NotMended(
                "Have it read again first. It can be lifted within an hour of a reading that "
                "matches its fingerprint."
            )
        row.mended_by, row.reason = by, said
        private = {"name": by.short, "reason": row.reason}
        finding.mended(
            row, Damage.How.HAND, version=row.version_id, actor=by.actor(), private=private
        )
    return row
