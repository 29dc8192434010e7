"""Committing to a sample before its period; revealing the seed and drawing after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from evidence.custody.record import Draft, record
from evidence.people.models import Unit, User
from evidence.recordings.models import Recording
from evidence.sampling import draw as rule
from evidence.sampling import frames, seeds
from evidence.sampling.access import plans_to
from evidence.sampling.actions.words import NotSaid, needed, require
from evidence.sampling.models import Item, Plan, Stratum, plan_reference

LOCK = 0x62_77_76_20  # PostgreSQL's advisory lock: one plan is committed at a time
MOST_EACH, MOST_UNITS, MOST_STRATA, MOST_DAYS = 50, 30, 200, 366


class NotPlanned(NotSaid):
    """The plan can't be committed."""


class NotDrawn(ValueError):
    """It can't be drawn, not now or not any more. Its sentence is for a person."""


@dataclass(frozen=True)
class Wish:
    """A plan as somebody wants it. A kind is its code, name, categories and incident types."""

    title: str
    start: date
    end: date
    units: Sequence[Unit]
    kinds: Sequence[dict[str, Any]]
    each: int

    @property
    def warning(self) -> str:
        """In words, that some of it may be disposed of before it is drawn; or nothing."""
        plan = Plan(start=self.start, end=self.end)
        return frames.retention_warning(self.start, list(self.kinds), plan.draws_on)


def commit(*, by: User, wish: Wish) -> Plan:
    """Commit to a sample: a new seed, bound to the plan, before anything of it is recorded.

    The commitment stands in the log; the seed, encrypted, in the database alone. A second plan
    for the same footage is refused: of two, somebody could choose the one they like. Raises
    NotAllowed, NotPlanned.
    """
    require(by, "sample.draw")
    title = needed(wish.title, "Enter what this sample is called", 120, "title")
    check(wish)
    reference = plan_reference()
    parameters = _parameters(reference, title, wish)
    seed = seeds.make()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        if wish.start <= timezone.localdate():
            raise NotPlanned(_too_late(), "start")
        _no_other(wish)
        plan = Plan(
            reference=reference, title=title, start=wish.start, end=wish.end,
            parameters=parameters, digest=rule.plan_digest(parameters),
            commitment=rule.commitment(seed, parameters), sealed_seed=seeds.seal(seed),
            committed_by=by,
        )  # fmt: skip
        data = {
            "commitment": plan.commitment, "plan": plan.digest,
            "start": wish.start.isoformat(), "end": wish.end.isoformat(),
        }  # fmt: skip
        private = {"name": by.short, "title": title}
        draft = Draft("sample.committed", plan.subject(), by.actor(), data, private)
        plan.committed_event = record(draft)
        plan.save()
        plan.units.set(wish.units)
    return plan


def _too_late() -> str:
    return (
        "The first day must be after today: a sample is committed before there is footage to "
        f"choose from. Enter a day after {timezone.localdate():%-d %b %Y}"
    )


def check(wish: Wish) -> None:
    """Raises NotPlanned for what no plan may be, before anything is committed."""
    needed(wish.title, "Enter what this sample is called", 120, "title")
    if wish.start <= timezone.localdate():
        raise NotPlanned(_too_late(), "start")
    if wish.end < wish.start:
        raise NotPlanned(
            f"The last day must not be before the first, {wish.start:%-d %b %Y}", "end"
        )
    if wish.end - wish.start >= timedelta(days=MOST_DAYS):
        raise NotPlanned("The period must be a year or shorter", "end")
    if not wish.units:
        raise NotPlanned("Select at least one unit", "units")
    if len(wish.units) > MOST_UNITS:
        raise NotPlanned(f"Select {MOST_UNITS} units or fewer", "units")
    for one in wish.units:
        for other in wish.units:
            if one.pk != other.pk and other.path.startswith(one.path):
                raise NotPlanned(f"{other} is part of {one}: select one of them", "units")
    if not wish.kinds:
        raise NotPlanned("Select what is sampled", "kinds")
    for kind in wish.kinds:
        if not (kind["categories"] or kind["incidents"]):
            raise NotPlanned(f"Select by what {kind['name'].lower()} is known", "kinds")
    if not 1 <= wish.each <= MOST_EACH:
        raise NotPlanned(f"Enter how many from each, from 1 to {MOST_EACH}", "each")
    for kind, before in combinations(wish.kinds, 2):
        if _same_footage(kind, before):
            raise NotPlanned(
                f"{kind['name']} and {before['name'].lower()} are known by the same: that would "
                "be one sample twice. Select what tells them apart", "kinds",
            )  # fmt: skip
    strata = len(wish.units) * len(list(frames.months(wish.start, wish.end))) * len(wish.kinds)
    if strata > MOST_STRATA:
        raise NotPlanned(
            f"These are {strata} strata; a plan has {MOST_STRATA} at most. Select fewer units, or "
            "a shorter period", "units",
        )  # fmt: skip


