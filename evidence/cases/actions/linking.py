"""Footage put to a case, which holds it, and taken out again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from evidence.cases import unlinking
from evidence.cases.actions import common
from evidence.cases.models import Case, CaseLink
from evidence.custody.record import Draft, record
from evidence.people import typed
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import keeping
from evidence.recordings.access import find, there_for
from evidence.recordings.models import Recording
from evidence.recordings.references import is_reference
from evidence.retention import actions as retention
from evidence.retention.models import Kind

MOST = 200
WHY = "Enter why this footage belongs to the case."


def linkable(by: User, reference: str) -> Recording:
    """What `by` may put to a case: what they may see, and, with `case.find`, whatever is not
    restricted. Raises Recording.DoesNotExist, NotAllowed for what nobody has accepted yet."""
    try:
        found = find(by, reference)
        if found.restricted != Recording.Restriction.OUTSIDE:
            return found
        raise NotAllowed(f"{found.reference} came from outside the force. Accept it first.")
    except Recording.DoesNotExist:
        if not by.may("case.find") or not is_reference(reference):
            raise
    return Recording.objects.filter(there_for(by)).get(
        reference=reference.upper(), restricted="", joined_into=None, kind=Recording.Kind.FOOTAGE
    )


def _locked_footage(by: User, reference: str) -> Recording:
    """The recording, locked, as it is now: it may have been joined or restricted meanwhile.

    Raises Recording.DoesNotExist.
    """
    found = linkable(by, reference)
    row = Recording.objects.select_for_update().get(pk=found.pk)
    if row.disposed_at is not None:
        raise Recording.DoesNotExist
    if (row.joined_into_id, row.restricted) == (found.joined_into_id, found.restricted):
        return row
    into = (row.joined_into or row).reference
    return Recording.objects.select_for_update().get(pk=linkable(by, into).pk)


def link(*, by: User, case: Case, recording: Recording, reason: str) -> CaseLink:
    """Put a recording to a case, which holds it; again: the same link.

    Raises NotAllowed, ValueError.
    """
    if not by.may("case.change"):
        raise NotAllowed("You can't change cases.")
    why = typed.reason(reason, WHY)
    with transaction.atomic():
        row = common.locked(by, case)
        try:
            recording = _locked_footage(by, recording.reference)
        except Recording.DoesNotExist:
            raise NotAllowed(common.NOTHING) from None
        same = CaseLink.objects.filter(case=row, recording=recording, unlinked_at=None).first()
        if same:
            return same
        made = CaseLink.objects.create(case=row, recording=recording, reason=why, linked_by=by)
        # A hold that only waited for its end after an earlier unlinking is this link's now.
        CaseLink.objects.filter(case=row, recording=recording, hold_until__isnull=False).update(
            hold_until=None
        )
        private = {"name": by.short, "case": row.urn, "reason": why}
        data = {"case": row.subject().ref}
        record(Draft("case.linked", recording.subject(), by.actor(), data=data, private=private))
        retention.hold_for(
            by=by, recordings=[recording], kind=Kind.CASE, reason=f"Evidence in {row.urn}",
            reference=row.urn,
        )  # fmt: skip
        # A case that keeps anything keeps all of it: what it says of one is so of the others,
        # and somebody is asked again.
        common.hold_again(by, row)
    return made


@dataclass
class Outcome:
    """What of many was linked, what was already, and why the others were not."""

    linked: list[str] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """11 linked. 1 was not: …"""
        said = [f"{len(self.linked)} linked."]
        if self.already:
            were = "was" if len(self.already) == 1 else "were"
            said.append(f"{len(self.already)} {were} linked already.")
        if self.failed:
            were = "was" if len(self.failed) == 1 else "were"
            more = f"; and {len(self.failed) - 5} more" if len(self.failed) > 5 else ""
            said.append(f"{len(self.failed)} {were} not: {'; '.join(self.failed[:5])}{more}.")
        return " ".join(said)


def link_many(*, by: User, case: Case, references: Sequence[str], reason: str) -> Outcome:
    """Put many recordings to a case, each by itself: one that can't be leaves the others.

    Raises NotAllowed, ValueError where none of them could be linked for the same cause.
    """
    if not by.may("case.change"):
        raise NotAllowed("You can't change cases.")
    typed.reason(reason, WHY)
    if not references:
        raise ValueError("Choose at least one recording.")
    if len(references) > MOST:
        raise ValueError(f"Choose {MOST} recordings or fewer at a time.")
    done = Outcome()
    links = CaseLink.objects.filter(case=case, unlinked_at=None)
    known = set(links.values_list("recording__reference", flat=True))
    for reference in dict.fromkeys(references):
        try:
            recording = linkable(by, reference)
            if recording.reference in known:
                done.already.append(reference)
                continue
            link(by=by, case=case, recording=recording, reason=reason)
        except (Recording.DoesNotExist, NotAllowed):
            done.failed.append(f"there is nothing at {reference} that you can see")
        else:
            known.add(recording.reference)
            done.linked.append(reference)
    return done


def unlink(*, by: User, link: CaseLink, reason: str) -> CaseLink:
    """Take a recording out of a case, and end the case's hold on it; again: nothing.

    Where its own period has ended already, the hold stays for the days of grace: nothing is due
    for disposal at once because of a click. Raises NotAllowed, ValueError.
    """
    if not by.may("case.change"):
        raise NotAllowed("You can't change cases.")
    why = typed.reason(reason, "Enter why this footage does not belong to the case.")
    with transaction.atomic():
        case = common.locked(by, link.case)
        Recording.objects.select_for_update().get(pk=link.recording_id)
        rows = CaseLink.objects.select_for_update(of=("self",))
        row = rows.select_related("recording__category").get(pk=link.pk)
        if row.unlinked_at is not None:
            return row
        if stands := unlinking.blocked(case, row.recording):
            raise ValueError(stands)
        row.unlinked_at, row.unlinked_by, row.unlink_reason = timezone.now(), by, why
        today = timezone.localdate()
        if keeping.until(row.recording) < today and case.holds_released_at is None:
            row.hold_until = today + timedelta(days=settings.UNLINK_GRACE_DAYS)
        row.save()
        private = {"name": by.short, "case": case.urn, "reason": why}
        data = {"case": case.subject().ref}
        record(
            Draft("case.unlinked", row.recording.subject(), by.actor(), data=data, private=private)
        )
        if row.hold_until is None:
            retention.release_for(
                by=by, recordings=[row.recording_id], kind=Kind.CASE, reference=case.urn,
                reason=f"Unlinked: {why}",
            )  # fmt: skip
    return row
