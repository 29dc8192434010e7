"""What the database knows of why a recording is kept, for the engine to decide on.

This is the whole truth, holds of complaints included: for machines and for those who may know.
What a reader may see of it is `evidence.retention.keeping`.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.utils import timezone

from evidence.recordings import rules
from evidence.recordings.keeping import day
from evidence.recordings.models import Group, Recording, Rule
from evidence.retention import registry
from evidence.retention.engine import Ground, Verdict, decide
from evidence.retention.models import Fresh, Grouping, Hold, Kind


def verdict(recording: Recording, book: rules.Rulebook | None = None) -> Verdict:
    """Everything that keeps one recording. A few queries; `book` saves one of them."""
    return decide(_holds(recording), _periods(recording, book or rules.book()))


def _holds(recording: Recording) -> list[Ground]:
    rows = Hold.objects.filter(recording=recording, released_at=None)
    return [Ground(f"hold:{row.pk}", f"{Kind(row.kind).label}: {row.reason}", None) for row in rows]


def _periods(recording: Recording, book: rules.Rulebook) -> list[Ground]:
    found = [*of_rule(recording, book), *of_single(recording)]
    for provider in registry.periods:
        for one in provider(recording):
            found.append(Ground(one.code, one.words, one.until, one.source))
    return found


def of_rule(recording: Recording, book: rules.Rulebook) -> list[Ground]:
    """Its category's rule, and that nothing goes as soon as it has come. One query."""
    arrived = rules.arrivals([recording.pk]).get(recording.pk)
    try:
        ends = book.ends(recording, arrived=arrived)
    except LookupError as error:
        # Nobody can say how long: then nobody disposes of it.
        return [Ground("no-rule", str(error), None)]
    found = [
        Ground(code_of(ends.rule), words_of(ends.rule), known(ends.by_rule), ends.rule.source),
        Ground(
            "arrival",
            f"At least {settings.ARRIVAL_DAYS} days after it was docked",
            known(ends.by_arrival),
        ),
    ]
    if ends.by_change is not None:
        words = "So long after its rule was changed, or as long as the rule before"
        found.append(Ground("change", words, known(ends.by_change)))
    return found


def of_single(recording: Recording) -> list[Ground]:
    """What was said of this one recording: from outside, a group, a fresh period. Two queries."""
    found = []
    if recording.restricted == Recording.Restriction.OUTSIDE:
        found.append(Ground("outside", "From outside the force, not accepted yet", None))
    for row in Grouping.objects.filter(recording=recording).select_related("group"):
        if row.ended_at is None:
            found.append(_grouped(row, recording))
        elif recording.kept_until is not None and row.ended_at >= recording.kept_until:
            # It alone kept the footage: that one person ended it is not the end of the footage.
            words = f"{row.group}, which somebody ended"
            found.append(Ground(f"group:{row.group.code}", words, row.ended_at, row.group.source))
    for fresh in Fresh.objects.filter(recording=recording):
        words = f"Restored on {day(timezone.localtime(fresh.created).date())}: a fresh period"
        found.append(Ground(f"fresh:{fresh.pk}", words, fresh.until))
    return found


def known(moment: datetime) -> datetime | None:
    """None for as long as nobody knows."""
    return None if moment >= rules.NEVER else moment


def end_of(last: date) -> datetime:
    """The moment after the last day on which something is kept."""
    try:
        return timezone.make_aware(datetime.combine(last + timedelta(days=1), time()))
    except OverflowError:
        return rules.NEVER


def group_until(group: Group, start: datetime, born: date | None = None) -> datetime | None:
    """When a group's period ends that began then; None as long as nobody can say."""
    if group.years is not None:
        return known(rules.group_ends(group, start))
    if born is None:
        return None
    birth = timezone.make_aware(datetime.combine(born, time()))
    return known(rules.years_after(birth, rules.HUNDRED))


def _grouped(row: Grouping, recording: Recording) -> Ground:
    words = f"{row.group}, {row.group.words}"
    until = group_until(row.group, recording.happened_at, row.born_on)
    return Ground(f"group:{row.group.code}", words, until, row.group.source)


def code_of(rule: Rule) -> str:
    """rule:non-evidential:2, as the log and a machine name a version."""
    return f"rule:{rule.category.code if rule.category else 'none'}:{rule.version}"


def words_of(rule: Rule) -> str:
    """Non-evidential: kept 31 days."""
    what = rule.category.name if rule.category else "Without a category"
    case = "by its case; without a case " if rule.by_case else ""
    return f"{what}: kept {case}{rules.long(rule)}"