def _same_footage(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two kinds can mean the same footage: what they are called tells nothing."""
    return one["code"] == other["code"] or any(
        set(one[name]) & set(other[name]) for name in ("categories", "incidents")
    )


def _no_other(wish: Wish) -> None:
    """Raises NotPlanned where some of this footage is in another plan already."""
    for plan in Plan.objects.filter(start__lte=wish.end, end__gte=wish.start):
        kinds = plan.parameters["kinds"]
        if not any(_same_footage(one, other) for one in wish.kinds for other in kinds):
            continue
        for taken in plan.parameters["units"]:
            for unit in wish.units:
                if unit.path.startswith(taken["path"]) or taken["path"].startswith(unit.path):
                    raise NotPlanned(
                        f"{plan.reference} is committed for this kind, this period and "
                        f"{taken['name']} already. Two samples of the same footage would let "
                        "somebody choose between them", "units",
                    )  # fmt: skip


def _parameters(reference: str, title: str, wish: Wish) -> dict[str, Any]:
    return {
        "v": 1,
        "algorithm": rule.ALGORITHM,
        "reference": reference,
        "title": title,
        "start": wish.start.isoformat(),
        "end": wish.end.isoformat(),
        "zone": "Europe/London",
        "units": [
            {"id": unit.pk, "name": unit.name, "path": unit.path}
            for unit in sorted(wish.units, key=lambda unit: unit.pk)
        ],
        "kinds": [
            {"code": kind["code"], "name": kind["name"],
             "categories": sorted(kind["categories"]), "incidents": sorted(kind["incidents"])}
            for kind in sorted(wish.kinds, key=lambda kind: str(kind["code"]))
        ],
        "each": wish.each,
    }  # fmt: skip


def draw(*, by: User, plan: Plan) -> Plan:
    """Reveal the seed and draw, once, in one transaction with both events.

    Raises NotAllowed; NotDrawn before the period has settled, for what was drawn already, and
    where seed or plan are not those that were committed.
    """
    require(by, "sample.draw")
    with transaction.atomic():
        row = plans_to(by).select_for_update(of=("self",)).get(pk=plan.pk)
        if row.drawn_at is not None:
            raise NotDrawn(f"{row.reference} was drawn already. Load the page again.")
        if timezone.localdate() < row.draws_on:
            raise NotDrawn(
                f"It can be drawn from {row.draws_on:%-d %b %Y}: until then cameras are docked."
            )
        seed = _opened(row)
        found, row.excluded = frames.frames(row)
        drawn = _strata(row, seed, found)
        row.seed, row.drawn_by, row.drawn_at = seed.hex(), by, timezone.now()
        row.frames_digest = rule.frames_digest(
            (stratum.key, stratum.frame_size, stratum.frame_digest) for stratum, _ in drawn
        )
        row.result_digest = rule.result_digest((stratum.key, refs) for stratum, refs in drawn)
        row.save(update_fields=[
            "seed", "excluded", "drawn_by", "drawn_at", "frames_digest", "result_digest",
        ])  # fmt: skip
        private = {"name": by.short}
        data: dict[str, Any] = {"seed": row.seed}
        record(Draft("sample.revealed", row.subject(), by.actor(), data, private))
        data = {
            "algorithm": rule.ALGORITHM, "frames": row.frames_digest,
            "result": row.result_digest, "strata": len(drawn),
            "drawn": sum(len(refs) for _, refs in drawn),
        }  # fmt: skip
        record(Draft("sample.drawn", row.subject(), by.actor(), data, private))
    return row


def _opened(plan: Plan) -> bytes:
    """The seed, which must be the committed one, of the committed plan. Raises NotDrawn."""
    try:
        seed = seeds.unseal(plan.sealed_seed)
    except ValueError as error:
        raise NotDrawn(str(error)) from error
    if rule.commitment(seed, plan.parameters) != plan.commitment:
        raise NotDrawn(
            f"The plan or its seed is not what was committed. Run `manage.py sample verify "
            f"{plan.reference}` and tell professional standards."
        )
    return seed


def _strata(
    plan: Plan, seed: bytes, found: dict[str, frames.Frame]
) -> list[tuple[Stratum, list[str]]]:
    each = int(plan.parameters["each"])
    made = [
        (
            Stratum(
                plan=plan, key=frame.key, unit_id=frame.unit, month=frame.month, kind=frame.kind,
                kind_name=frame.kind_name, wanted=each, frame_size=len(frame.references),
                frame="\n".join(sorted(frame.references)),
                frame_digest=rule.frame_digest(frame.references),
            ),
            rule.take(seed, frame.references, each),
        )
        for frame in found.values()
    ]  # fmt: skip
    Stratum.objects.bulk_create([stratum for stratum, _ in made])
    wanted = {reference for _, references in made for reference in references}
    rows = dict(Recording.objects.filter(reference__in=wanted).values_list("reference", "pk"))
    Item.objects.bulk_create(
        [
            Item(stratum=stratum, recording_id=rows[reference], place=place)
            for stratum, references in made
            for place, reference in enumerate(references, 1)
        ]
    )
    return made


def export(*, by: User, plan: Plan, address: str) -> None:
    """Write that somebody takes the sample away, to draw it again. Raises NotAllowed."""
    require(by, "sample.draw")
    private = {"name": by.short, "address": address}
    with transaction.atomic():
        record(Draft("sample.exported", plan.subject(), by.actor(address), private=private))
