"""Damage is written down: once, out of use, held, told to the log, alarmed."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from evidence.custody import signing
from evidence.custody.models import Alarm
from evidence.custody.record import Actor, Draft, Subject, record, service
from evidence.fixity import registry
from evidence.fixity.models import Damage, State
from evidence.fixity.reading import Found
from evidence.fixity.registry import Item, Said, Source
from evidence.recordings.models import Recording
from evidence.retention.actions import hold_by_system, release_for
from evidence.retention.models import Hold, Kind
from evidence.store import s3

ACTOR = service("fixity")
HELD_FOR = "Damaged"
OPEN = (Damage.State.FOUND, Damage.State.HELD)


def found(item: Item, said: Said | None, seen: Found) -> Damage | None:
    """Write down that an object is damaged; None where somebody has, or where it has moved on."""
    source = registry.source(item.source)
    source.drop(item)
    try:
        with transaction.atomic():
            return _found(source, item, said, seen)
    except IntegrityError:
        return None  # another worker was first


def _found(source: Source[Any], item: Item, said: Said | None, seen: Found) -> Damage | None:
    if lock_recording(item.recording.pk).disposed_at is not None:
        return None  # it is being destroyed: what is missing there is meant to be
    now = source.lock(item.pk)
    if now is None or (now.key, now.version_id) != (item.key, item.version_id):
        return None
    if Damage.objects.filter(source=item.source, row=item.pk, state__in=OPEN).exists():
        return None
    made = Damage.objects.create(
        source=item.source, row=item.pk, kind=item.kind, reference=item.reference,
        recording=item.recording, what=seen.what,
        state=Damage.State.HELD if source.holds else Damage.State.FOUND,
        alias=item.alias, bucket=s3.bucket(item.alias), key=item.key, version_id=item.version_id,
        expected_sha256=said.sha256 if said else "", expected_size=said.size if said else None,
        found_sha256=seen.sha256, found_size=seen.size, read_at=timezone.now(),
        hold=_hold(item, seen) if source.holds else None,
    )  # fmt: skip
    source.spoil(item, made.found_at)
    data = {
        "kind": item.kind, "what": str(seen.what), "where": made.bucket,
        "version": item.version_id,
    } | {
        name: value
        for name in ("expected_sha256", "expected_size", "found_sha256", "found_size")
        if (value := getattr(made, name)) not in ("", None)
    }  # fmt: skip
    record(Draft("evidence.damaged", Subject(made.reference), ACTOR, data=data, outcome="failed"))
    signing.alarm("fixity", f"{made} ({made.bucket}/{made.key}).")
    return made


def settled(alarm: Alarm) -> bool:
    """Whether nothing is damaged any more, and the store has answered since the alarm."""
    if Damage.objects.filter(state__in=OPEN).exists():
        return False
    return State.objects.filter(answered_at__gt=alarm.created).exists()


def lock_recording(pk: int) -> Recording:
    """The recording under its lock: in the order in which holds are set, it comes before files."""
    return Recording.objects.select_for_update(of=("self",)).get(pk=pk)


def _hold(item: Item, seen: Found) -> Hold:
    what = str(Damage.What(seen.what).label).lower()
    return hold_by_system(
        recording=item.recording, kind=Kind.MANUAL, reference=HELD_FOR, actor=ACTOR,
        reason=f"A stored file is damaged ({item.kind}: {what}). It is kept until it is mended.",
    )  # fmt: skip


def mended(
    damage: Damage, how: str, *, version: str = "", actor: Actor = ACTOR,
    private: dict[str, str] | None = None,
) -> None:  # fmt: skip
    """Write down that it is mended, in the caller's transaction, under the damage's row lock."""
    damage.state, damage.how, damage.mended_at = Damage.State.MENDED, how, timezone.now()
    damage.new_version, damage.problem = version, ""
    damage.mending, damage.claimed_until = False, None
    damage.save()
    registry.source(damage.source).heal(damage.row)
    data = {"kind": damage.kind, "how": str(how), "before": damage.version_id, "version": version}
    subject = Subject(damage.reference)
    record(Draft("evidence.mended", subject, actor, data=data, private=private or {}))
    one = Recording.objects.get(pk=damage.recording_id)
    whole = one.joined_into_id or one.pk
    of_it = Q(recording=whole) | Q(recording__joined_into=whole)
    others = Damage.objects.filter(of_it, state=Damage.State.HELD)
    if damage.hold_id is not None and not others.exists():
        release_for(
            by=None, recordings=[whole], kind=Kind.MANUAL, reference=HELD_FOR,
            reason="The damaged file is mended.",
        )  # fmt: skip
