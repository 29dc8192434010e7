"""What the database knows of why a recording is kept, for the engine to decide on.

This is the whole truth, holds of complaints included: for machines and for those who may know.
What a reader may see of it is `evidence.recordings.keeping`.
"""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from evidence.recordings import rules
from evidence.recordings.keeping import day
from evidence.recordings.models import Recording, Rule
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
    found = []
    try:
        ends = book.ends(recording)
    except LookupError as error:
        # Nobody can say how long: then nobody disposes of it.
        found.append(Ground("no-rule", str(error), None))
    else:
        found.append(Ground(code_of(ends.rule), words_of(ends.rule), _known(ends.by_rule),
                            ends.rule.source))  # fmt: skip
        found.append(Ground("arrival", "So long after it was docked", ends.by_arrival))
    if recording.restricted == Recording.Restriction.OUTSIDE:
        found.append(Ground("outside", "From outside the force, not accepted yet", None))
    for row in Grouping.objects.filter(recording=recording, ended_at=None).select_related("group"):
        found.append(_grouped(row, recording))
    for fresh in Fresh.objects.filter(recording=recording):
        words = f"Restored on {day(timezone.localtime(fresh.created).date())}: a fresh period"
        found.append(Ground(f"fresh:{fresh.pk}", words, fresh.until))
    for provider in registry.periods:
        for one in provider(recording):
            found.append(Ground(one.code, one.words, one.until, one.source))
    return found


def _known(moment: datetime) -> datetime | None:
    return None if moment == rules.NEVER else moment


def _grouped(row: Grouping, recording: Recording) -> Ground:
    code, source = f"group:{row.group.code}", row.group.source
    words = f"{row.group}, {row.group.words}"
    if row.group.years is None:
        until = _hundred(row)
        return Ground(code, words, until, source)
    return Ground(code, words, _known(rules.group_ends(row.group, recording.happened_at)), source)


def _hundred(row: Grouping) -> datetime | None:
    if row.born_on is None:
        return None
    born = timezone.make_aware(datetime(row.born_on.year, row.born_on.month, row.born_on.day))
    return _known(rules.years_after(born, 100))


def code_of(rule: Rule) -> str:
    """rule:non-evidential:2, as the log and a machine name a version."""
    return f"rule:{rule.category.code if rule.category else 'none'}:{rule.version}"


def words_of(rule: Rule) -> str:
    """Non-evidential: kept 31 days."""
    what = rule.category.name if rule.category else "Without a category"
    long = f"{rule.group}, {rule.group.words}" if rule.group else f"{rule.days} days"
    case = "by its case; without a case " if rule.by_case else ""
    return f"{what}: kept {case}{long}"
