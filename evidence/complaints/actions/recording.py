"""Recording a complaint, changing its record: the hold is part of saving."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from evidence.complaints import clocks
from evidence.complaints.access import conflicted, conflicts_of, tied
from evidence.complaints.actions.saving import (
    Refused,
    opened,
    saved,
    still_open,
    undecided,
)
from evidence.complaints.models import Complaint, Named
from evidence.custody.record import Draft, record, service
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.keeping import day as words_of
from evidence.retention import actions as retention
from evidence.retention.models import Hold, Kind
from evidence.retention.places import Place

EARLIEST = datetime(2005, 1, 1, tzinfo=UTC)
LONGEST = timedelta(days=366)
NAMED = "You are named in this complaint: somebody else has to record it."
TIED = "You work under, or over, somebody it is about: somebody else has to record it."
# What the record of a complaint may be corrected in. Its reference never changes.
RECORD = (
    "received", "source", "complainant", "standing", "contact", "account", "start", "end",
    "place", "latitude", "longitude", "radius",
)  # fmt: skip
HELD_BY = ("start", "end", "latitude", "longitude", "radius")


def check_dates(
    *, received: date | None, start: datetime | None, end: datetime | None
) -> None:  # fmt: skip
    """Raises ValidationError, by field, for what can't be."""
    now, errors = timezone.now(), {}
    if received and received > timezone.localdate():
        errors["received"] = f"{words_of(received)} has not come yet."
    if start and end:
        if start > now:
            errors["start"] = "This time has not come yet."
        elif start < EARLIEST:
            errors["start"] = "Nobody wore a camera before 2005. Check the year."
        elif received and received < timezone.localdate(start):
            errors["received"] = (
                f"It can't have come in before it began, on {words_of(timezone.localdate(start))}."
            )
        if end > now and "start" not in errors:
            errors["end"] = "This time has not come yet. Enter the time until now."
        elif end - start > LONGEST and "start" not in errors:
            errors["end"] = "Enter a time of at most a year."
    if errors:
        raise ValidationError(errors)


def check_recorder(*, by: User, officers: Iterable[User], start: datetime | None) -> None:
    """Raises NotAllowed for whoever can't be the one to record it."""
    people = {person.pk for person in officers}
    if by.pk in people:
        raise NotAllowed(NAMED)
    if start is not None and by.pk in tied(people, start):
        raise NotAllowed(TIED)


def record_complaint(
    *, by: User, complaint: Complaint, officers: Iterable[User], present: Iterable[User] = ()
) -> tuple[Complaint, list[Hold]]:
    """Keep a new complaint and hold its footage, in one transaction: of the officers it is about,
    of those who were there, and of whoever was at its place in that time.

    What is still in a camera or on its way is held when it arrives.
    Raises NotAllowed, ValidationError, Refused; then nothing is kept.
    """
    if not by.may("complaint.change"):
        raise NotAllowed("You can't record complaints.")
    about = list(dict.fromkeys(officers))
    there = [person for person in dict.fromkeys(present) if person not in about]
    complaint.recorded_by = by
    complaint.full_clean(validate_unique=False)
    check_dates(received=complaint.received, start=complaint.start, end=complaint.end)
    check_recorder(by=by, officers=[*about, *there], start=complaint.start)
    try:
        with transaction.atomic():
            complaint.changed_by, complaint.changed_at = by, timezone.now()
            complaint.save(force_insert=True)
            _name(complaint, about, Named.Part.SUBJECT)
            _name(complaint, there, Named.Part.PRESENT)
            held = _hold(by, complaint, [*about, *there])
            clocks.keep(complaint)
            record(
                Draft(
                    "complaint.recorded",
                    complaint.subject(),
                    by.actor(),
                    data={"held": len(held)},
                    private={"name": by.short, "reference": complaint.reference},
                )
            )
    except IntegrityError as error:
        if Complaint.objects.filter(reference=complaint.reference).exists():
            raise Refused(f"{complaint.reference} is in use. Enter the next number.") from error
        raise
    return complaint, held


