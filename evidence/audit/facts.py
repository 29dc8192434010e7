"""What the rules are told of a batch of events: gathered in a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from evidence.audit import duty, looks
from evidence.audit.rules import (
    MANY_WITHIN,
    NIGHT_FROM,
    NIGHT_TO,
    REFUSALS_WITHIN,
    Facts,
    Footage,
    Look,
    Named,
    Opened,
    Person,
)
from evidence.complaints.models import Complaint
from evidence.custody.models import Event
from evidence.people.models import User
from evidence.recordings.models import Grant, Recording
from evidence.retention.models import Kind, Watch

# How many earlier refusals of one person are read: far more than the rule needs to fire.
EARLIER = 500
# By how much the log's times may run backwards.
SET_BACK = timedelta(hours=1)
SHIFT = timedelta(hours=8)
UNKNOWN = "u-unknown"
# Written of a look for which `evidence.played` was written before: not another one.
FOLLOWS = ("evidence.watched", "evidence.doubted")


def footage_looks() -> list[str]:
    """The types that open one recording. A list of rows is none: it writes fifty at once."""
    return [
        name
        for name in looks.look_types()
        if name.startswith("evidence.")
        and name not in FOLLOWS
        and looks.kind_of(name) not in ("listed", "searched")
    ]


@dataclass
class _Batch:
    """Everything that was read besides the events."""

    people: dict[str, User] = field(default_factory=dict)
    footage: dict[str, Recording] = field(default_factory=dict)
    named: dict[int, list[Named]] = field(default_factory=dict)
    grants: dict[tuple[int, int], list[Grant]] = field(default_factory=dict)
    on_duty: set[duty.Moment] = field(default_factory=set)
    opened: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    refusals: dict[str, list[datetime]] = field(default_factory=dict)


def gather(events: Sequence[Event]) -> Iterator[Facts]:
    """The facts of each event that is a look at footage or a refusal, in the log's order."""
    wanted = footage_looks()
    found = [event for event in events if event.type in wanted or event.outcome == "denied"]
    if not found:
        return
    seen = [event for event in found if event.outcome == "ok"]
    batch = _Batch()
    batch.people = {
        user.ref: user
        for user in User.objects.filter(ref__in={event.actor_ref for event in seen})
        .select_related("unit", "supervisor")
    }  # fmt: skip
    first = found[0]
    earlier = _earlier_looks(first, {event.actor_ref for event in seen} & batch.people.keys())
    batch.footage = _footage({event.object_ref for event in [*earlier, *seen]})
    batch.opened = _opened(earlier, batch)
    batch.refusals = _earlier_refusals(
        first, {_whose(event) for event in found if event.outcome == "denied"}
    )
    lookers = list(batch.people.values())
    batch.named = _named(lookers)
    batch.grants = _grants(lookers, batch.footage.values())
    batch.on_duty = _duty(seen, batch)
    for event in found:
        yield _facts(event, batch)


def _facts(event: Event, batch: _Batch) -> Facts:
    refused = event.outcome == "denied"
    roles = tuple(event.parsed()["actor"].get("roles", []))
    look = Look(event.index, event.time, event.actor_ref, roles, refused)
    if refused:
        whose = _whose(event)
        times = batch.refusals.setdefault(whose, [])
        times.append(event.time)
        count = sum(1 for at in times if at > event.time - REFUSALS_WITHIN)
        return Facts(look, refusals=count, refused=whose)
    user, recording = batch.people.get(event.actor_ref), batch.footage.get(event.object_ref)
    if user is None or recording is None:
        return Facts(look)
    lately = batch.opened.setdefault(user.ref, [])
    if recording.officer_id != user.pk:
        lately.append((event.time, recording.reference))
        recent = frozenset(ref for at, ref in lately if at > event.time - MANY_WITHIN)
    else:
        recent = frozenset()
    return Facts(
        look,
        looker=_person(user),
        footage=_as_footage(recording),
        complaints=batch.named.get(user.pk, []),
        grant=_grant(batch.grants.get((user.pk, recording.pk), []), event.time),
        on_duty=not _at_night(event.time) or (user.pk, event.time) in batch.on_duty,
        lately=recent,
        many=settings.UNUSUAL_MANY,
    )


def _whose(event: Event) -> str:
    """Whose refusal it was: the account that was tried at sign-in, else who acted."""
    whose = event.object_ref if event.type == "person.refused" else event.actor_ref
    return whose if whose.startswith(("u-", "S-")) and whose != UNKNOWN else ""


def _person(user: User) -> Person:
    unit = user.unit
    return Person(
        user.ref,
        unit.path if unit else "",
        unit.name if unit else "",
        user.supervisor.ref if user.supervisor else "",
    )


def _as_footage(recording: Recording) -> Footage:
    # Not probed yet: it may be as long as a shift, as holds take it (evidence.retention).
    end = recording.ends_at if recording.duration_ms else None
    return Footage(
        recording.reference,
        recording.happened_at,
        end or recording.happened_at + timedelta(hours=24),
        _person(recording.officer) if recording.officer else None,
        bool(recording.restricted),
    )


def _footage(refs: set[str]) -> dict[str, Recording]:
    """Recordings by reference; one that was joined into another counts as the other."""
    chain = ("officer__unit", "officer__supervisor")
    rows = Recording.objects.filter(reference__in=refs).select_related(
        *chain, "joined_into", *(f"joined_into__{name}" for name in chain)
    )
    return {row.reference: row.joined_into or row for row in rows}


