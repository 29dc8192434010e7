"""One count after the other: begun, said to go on, kept, and told when it stops half way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from evidence.custody.record import Draft, Subject, record, service
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.models import Original
from evidence.retention.models import Tombstone
from ingest.accounting.faults import Fault
from ingest.accounting.models import Finding, Run
from ingest.accounting.objects import Beat
from ingest.accounting.reckoning import Reckoning

log = structlog.get_logger(__name__)
ACTOR = service("accounting")
SILENT = timedelta(minutes=30)
BATCH = 500
# New findings that are kept of one kind and area in one run; all are counted.
MOST_KEPT = 10_000
STAGES = {
    "docks": "What docks listed", "originals": "Originals in the store",
    "renditions": "Renditions in the store", "replica": "The replica",
    "custody": "The write-once bucket", "log": "Rows and the custody log",
    "cameras": "Cameras' numbers",
}  # fmt: skip


class Busy(RuntimeError):
    """Another count is under way."""


def begin(*, by: User | None = None) -> Run:
    """The row of a new count. Raises Busy while another one runs."""
    try:
        with transaction.atomic():
            return Run.objects.create(asked_by=by)
    except IntegrityError as error:
        raise Busy("A count is under way already. Its outcome will stand here.") from error


def ask(*, by: User) -> Run:
    """Have everything counted again. Raises NotAllowed, Busy."""
    from ingest.accounting.tasks import count

    if not by.may("accounting.view"):
        raise NotAllowed("There is nothing here that you can have counted.")
    with transaction.atomic():
        run = begin(by=by)
        record(
            Draft(
                "accounting.asked", Subject("accounting"), by.actor(), data={"run": run.pk},
                private={"name": by.short},
            )
        )  # fmt: skip
        transaction.on_commit(lambda: count.delay(run.pk), robust=True)
    return run


def last_done() -> Run | None:
    """The newest count that came to its end."""
    return Run.objects.filter(state=Run.State.DONE).order_by("-started").first()


def running() -> Run | None:
    """The count that is under way."""
    return Run.objects.filter(state=Run.State.RUNNING).first()


def carry_out(run: Run, reckoning: Reckoning) -> Iterator[Fault]:
    """Count, keep what is found, write the event; each fault as it is found.

    Whatever goes wrong on the way is kept as the run's problem, and raised.
    """
    reckoning.beat = _beat(run)
    kept = _Kept(run)
    try:
        for fault in reckoning.faults():
            kept.add(fault)
            yield fault
        kept.write()
        _finish(run, reckoning)
    except BaseException as error:
        # What was found by then is kept, and said: a count that stops hides nothing.
        with suppress(Exception):
            kept.write()
            _say(run, reckoning)
        fail(run, f"{type(error).__name__}: {error}")
        raise


def _beat(run: Run) -> Beat:
    def say(stage: str, number: int) -> None:
        words = STAGES[stage] + (f": {number:,}" if number else "")
        Run.objects.filter(pk=run.pk).update(beat=timezone.now(), stage=words)

    return say


@dataclass
class _Kept:
    """Findings on their way into the table."""

    run: Run
    waiting: list[Fault] = field(default_factory=list)
    new: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, fault: Fault) -> None:
        self.waiting.append(fault)
        if len(self.waiting) >= BATCH:
            self.write()

    def write(self) -> None:
        """Known ones are seen again; of new ones the first so many are kept."""
        now = timezone.now()
        prints = {_fingerprint(fault): fault for fault in self.waiting}
        self.waiting = []
        known = Finding.objects.filter(fingerprint__in=prints, resolved_at=None)
        seen = set(known.values_list("fingerprint", flat=True))
        known.update(last_run=self.run)
        rows = []
        for fingerprint, fault in prints.items():
            kind = (fault.kind, fault.area)
            if fingerprint in seen or self.new.get(kind, 0) >= MOST_KEPT:
                continue
            self.new[kind] = self.new.get(kind, 0) + 1
            rows.append(
                Finding(
                    kind=fault.kind, area=fault.area, what=_storable(fault.what),
                    todo=fault.todo[:300], fingerprint=fingerprint, camera=fault.camera[:64],
                    alias=fault.alias, key=_storable(fault.key), first_seen=now, last_run=self.run,
                )
            )  # fmt: skip
        Finding.objects.bulk_create(rows, ignore_conflicts=True)


def _storable(text: str) -> str:
    """PostgreSQL's text can't hold NUL; keys and names of strangers may."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")[:1100]


