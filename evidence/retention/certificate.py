"""The certificate of disposal: what of a batch was destroyed, why, by whom, and how that is known.

It is made from what stays (`Tombstone`), so it can be made again as long as the rows are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from reportlab.lib.units import mm
from reportlab.platypus import Spacer

from evidence.custody import paper
from evidence.custody.models import Checkpoint
from evidence.custody.paper import CELL, HEAD, MONO, SMALL, TITLE, WIDTH, eights, moment, p
from evidence.custody.record import Draft, record
from evidence.people.models import User
from evidence.retention.models import Batch, Item, Tombstone

# A table of so many rows is laid out at once; a batch is of some thousands.
ROWS = 200
SHARES = (0.24, 0.16, 0.38, 0.22)


class NoCertificate(ValueError):
    """There is nothing to certify yet. Its sentence says so."""


def make(*, by: User, batch: Batch) -> bytes:
    """The certificate of what of this batch is gone, but for what whoever asks recorded: the pages
    tell them nothing of that. That it was given to them stands in the log. Raises NoCertificate.
    """
    rows = Tombstone.objects.filter(item__batch=batch).exclude(recording__officer=by)
    if not rows.exists():
        raise NoCertificate("Nothing of this batch has been destroyed yet.")
    newest = Checkpoint.objects.order_by("-size").first()
    sheet = paper.Sheet(
        settings.FORCE_NAME, "Certificate of disposal", batch.reference, by.short, timezone.now(),
        newest.size if newest else 0,
    )  # fmt: skip
    made = paper.render(sheet, list(_story(batch, by, sheet.checkpoint)))
    with transaction.atomic():
        data = {"size": len(made), "sha256": hashlib.sha256(made).hexdigest()}
        record(Draft("disposal.certified", batch.subject(), by.actor(), data=data,
                     private={"name": by.short}))  # fmt: skip
    return made


def _story(batch: Batch, by: User, checkpoint: int) -> Iterator[Any]:
    rows = Tombstone.objects.filter(item__batch=batch).exclude(recording__officer=by)
    said = rows.aggregate(size=Sum("size"))
    files, size = rows.count(), said["size"] or 0
    gone = batch.items.filter(state=Item.State.GONE).exclude(recording__officer=by)
    recordings = gone.count()
    first, last = rows.order_by("gone_at").first(), rows.order_by("-gone_at").first()
    assert first and last
    yield p("Certificate of disposal", TITLE)
    yield p(f"{settings.FORCE_NAME} · batch {batch.reference}")
    yield Spacer(1, 4 * mm)
    yield p(
        f"{recordings:,} recording{'' if recordings == 1 else 's'}, "
        f"{files:,} original file{'' if files == 1 else 's'}, {filesizeformat(size)} "
        f"({size:,} bytes), with every copy that was made of them, were destroyed between "
        f"{moment(first.gone_at)} and {moment(last.gone_at)}. After each, the store was asked "
        "whether it still had it, and did not."
    )
    yield from _grounds(batch)
    yield from _kept(batch, recordings, by)
    yield p("What was destroyed", HEAD)
    for start in range(0, files, ROWS):
        yield _table(list(rows.order_by("gone_at", "pk")[start : start + ROWS]))
    yield p("How to check it", HEAD)
    signed = f"checkpoint {checkpoint:,}" if checkpoint else "the next checkpoint"
    yield p(
        "Each file has an event evidence.deleted in the custody log, which is signed up to "
        f"{signed}: ask for its proof by the file's reference, and check it with bwv_verify.py. "
        "The event names the fingerprint that the dock took when the file came (event "
        "evidence.received), the objects, and what the store answered. This paper says nothing of "
        "copies outside this system: of those that were handed over, the shares' receipts tell.",
        CELL,
    )


def _grounds(batch: Batch) -> Iterator[Any]:
    yield p("Why, and who let go of it", HEAD)
    yield p(f"Rule: {batch.ground}.", CELL)
    if batch.rule is not None:
        yield p(f"Version {batch.rule.version} of the rule. Source: {batch.rule.source}", CELL)
    if batch.by_rule:
        yield p(
            f"Released by the rule by itself on {moment(batch.proposed_at)}; what it keeps no "
            "longer needs no person's decision.", CELL,
        )  # fmt: skip
    else:
        proposed = batch.proposed_by.short if batch.proposed_by else ""
        agreed = batch.decided_by.short if batch.decided_by else ""
        yield p(f"Proposed by {proposed} on {moment(batch.proposed_at)}: {batch.reason}", CELL)
        if batch.decided_at:
            words = batch.decision_reason
            yield p(f"Agreed to by {agreed} on {moment(batch.decided_at)}: {words}", CELL)
    if batch.goes_at:
        yield p(f"It could be restored until {moment(batch.goes_at)}.", CELL)


def _kept(batch: Batch, recordings: int, by: User) -> Iterator[Any]:
    others = batch.count - recordings
    if others > 0:
        yield p(
            f"Of the {batch.count:,} recordings of this batch, {others:,} "
            f"{'is' if others == 1 else 'are'} not in this certificate: kept, restored, not "
            f"destroyed yet, or recorded by {by.short}, who printed it.", CELL,
        )  # fmt: skip


def _table(rows: list[Tombstone]) -> Any:
    head = ("File, recorded", "Size", "SHA-256", "Destroyed, objects, store's answer")
    return paper.table(
        head,
        [
            (
                [p(row.reference, CELL),
                 p(moment(row.recorded_at) if row.recorded_at else "time not known", SMALL)],
                [p(filesizeformat(row.size), CELL), p(f"{row.size:,} bytes", SMALL)],
                [p(eights(row.sha256), MONO)],
                [p(moment(row.gone_at), CELL), p(_answered(row), SMALL)],
            )
            for row in rows
        ],
        [WIDTH * share for share in SHARES],
    )  # fmt: skip


def _answered(row: Tombstone) -> str:
    """12 objects; original: 204 17A3F…"""
    count = len(row.answers)
    own = next((one for one in row.answers if one["what"] == "original"), None)
    said = " ".join(filter(None, (own["status"], own["request"]))) if own else ""
    return f"{count} object{'' if count == 1 else 's'}; original: {said or 'no answer kept'}"