def _named(lookers: Sequence[User]) -> dict[int, list[Named]]:
    """The complaints that name each of the lookers, as the holds on their footage say."""
    rows = list(
        Watch.objects.filter(kind=Kind.COMPLAINT, officers__in=lookers)
        .distinct()
        .prefetch_related("officers")
    )
    since = dict(
        Complaint.objects.filter(reference__in={row.reference for row in rows})
        .values_list("reference", "created")
    )  # fmt: skip
    found: dict[int, list[Named]] = defaultdict(list)
    for row in rows:
        officers = list(row.officers.all())
        refs = frozenset(officer.ref for officer in officers)
        named = Named(row.reference, row.start, row.end, refs, since.get(row.reference))
        for officer in officers:
            found[officer.pk].append(named)
    return found


def _grants(
    lookers: Sequence[User], recordings: Iterable[Recording]
) -> dict[tuple[int, int], list[Grant]]:
    rows = Grant.objects.filter(
        person__in=lookers, recording__in={item.pk for item in recordings}
    ).select_related("granted_by__unit")
    found: dict[tuple[int, int], list[Grant]] = defaultdict(list)
    for row in rows:
        found[row.person_id, row.recording_id].append(row)
    return found


def _grant(rows: Sequence[Grant], at: datetime) -> Opened | None:
    """The grant that ran at that time."""
    for row in rows:
        ended = row.ended_at is not None and row.ended_at <= at
        if row.created <= at < row.until and not ended:
            unit = row.granted_by.unit
            return Opened(row.granted_by.short, unit.path if unit else "", row.reason, row.created)
    return None


def _at_night(at: datetime) -> bool:
    return not NIGHT_TO <= timezone.localtime(at).hour < NIGHT_FROM


def _duty(events: Sequence[Event], batch: _Batch) -> set[duty.Moment]:
    """Moments at night with a sign of a shift: something recorded, or a camera handed out."""
    moments = {
        (batch.people[event.actor_ref].pk, event.time)
        for event in events
        if event.actor_ref in batch.people and _at_night(event.time)
    }
    if not moments:
        return set()
    times = [at for _, at in moments]
    rows = Recording.objects.filter(
        officer__in={pk for pk, _ in moments},
        happened_at__range=(min(times) - SHIFT, max(times) + SHIFT),
    ).values_list("officer_id", "happened_at")
    recorded: dict[int | None, list[datetime]] = defaultdict(list)
    for officer, happened in rows:
        recorded[officer].append(happened)
    signs = {
        (pk, at) for pk, at in moments if any(abs(at - one) <= SHIFT for one in recorded[pk])
    }  # fmt: skip
    return signs | duty.on_duty(moments - signs)


# --- what happened just before this batch ---
def _before(
    column: looks.Column,
    refs: Iterable[str],
    index: int,
    since: datetime,
    what: str,
    most: str = "",
) -> list[Event]:
    """Each one's events before this one and after `since` that are `what`: a bounded walk.

    It ends at the first event that is older, by more than a clock may be set back: with a limit
    on their number somebody could hide what they do among others of their own.
    """
    wanted = sorted(refs)
    if not wanted:
        return []
    newest = f"{looks.INDEXES[column]} DESC"
    once = "DISTINCT ON (object_ref) " if not most else ""
    order = newest if most else "object_ref, index DESC"
    sql = (
        f"SELECT e.* FROM unnest(%(refs)s::text[]) AS o(ref), LATERAL ("  # noqa: S608
        f" SELECT {once}index, id, type, object_ref, seq, actor_ref, outcome, time"
        f" FROM custody_event WHERE {column} = o.ref AND index < %(index)s AND index > coalesce(("
        f"  SELECT index FROM custody_event WHERE {column} = o.ref AND index < %(index)s"
        f"  AND time <= %(end)s ORDER BY {newest} LIMIT 1), -1)"
        f" AND time > %(since)s AND {what} ORDER BY {order} {most}"
        f") AS e ORDER BY e.index"
    )
    values = {
        "refs": wanted, "index": index, "since": since, "end": since - SET_BACK,
        "types": footage_looks(),
    }  # fmt: skip
    return list(Event.objects.raw(sql, values))


def _earlier_looks(first: Event, actors: Iterable[str]) -> list[Event]:
    """The newest look of each at each recording."""
    what = "outcome = 'ok' AND type = ANY(%(types)s::text[])"
    return _before("actor_ref", actors, first.index, first.time - MANY_WITHIN, what)


def _opened(events: Sequence[Event], batch: _Batch) -> dict[str, list[tuple[datetime, str]]]:
    found: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for event in events:
        recording = batch.footage.get(event.object_ref)
        if recording and recording.officer_id != batch.people[event.actor_ref].pk:
            found[event.actor_ref].append((event.time, recording.reference))
    return found


def _earlier_refusals(first: Event, whose: set[str]) -> dict[str, list[datetime]]:
    people = whose - {""}
    since = first.time - REFUSALS_WITHIN
    found: dict[str, list[datetime]] = defaultdict(list)
    what, most = "outcome = 'denied'", f"LIMIT {EARLIER}"
    rows = _before("actor_ref", people, first.index, since, what, most)
    rows += _before("object_ref", people, first.index, since, what, most)
    for event in {event.index: event for event in rows}.values():
        if _whose(event) in people:
            found[_whose(event)].append(event.time)
    return found
