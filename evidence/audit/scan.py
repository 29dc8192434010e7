"""Reads new events in the log's order and writes down what the rules find.

A stored position says how far it came. Each batch is one transaction under that row's lock:
what dies is read again, what two do at once is done by one, and what was found already is the
same row (unique by rule and event). No page ever searches the log for unusual looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import structlog
from django.db import transaction
from django.db.models import Q

from evidence.audit import facts
from evidence.audit.models import Position, Unusual
from evidence.audit.rules import RULES, Facts
from evidence.custody import sequencer
from evidence.custody.models import Event

log = structlog.get_logger(__name__)
NAME = "unusual"
BATCH = 1000
# Of one task; the next beat goes on. A first run over a large log: `manage.py audit scan`.
MOST_BATCHES = 50


def run(batches: int | None = MOST_BATCHES) -> int:
    """Read on until the log's end, or that many batches; how many events that was."""
    total = done = 0
    while batches is None or done < batches:
        read = _batch()
        total, done = total + read, done + 1
        if read < BATCH:
            break
    if total:
        log.info("log read for unusual looks", events=total)
    return total


def _batch() -> int:
    Position.objects.get_or_create(name=NAME)
    with transaction.atomic():
        # Not waited for: who holds it reads what this one would.
        position = Position.objects.select_for_update(skip_locked=True).filter(name=NAME).first()
        if position is None:
            return 0
        start, end = position.next, min(position.next + BATCH, sequencer.tree_size())
        if end <= start:
            return 0
        events = Event.objects.filter(index__gte=start, index__lt=end).order_by("index")
        events = events.filter(Q(type__in=facts.footage_looks()) | Q(outcome="denied"))
        Unusual.objects.bulk_create(_found(list(events.defer("leaf"))), ignore_conflicts=True)
        position.next = end
        position.save(update_fields=["next"])
        return end - start


def _found(events: Sequence[Event]) -> Iterator[Unusual]:
    """One row for each rule that fires, its key once in this batch."""
    by_index = {event.index: event for event in events}
    keys: set[tuple[str, str]] = set()
    for known in facts.gather(events):
        for row in _fired(known, by_index[known.look.index]):
            if (row.rule, row.key) not in keys:
                keys.add((row.rule, row.key))
                yield row


def _fired(known: Facts, event: Event) -> Iterator[Unusual]:
    for rule in RULES:
        finding = rule.fires(known)
        if finding is not None:
            yield Unusual(
                rule=rule.name,
                key=finding.key,
                event_index=event.index,
                person=known.refused or event.actor_ref,
                object_ref=event.object_ref,
                at=event.time,
                facts=finding.facts,
            )
