"""Who works on a case: joining its team opens its footage, leaving closes it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from evidence.cases.actions import common
from evidence.cases.models import Case, CaseMember
from evidence.custody.record import Draft, record
from evidence.people import typed
from evidence.people.models import User
from evidence.people.table import Scope


def somebody(text: str) -> User:
    """A person by collar number or user name. Raises ValueError naming what is not known."""
    asked = text.replace("\0", "").strip()
    if not asked:
        raise ValueError("Enter a collar number, like 4127")
    found = User.objects.filter(Q(collar__iexact=asked) | Q(username__iexact=asked))
    one = found.order_by("pk").first()
    if one is None or not one.is_active:
        raise ValueError(f"There is nobody with the collar number {asked[:40]}. Check it.")
    if one.scope("case.view") is Scope.NONE:
        raise ValueError(common.NO_ROLE.format(who=one.short))
    return one


def add_member(
    *, by: User, case: Case, person: User, part: str, reason: str, until: datetime | None = None
) -> CaseMember:
    """Give somebody a part in a case; again, with the same end: the same row.

    Raises NotAllowed, ValueError.
    """
    why = typed.reason(reason, "Enter why this person works on the case.")
    if part not in CaseMember.Part.values:
        raise ValueError("Select what this person does in the case.")
    if until is not None and until <= timezone.now():
        raise ValueError("Enter an end after now, or leave it empty.")
    if person.scope("case.view") is Scope.NONE:
        raise ValueError(common.NO_ROLE.format(who=person.short))
    with transaction.atomic():
        row = common.locked(by, case)
        same = row.members.filter(person=person, part=part, removed_at=None).first()
        if same is not None:
            if same.until is None or same.until > timezone.now():
                if same.until == until:
                    return same
                # Not silently kept as it was: whoever asks believes the new end.
                end = f" until {timezone.localtime(same.until):%-d %b %Y}" if same.until else ""
                raise ValueError(
                    f"{person.short} works on this case already{end}. Take them off first, then "
                    "add them with the other end."
                )
            # It ran out: closed where it ended, so that there is one row a stay.
            same.removed_at = same.until
            same.save(update_fields=["removed_at"])
        made = CaseMember.objects.create(
            case=row, person=person, part=part, reason=why, added_by=by, until=until
        )
        details = _details(by, made) | {"reason": why}
        if until:
            details["until"] = f"{timezone.localtime(until):%-d %b %Y %H:%M}"
        _written("case.member_joined", by, made, details)
    return made


def remove_member(*, by: User, member: CaseMember, reason: str) -> CaseMember:
    """End somebody's part now: at their next request the case's footage is closed to them.

    Raises NotAllowed, ValueError.
    """
    why = typed.reason(reason, "Enter why this person no longer works on the case.")
    with transaction.atomic():
        common.locked(by, member.case)
        row = CaseMember.objects.select_for_update(of=("self",)).get(pk=member.pk)
        if row.removed_at is None:
            row.removed_at, row.removed_by = timezone.now(), by
            row.save(update_fields=["removed_at", "removed_by"])
            _written("case.member_left", by, row, _details(by, row) | {"reason": why})
    return row


def _details(by: User, member: CaseMember) -> dict[str, str]:
    part = str(CaseMember.Part(member.part).label).lower()
    return {"name": by.short, "person": member.person.short, "part": part}


def _written(kind: str, by: User, member: CaseMember, details: dict[str, str]) -> None:
    data = {"member": member.pk}
    record(Draft(kind, member.case.subject(), by.actor(), data=data, private=details))
