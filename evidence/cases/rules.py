"""What can't be true of a case: dates that don't fit one another, said before anything is kept."""

from __future__ import annotations

from datetime import date, datetime, time

from django.utils import timezone

from evidence.cases import formats
from evidence.cases.models import Case
from evidence.cases.periods import Facts, Period, day, period
from evidence.recordings import said
from evidence.retention import reckoning as retention

EARLIEST = date(1900, 1, 1)
LATEST = date(2200, 1, 1)


def facts(case: Case) -> Facts:
    """What is known of how a case ended, as the periods are computed from."""
    return Facts(
        case.result, case.result_on, case.custodial, case.released_on, case.appeal,
        case.appeal_ended_on,
    )  # fmt: skip


def kept(case: Case) -> Period:
    """Until when the case keeps its footage, and why, in words."""
    return period(facts(case))


def group_until(case: Case) -> date | None:
    """The last day of the clear period of the case's MoPI group, from the day of its result; None
    as long as nobody can know, and for a group that asks for somebody's age."""
    if case.group is None or case.result_on is None:
        return None
    start = timezone.make_aware(datetime.combine(case.result_on, time()))
    end = retention.group_until(case.group, start)
    return timezone.localtime(end).date() if end else None


def group_words(case: Case) -> str:
    """What the group means for its footage; empty without one."""
    if case.group is None:
        return ""
    until = group_until(case)
    if until:
        end = f"until {day(until)}, {case.group.years} years from the result"
    elif case.group.years is None:
        end = "until somebody says otherwise: it goes by a person's age"
    else:
        end = f"until there is a result, and {case.group.years} years from then"
    return f"{case.group}: kept {end} ({case.group.source})."


def problems(case: Case) -> dict[str, str]:
    """Everything that is wrong with a case, by field, in words; empty where nothing is."""
    found: dict[str, str] = {}
    try:
        formats.urn(case.urn)
    except ValueError as error:
        found["urn"] = str(error)
    try:
        said.crime_reference(case.crime_reference)
    except ValueError as error:
        found["crime_reference"] = str(error)
    if not case.title.strip():
        found["title"] = "Enter a title, like R v Marsh"
    return found | _dates(case)


def _dates(case: Case) -> dict[str, str]:
    found, today = {}, timezone.localdate()
    names = {
        "result_on": "the result", "released_on": "the release",
        "appeal_ended_on": "the appeal's decision",
        "investigation_ended_on": "the end of the investigation",
    }  # fmt: skip
    for name, words in names.items():
        day: date | None = getattr(case, name)
        if day and not EARLIEST <= day <= LATEST:
            found[name] = f"Enter a real date for {words}"
    if case.result and case.result_on is None:
        found["result_on"] = "Enter the day of the result"
    if case.result_on and not case.result:
        found["result"] = "Select the result of that day, or take the date away"
    for name in ("result_on", "appeal_ended_on", "investigation_ended_on"):
        day = getattr(case, name)
        if day and day > today and name not in found:
            found[name] = f"The day of {names[name]} can't be after today, {today:%-d %b %Y}"
    convicted = case.result == Case.Result.CONVICTED
    for name in ("released_on", "appeal_ended_on"):
        day = getattr(case, name)
        if not day or name in found:
            continue
        if not convicted:
            found[name] = f"The day of {names[name]} needs the result Convicted"
        elif case.result_on and day < case.result_on:
            found[name] = (
                f"The day of {names[name]} can't be before the conviction, "
                f"{case.result_on:%-d %b %Y}"
            )
    return found
