"""What is due and how far disposal is, for a terminal and for machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Sum
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from evidence.recordings.keeping import day
from evidence.retention import destroying, disposal_pages, due, restored
from evidence.retention.actions import dropping, releasing
from evidence.retention.calm import calm_until
from evidence.retention.models import Due, Item


@dataclass(frozen=True)
class Report:
    """The same in lines and as data."""

    lines: list[str]
    data: dict[str, Any]


def due_now() -> Report:
    """The dry run of everything: sweeps the list through, and proposes nothing."""
    while due.sweep(chunks=20) >= 20 * due.CHUNK:
        pass
    now = timezone.now()
    groups = [
        ("due", due.groups(by_rule=False, to=now)),
        ("soon", due.groups(by_rule=False, after=now, to=now + due.look_ahead())),
        ("by its rule", due.groups(by_rule=True, to=now + due.look_ahead())),
    ]
    lines, data = [], []
    for when, found in groups:
        for group in found:
            along = []
            if when == "due":
                along = due.trial(group.rule, releasing.MOST).along
            size = filesizeformat(group.size)
            since = day(timezone.localtime(group.oldest).date())
            lines.append(f"{when}: {group.words}: {group.said} recordings, {size}, from {since}")
            lines += [f"  {one.words}" for one in along]
            lines += [f"  for example {row.recording.reference}" for row in group.examples]
            data.append({
                "when": when, "rule": group.rule.pk, "ground": group.words,
                "source": group.rule.source, "count": group.count, "more": group.more,
                "bytes": int(group.size), "oldest": group.oldest.isoformat(),
                "examples": [row.recording.reference for row in group.examples],
                "along": [{"count": one.count, "words": one.words} for one in along],
            })  # fmt: skip
    return Report(lines or ["Nothing is due."], {"groups": data})


def run() -> Report:
    """Everything that the workers do by themselves, at once and to its end."""
    due.sweep(chunks=1000)
    dropping.follow_up()
    lapsed, released = dropping.lapse(), releasing.release_by_rule(chunks=1000)
    dropped, done = dropping.drop_kept(), 0
    while (item := destroying.next_item()) is not None:
        done += destroying.destroy(item).state == Item.State.GONE
    dropping.close()
    data = {"released": released, "lapsed": lapsed, "kept_after_all": dropped, "destroyed": done}
    words = [f"{name.replace('_', ' ')}: {number:,}" for name, number in data.items()]
    return Report(words, data | {"held_up": held_up()})


def status() -> Report:
    """Recordings on their way out by state, and what stands in the way of some."""
    rows = Item.objects.order_by().filter(state__in=Item.OPEN).values_list("state")
    found = {
        state: {"count": count, "bytes": size or 0}
        for state, count, size in rows.annotate(Count("pk"), Sum("size"))
    }
    lines = [
        f"{Item.State(state).label}: {row['count']:,} recordings, {filesizeformat(row['bytes'])}"
        for state, row in found.items()
    ]
    stuck = disposal_pages.held_up()[:100]
    lines += [f"Held up: {row.recording.reference} in {row.batch.reference}: {row.problem}"
              for row in stuck]  # fmt: skip
    until = calm_until()
    if until is not None:
        lines.append(
            f"The database was restored: nothing new is destroyed before "
            f"{timezone.localtime(until):%-d %b %Y %H:%M}. Do again what the log says since."
        )
    problems = [
        {"recording": row.recording.reference, "batch": row.batch.reference,
         "problem": row.problem, "since": row.problem_at.isoformat() if row.problem_at else None}
        for row in stuck
    ]  # fmt: skip
    data = {"states": found, "held_up": held_up(), "problems": problems}
    return Report(lines or ["Nothing is on its way out."], data)


def again() -> Report:
    """After a restore: what the log says was disposed of, disposed of again. Raises StoreError."""
    lines, data = [], []
    for one in restored.dispose_again():
        lines.append(f"{one.reference}: {one.problem or 'disposed of, as before'}")
        data.append({"recording": one.reference, "problem": one.problem})
    return Report(lines or ["No rows came back of what was disposed of."], {"again": data})


def held_up() -> int:
    """How many can't be destroyed. Few of many, by an index of their own."""
    return disposal_pages.held_up().order_by().count()


def due_count() -> int:
    """How many are due and wait for people, up to the most that is counted."""
    now = timezone.now()
    rows = Due.objects.filter(by_rule=False, until__lte=now).order_by()
    return rows.values("pk")[: due.MOST + 1].count()
