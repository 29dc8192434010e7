"""Opening a case, and changing what is said of it."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from evidence.cases import formats, rules
from evidence.cases.actions import common
from evidence.cases.models import Case, CaseMember
from evidence.custody.record import Draft, record
from evidence.people import typed
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.people.table import Scope
from evidence.recordings import said
from evidence.retention import actions as retention
from evidence.retention.models import Kind

# What people change by the form; the rest follows.
FIELDS = (
    "urn", "crime_reference", "title", "offence", "officer_in_case", "status", "result",
    "result_on", "custodial", "released_on", "appeal", "appeal_ended_on",
    "investigation_ended_on", "group",
)  # fmt: skip
TAKEN = "There is a case with the URN {urn} already."


class Conflict(Exception):
    """Somebody else saved the case meanwhile; nothing was kept. `theirs` is the case as it is."""

    def __init__(self, theirs: Case) -> None:
        self.theirs = theirs
        who = theirs.changed_by.short if theirs.changed_by else "Somebody"
        at = f" at {timezone.localtime(theirs.changed_at):%H:%M}" if theirs.changed_at else ""
        super().__init__(f"{who} saved this{at}. Compare and choose.")


def save(*, by: User, case: Case, changed: list[str], version: int | None = None) -> Case:
    """Open a case, or keep what was changed in it.

    `version` is the one that was read before editing: another one meanwhile is a conflict.
    Raises NotAllowed, Conflict, ValueError; then nothing is kept.
    """
    if not by.may("case.change"):
        raise NotAllowed("You can't change cases.")
    case.urn = case.urn.strip().upper()
    # One line each: they stand in tables, papers and heads of mails.
    case.title, case.offence = typed.one_line(case.title), typed.one_line(case.offence)
    wrong = rules.problems(case)
    if wrong:
        raise ValueError(next(iter(wrong.values())))
    case.crime_reference = said.crime_reference(case.crime_reference)
    if _taken(case):
        raise ValueError(TAKEN.format(urn=case.urn))
    try:
        with transaction.atomic():
            return _open(by, case) if case.pk is None else _change(by, case, changed, version)
    except IntegrityError:
        raise ValueError(TAKEN.format(urn=case.urn)) from None


def _taken(case: Case) -> bool:
    return Case.objects.filter(slug=formats.slug(case.urn)).exclude(pk=case.pk).exists()


def _may_lead(person: User | None) -> None:
    """Raises ValueError for an officer in the case who could not see it."""
    if person is not None and person.scope("case.view") is Scope.NONE:
        raise ValueError(common.NO_ROLE.format(who=person.short))


def _open(by: User, case: Case) -> Case:
    _may_lead(case.officer_in_case)
    case.opened_by = case.changed_by = by
    case.changed_at = timezone.now()
    case.keep_until = rules.kept(case).until
    case.save()
    private = {"name": by.short, "reference": case.urn, "title": case.title}
    record(Draft("case.opened", case.subject(), by.actor(), private=private))
    # Whoever opens it must find it again: else they would lose it with the last click.
    if case.officer_in_case_id != by.pk and by.scope("case.view") < Scope.ALL:
        CaseMember.objects.create(
            case=case, person=by, part=CaseMember.Part.CASE, reason="Opened the case", added_by=by
        )
    return case


def _change(by: User, case: Case, changed: list[str], version: int | None) -> Case:
    fields = [name for name in FIELDS if name in changed]
    row = common.locked(by, case)
    if version is not None and row.version != version:
        raise Conflict(Case.objects.select_related("changed_by", "officer_in_case").get(pk=row.pk))
    before = _shown(row, fields)
    old, officer = row.urn, row.officer_in_case_id
    for name in fields:
        setattr(row, name, getattr(case, name))
    wrong = rules.problems(row)
    if wrong:
        raise ValueError(next(iter(wrong.values())))
    if row.officer_in_case_id != officer:
        _may_lead(row.officer_in_case)
    after = _shown(row, fields)
    fields = [name for name in fields if before[name] != after[name]]
    if fields:
        row.version += 1
        row.changed_by, row.changed_at = by, timezone.now()
        row.keep_until = rules.kept(row).until
        row.save()
        if row.urn != old:
            retention.renamed(kind=Kind.CASE, old=old, new=row.urn)
        details: dict[str, Any] = {
            "name": by.short,
            "before": {name: before[name] for name in fields},
            "after": {name: after[name] for name in fields},
        }
        record(
            Draft(
                "case.changed", row.subject(), by.actor(), data={"fields": sorted(fields)},
                private=details,
            )
        )  # fmt: skip
        # A result that was changed back: the case's period has not ended after all.
        if row.keep_until is None or row.keep_until >= timezone.localdate():
            common.hold_again(by, row)
    for name in ("version", "changed_by", "changed_at", "keep_until", "holds_released_at"):
        setattr(case, name, getattr(row, name))
    return case


def _shown(case: Case, fields: list[str]) -> dict[str, str]:
    return {name: shown(case, name) for name in fields}


def shown(case: Case, name: str) -> str:
    """A field's value in words, as the log and the pages say it."""
    value = getattr(case, name)
    if name in ("status", "result"):
        return str(getattr(case, f"get_{name}_display")())
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name.endswith("_on"):
        return f"{value:%-d %b %Y}" if value else ""
    return value.short if isinstance(value, User) else str(value or "")