def _fingerprint(fault: Fault) -> str:
    said = "\0".join((fault.kind, fault.area, fault.what))
    return hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()


def _finish(run: Run, reckoning: Reckoning) -> None:
    """The numbers, what is not found any more, and the event, in one transaction."""
    with transaction.atomic():
        row = Run.objects.select_for_update().get(pk=run.pk)
        if row.state != Run.State.RUNNING:
            return  # a sweep has given it up: what it found stands, its end is not believed
        row.kinds, row.states = dict(reckoning.kinds), reckoning.states
        row.buckets = {
            alias: {"objects": tally.objects, "bytes": tally.bytes}
            for alias, tally in reckoning.buckets.items()
        }
        row.under_way = sum(tally.under_way for tally in reckoning.buckets.values())
        row.originals, row.disposed = Original.objects.count(), Tombstone.objects.count()
        row.state, row.finished, row.stage = Run.State.DONE, timezone.now(), ""
        row.save()
        over = Finding.objects.filter(~Q(last_run=row), resolved_at=None)
        over.exclude(area__in=reckoning.unseen).update(resolved_at=row.finished)
        kinds = {kind.value: reckoning.kinds.get(kind.value, 0) for kind in Finding.Kind}
        data = {
            "run": row.pk, "faults": reckoning.count, **kinds,
            "files": sum(row.states.values()), "originals": row.originals,
            "disposed": row.disposed,
            "objects": sum(tally.objects for tally in reckoning.buckets.values()),
        }  # fmt: skip
        outcome = "failed" if reckoning.count else "ok"
        record(
            Draft("evidence.reconciled", Subject("accounting"), ACTOR, data=data, outcome=outcome)  # type: ignore[arg-type]
        )
    _say(run, reckoning)
    run.refresh_from_db()


def _say(run: Run, reckoning: Reckoning) -> None:
    """Loud where footage may be lost or changed."""
    grave = Finding.objects.filter(
        kind__in=[Finding.Kind.MISSING, Finding.Kind.DIFFERENT], area="originals", last_run=run
    )
    first = grave.order_by("pk").first()
    if first is not None:
        log.critical("originals are missing or different", run=run.pk, first=first.what)
    elif reckoning.count:
        log.error("the count does not agree", run=run.pk, faults=reckoning.count)


def fail(run: Run, problem: str) -> None:
    """It stopped before its end: kept, and said."""
    moved = Run.objects.filter(pk=run.pk, state=Run.State.RUNNING).update(
        state=Run.State.FAILED, finished=timezone.now(), problem=problem[:300]
    )
    if moved:
        log.error("a count stopped before its end", run=run.pk, problem=problem[:300])


def sweep() -> None:
    """Give up counts that have been silent: their worker died."""
    for run in Run.objects.filter(state=Run.State.RUNNING, beat__lt=timezone.now() - SILENT):
        fail(run, f"Nothing was heard of it for {SILENT.seconds // 60} minutes.")


def grave() -> str:
    """One sentence while originals are missing or different, or the last count stopped."""
    done = last_done()
    if done is not None:
        found = Finding.objects.filter(
            resolved_at=None, area="originals", kind__in=["missing", "different"]
        )[:100].count()  # fmt: skip
        if found:
            many = "More than 99" if found == 100 else str(found)
            return f"Originals missing or different: {many}. Look at Accounting today."
    newest = Run.objects.exclude(state=Run.State.RUNNING).order_by("-started").first()
    if newest is not None and newest.state == Run.State.FAILED:
        return "The last count stopped before its end. Look at Accounting."
    if done is not None and done.started < timezone.now() - timedelta(days=2):
        return "Nothing was counted for two days. Look whether the workers run."
    return ""
