"""Cheaper storage classes by rule, where the store has them.

The worker tags originals; the store's own lifecycle moves what is tagged. A store that does not
take such a lifecycle moves nothing: then nothing is tagged, and the page says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog
from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from evidence.recordings.models import Original
from evidence.store import buckets, s3
from ingest.accounting.models import ColdRule, Measured

log = structlog.get_logger(__name__)
TAG = "bwv-class"
BATCH = 200
MOST = 20_000  # tagged in one run
# From these nothing can be read at once: no play, no share, no fixity.
TOO_COLD = ("GLACIER", "DEEP_ARCHIVE")


def classes() -> list[str]:
    """The classes that rules may name: those that the operator says the store has."""
    return [one for one in settings.COLD_CLASSES if one not in TOO_COLD]


def run() -> int:
    """Set the store's lifecycle to what the active rules want, and tag what is due; how many."""
    rules = list(ColdRule.objects.filter(active=True))
    wanted = sorted({rule.storage_class for rule in rules} & set(classes()))
    accepted = _lifecycle(wanted)
    return sum(tag_due(rule, rules) for rule in rules if rule.storage_class in accepted)


def _lifecycle(wanted: Sequence[str]) -> list[str]:
    """What the store says that it will do, kept for the page."""
    accepted: list[str] = []
    problem = ""
    # Not asked at all by a force that never had a cold class: some stores answer with an error.
    if wanted or Measured.objects.exclude(cold_classes=[]).exists():
        try:
            accepted = buckets.move_tagged(s3.bucket("originals"), TAG, wanted)
            missing = sorted(set(wanted) - set(accepted))
            if missing:
                problem = f"The store took no rule for {', '.join(missing)}."
        except s3.StoreError as error:
            problem = str(error)[:300]
            log.warning("the store takes no lifecycle", error=problem)
    Measured.objects.get_or_create(pk=1)
    Measured.objects.filter(pk=1).update(
        cold_classes=accepted, cold_problem=problem, cold_tried_at=timezone.now()
    )
    return accepted


def due(rule: ColdRule, rules: Sequence[ColdRule]) -> QuerySet[Original, Original]:
    """Originals that this rule moves and that are not moved yet. A category's own rule comes
    before the one for every category."""
    before = timezone.now() - timedelta(days=rule.after_days)
    found = Original.objects.filter(
        recording__happened_at__lt=before, recording__disposed_at=None, cold_class=""
    ).exclude(storage_class=rule.storage_class)
    if rule.category_id is not None:
        return found.filter(recording__category=rule.category_id)
    own = [one.category_id for one in rules if one.category_id is not None]
    return found.filter(Q(recording__category=None) | ~Q(recording__category__in=own))


def tag_due(rule: ColdRule, rules: Sequence[ColdRule]) -> int:
    """Tag what is due, and write it down; a worker that dies tags the same again."""
    tagged = 0
    rows = due(rule, rules).order_by("pk")
    last = 0
    while tagged < MOST and (batch := list(rows.filter(pk__gt=last)[:BATCH])):
        last = batch[-1].pk
        for original in batch:
            try:
                tags = buckets.tags("originals", original.key, original.version_id)
                tags[TAG] = rule.storage_class
                buckets.tag("originals", original.key, original.version_id, tags)
            except s3.StoreError as error:
                # A lost object is the count's to find; the others go on.
                log.warning("an original was not tagged", key=original.key, error=str(error))
                continue
            Original.objects.filter(pk=original.pk).update(cold_class=rule.storage_class)
            tagged += 1
    return tagged


def words() -> str:
    """What the page says of the store's cold classes."""
    if not settings.COLD_CLASSES:
        return (
            "This store has one storage class, or nobody has said which others it has "
            "(BWV_COLD_CLASSES). Nothing is moved."
        )
    if not ColdRule.objects.filter(active=True).exists():
        return "No rule moves anything to a colder storage class."
    state = Measured.objects.filter(pk=1).first()
    if state is None or state.cold_tried_at is None:
        return "The rules have not been given to the store yet. That happens within the hour."
    if not state.cold_classes:
        return (
            f"The store does not move anything, so nothing is tagged. {state.cold_problem}".strip()
        )
    words = f"The store moves what is tagged to {', '.join(state.cold_classes)}."
    return f"{words} {state.cold_problem}".strip()