def _name(complaint: Complaint, people: Iterable[User], part: Named.Part) -> None:
    Named.objects.bulk_create(
        Named(complaint=complaint, officer=person, part=part) for person in people
    )


def _place(complaint: Complaint) -> Place | None:
    if complaint.latitude is None or complaint.longitude is None:
        return None
    return Place(complaint.latitude, complaint.longitude, complaint.radius)


def _hold(by: User, complaint: Complaint, people: list[User]) -> list[Hold]:
    """What is there, and from now on what arrives. A second one only ever adds to the first."""
    return retention.watch(
        by=by,
        kind=Kind.COMPLAINT,
        reference=complaint.reference,
        reason=f"Complaint {complaint.reference}",
        officers=people,
        start=complaint.start,
        end=complaint.end,
        place=_place(complaint),
    )


def hold_again(*, by: User, row: Complaint) -> list[Hold]:
    """Hold what the complaint asks for as it is now; in the caller's transaction."""
    return _hold(by, row, list(User.objects.filter(pk__in=row.named.values("officer"))))


def reopen(*, by: User, row: Complaint) -> None:
    """Open it again, where it is closed, with its hold; in the caller's transaction."""
    if row.status == Complaint.Status.CLOSED:
        row.closed_on = row.closed_by = None
        hold_again(by=by, row=row)


def change_record(
    *, by: User, complaint: Complaint, version: int | None, values: Mapping[str, Any]
) -> tuple[Complaint, int, bool]:
    """Correct the record. The row; how many recordings its hold has come to keep besides; and
    whether the time or the place became narrower, which ends no hold.

    Raises NotAllowed, Conflict, Refused, ValidationError; then nothing is kept.
    """
    with transaction.atomic():
        row = opened(by=by, complaint=complaint, permission="complaint.change", version=version)
        still_open(row)
        before = {name: getattr(row, name) for name in RECORD}
        changed = [name for name in RECORD if name in values and values[name] != before[name]]
        if not changed:
            return row, 0, False
        if Complaint.Standing.NONE in (before["standing"], values.get("standing")) and (
            "standing" in changed
        ):
            # Without a complainant there is no review period, which may be running.
            undecided(row, "Whether somebody complained changes")
        for name in changed:
            setattr(row, name, values[name])
        row.full_clean(validate_unique=False)
        check_dates(received=row.received, start=row.start, end=row.end)
        people = {person.pk for person in row.officers.all()}
        if by.pk in tied(people, row.start):
            raise NotAllowed(TIED)
        more, narrower = 0, False
        if set(changed) & set(HELD_BY):
            before_count = _held(row)
            hold_again(by=by, row=row)
            more = _held(row) - before_count
            narrower = row.start > before["start"] or row.end < before["end"] or (
                before["latitude"] is not None
                and (row.latitude != before["latitude"] or row.longitude != before["longitude"]
                     or row.radius < before["radius"])
            )  # fmt: skip
        saved(
            by=by, row=row, kind="complaint.changed", data={"fields": sorted(changed)},
            private={
                "before": {name: str(before[name] or "")[:500] for name in changed},
                "after": {name: str(getattr(row, name) or "")[:500] for name in changed},
            },
        )  # fmt: skip
        let_go(by, row)
    return row, more, narrower


def _held(row: Complaint) -> int:
    return Hold.objects.filter(
        kind=Kind.COMPLAINT, reference=row.reference, released_at=None
    ).count()


def let_go(by: User, row: Complaint) -> None:
    """Take it from a handler or authority who may not have it any more."""
    was = _taken_from(row)
    if was:
        saved(by=by, row=row, kind="complaint.handed", data={"fields": sorted(was)},
              private={"before": was})  # fmt: skip


