"""Whether a sample is what was committed: step by step, from the log, and as a file for others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from evidence.custody import history
from evidence.custody.log.clock import stamp
from evidence.custody.models import Event
from evidence.sampling import draw as rule
from evidence.sampling import frames
from evidence.sampling.models import ZONE, Item, Plan, Stratum

TYPES = ("sample.committed", "sample.revealed", "sample.drawn")


@dataclass(frozen=True)
class Step:
    """One thing that has to hold: what, whether it does, and the value to compare.

    `good` is None for what can't be said yet.
    """

    words: str
    good: bool | None
    value: str = ""


def events(plan: Plan) -> dict[str, Event]:
    """What the log has of a plan, by type: the first of each, which is the one that counts."""
    rows = Event.objects.filter(object_ref=plan.reference, type__in=TYPES).order_by("-index")
    return {row.type: row for row in rows.defer("leaf")}


def steps(plan: Plan) -> list[Step]:
    """What the page and `manage.py sample verify` say; as many queries whatever the size."""
    logged = events(plan)
    found = [*_committed(plan, logged.get("sample.committed"))]
    if plan.drawn_at is None:
        return found
    strata = list(plan.strata.all())
    found += _revealed(plan, logged.get("sample.revealed"))
    found += _drawn(plan, strata, logged.get("sample.drawn"))
    return found


def _data(event: Event | None) -> dict[str, Any]:
    return dict(event.parsed().get("data", {})) if event else {}


def _committed(plan: Plan, event: Event | None) -> Iterator[Step]:
    data = _data(event)
    if event is None:
        yield Step("The log has the commitment", None, "It waits for its number in the log.")
        return
    state = history.proof_state(event.index)
    yield Step(
        "The log has this commitment",
        data.get("commitment") == plan.commitment,
        f"{data.get('commitment', '')} (event {event.index:,})",
    )
    yield Step(
        "It was written before the period began",
        event.time < _begins(plan),
        f"{_moment(event.time)}; the period began {_moment(_begins(plan))}",
    )
    yield Step("How the log itself is covered", None, f"{state.words} {state.detail}")
    yield Step(
        "The plan is word for word the committed one",
        rule.plan_digest(plan.parameters) == plan.digest == data.get("plan"),
        plan.digest,
    )
    dates = (plan.start.isoformat(), plan.end.isoformat())
    yield Step(
        "The days on this page are those of the plan",
        (plan.parameters["start"], plan.parameters["end"]) == dates,
        " to ".join(dates),
    )


def _begins(plan: Plan) -> datetime:
    # By what was committed, not by the columns beside it.
    return datetime.fromisoformat(plan.parameters["start"]).replace(tzinfo=ZONE)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%-d %b %Y %H:%M:%S %Z}"


def _seed(plan: Plan) -> bytes:
    """The seed as it stands; none where somebody made it something else."""
    try:
        return bytes.fromhex(plan.seed)
    except ValueError:
        return b""


def _revealed(plan: Plan, event: Event | None) -> Iterator[Step]:
    same = None if event is None else _data(event).get("seed") == plan.seed
    yield Step("The log has this seed", same, plan.seed)
    try:
        bound = rule.commitment(_seed(plan), plan.parameters) == plan.commitment
    except ValueError:
        bound = False
    yield Step("Seed and plan give the commitment", bound, plan.commitment)


def _drawn(plan: Plan, strata: list[Stratum], event: Event | None) -> Iterator[Step]:
    data = _data(event)
    keys = {
        frames.key_of(unit["id"], month, kind["code"])
        for unit in plan.parameters["units"]
        for month in frames.months(plan.start, plan.end)
        for kind in plan.parameters["kinds"]
    }
    yield Step("Every stratum of the plan is there", {row.key for row in strata} == keys)
    whole = rule.frames_digest(
        (row.key, len(row.references()), rule.frame_digest(row.references())) for row in strata
    )
    yield Step(
        "The frames are those in the log",
        None if event is None else whole == data.get("frames") == plan.frames_digest,
        whole,
    )
    seed = _seed(plan)
    each = int(plan.parameters["each"])
    again = {row.key: rule.take(seed, row.references(), each) for row in strata}
    result = rule.result_digest(again.items())
    yield Step(
        "Drawn again, the sample is the one in the log",
        None if event is None else result == data.get("result") == plan.result_digest,
        result,
    )
    yield from _items(strata, seed, each)


def _items(strata: list[Stratum], seed: bytes, each: int) -> Iterator[Step]:
    """What is kept as drawn: the first places, and one more for each that was skipped."""
    kept: dict[int, list[Item]] = {row.pk: [] for row in strata}
    for item in Item.objects.filter(stratum__in=strata).select_related("recording"):
        kept[item.stratum_id].append(item)
    wrong = [
        str(row)
        for row in strata
        if not _in_order(row, sorted(kept[row.pk], key=lambda item: item.place), seed, each)
    ]
    yield Step(
        "Each that was skipped was followed by the next in the order", not wrong, ", ".join(wrong)
    )


def _in_order(stratum: Stratum, items: list[Item], seed: bytes, each: int) -> bool:
    skipped = sum(item.state == Item.State.SKIPPED for item in items)
    wanted = min(each + skipped, stratum.frame_size)
    order = rule.take(seed, stratum.references(), wanted)
    return [item.recording.reference for item in items] == order and [
        item.place for item in items
    ] == list(range(1, wanted + 1))


def document(plan: Plan) -> dict[str, Any]:
    """A drawn plan as a file with which anybody draws the same sample again (redraw.py)."""
    strata = list(plan.strata.all())
    places: dict[int, list[int]] = {}
    skipped = Item.objects.filter(stratum__in=strata, state=Item.State.SKIPPED)
    for stratum, place in skipped.order_by("place").values_list("stratum_id", "place"):
        places.setdefault(stratum, []).append(place)
    seed, each = _seed(plan), int(plan.parameters["each"])
    logged = events(plan)
    return {
        "format": rule.ALGORITHM,
        "log": settings.CUSTODY_ORIGIN,
        "events": {
            kind: {"index": row.index, "id": str(row.id), "time": stamp(row.time)}
            for kind, row in sorted(logged.items())
        },
        "plan": plan.parameters,
        "plan_sha256": plan.digest,
        "commitment": plan.commitment,
        "seed": plan.seed,
        "frames_sha256": plan.frames_digest,
        "result_sha256": plan.result_digest,
        "excluded": plan.excluded,
        "strata": [
            {
                "key": row.key, "unit": row.unit.name, "month": f"{row.month:%Y-%m}",
                "kind": row.kind, "sha256": row.frame_digest, "references": row.references(),
                "drawn": rule.take(seed, row.references(), each),
                "skipped_places": places.get(row.pk, []),
            }
            for row in plan.strata.select_related("unit")
        ],
    }  # fmt: skip