def _taken_from(row: Complaint) -> dict[str, str]:
    """Whom it was taken from, by what they were; the row is not saved yet."""
    people = conflicted(row)
    gone = [name for name in ("authority", "handler") if getattr(row, f"{name}_id") in people]
    was = {name: getattr(row, name).short for name in gone}
    for name in gone:
        setattr(row, name, None)
    return was


def let_go_all() -> int:
    """For nights: take open complaints from whoever came into conflict since, as by another
    supervisor. They don't see them any more, so nobody would mind their days. How many."""
    rows = Complaint.objects.exclude(status=Complaint.Status.CLOSED)
    people = User.objects.filter(
        Q(pk__in=rows.values("handler")) | Q(pk__in=rows.values("authority"))
    )
    count = 0
    for person in people:
        theirs = rows.filter(Q(handler=person) | Q(authority=person))
        for pk in list(theirs.filter(pk__in=conflicts_of(person)).values_list("pk", flat=True)):
            count += _let_go_of(pk)
    return count


def _let_go_of(pk: int) -> bool:
    with transaction.atomic():
        row = Complaint.objects.select_for_update(of=("self",)).get(pk=pk)
        was = _taken_from(row)
        if was:
            row.version += 1
            row.save(update_fields=[*was, "version"])
            actor = service("complaints")
            record(
                Draft(
                    "complaint.handed", row.subject(), actor, data={"fields": sorted(was)},
                    private={"name": actor.name, "reference": row.reference, "before": was},
                )
            )  # fmt: skip
    return bool(was)


def name_officers(
    *, by: User, complaint: Complaint, version: int | None,
    officers: Iterable[User] = (), present: Iterable[User] = (),
) -> tuple[Complaint, int]:  # fmt: skip
    """Name more officers, and hold their footage too. The row, and how many recordings more.

    Somebody who was there may become somebody it is about, and the other way round while
    nothing was served. Raises NotAllowed, Conflict, Refused.
    """
    with transaction.atomic():
        row = opened(by=by, complaint=complaint, permission="complaint.change", version=version)
        still_open(row)
        wanted = dict.fromkeys(present, Named.Part.PRESENT)
        wanted |= dict.fromkeys(officers, Named.Part.SUBJECT)
        if not wanted:
            raise Refused("Enter at least one officer.")
        check_recorder(by=by, officers=wanted, start=row.start)
        known = {named.officer_id: named for named in row.named.all()}
        for person, part in wanted.items():
            named = known.get(person.pk)
            if named is None:
                Named.objects.create(complaint=row, officer=person, part=part)
            elif named.part != part:
                if named.served_on is not None:
                    raise Refused(f"{person.short} was served with a notice; that stands.")
                Named.objects.filter(pk=named.pk).update(part=part)
        before = _held(row)
        hold_again(by=by, row=row)
        more = _held(row) - before
        saved(
            by=by, row=row, kind="complaint.named", data={"count": len(wanted)},
            private={"who": [person.short for person in wanted]},
        )  # fmt: skip
        let_go(by, row)
    return row, more


def unname_officer(
    *, by: User, complaint: Complaint, version: int | None, named: Named, reason: str
) -> Complaint:
    """Take out an officer who was named by mistake. What is held stays held.

    Raises NotAllowed, Conflict, Refused.
    """
    with transaction.atomic():
        row = opened(by=by, complaint=complaint, permission="complaint.change", version=version)
        still_open(row)
        found = row.named.select_for_update(of=("self",)).filter(pk=named.pk).first()
        if found is None:
            return row
        if not reason.strip():
            raise Refused("Enter why this officer was named by mistake.")
        if found.served_on is not None:
            raise Refused(f"{found.officer.short} was served with a notice; that stands.")
        for allegation in row.allegations.filter(officers=found.officer):
            allegation.officers.remove(found.officer)
        who = found.officer.short
        found.delete()
        saved(by=by, row=row, kind="complaint.unnamed",
              private={"who": [who], "reason": reason.strip()[:300]})  # fmt: skip
    return row
