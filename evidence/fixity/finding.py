"""Damage is written down: once, out of use, held, told to the log, alarmed."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from evidence.custody import signing
from evidence.custody.record import Draft, record, service
from evidence.fixity import registry
from evidence.fixity.models import Damage
from evidence.fixity.reading import Found
from evidence.fixity.registry import Item, Said
from evidence.recordings.models import Recording
from evidence.retention.actions import hold_by_system
from evidence.retention.models import Hold, Kind
from evidence.store import s3

ACTOR = service("fixity")
HELD_FOR = "Damaged"


def found(item: Item, said: Said | None, seen: Found) -> Damage | None:
    """Write down that an object is damaged; None where somebody has, or where it has moved on."""
    source = registry.source(item.source)
    if not source.holds and item.source == "film":
        # First the object, then its row: who dies between the two finds that it is missing. The
        # other way round what is made anew could find the bad bytes under its name.
        s3.delete(item.alias, item.key)
    try:
        with transaction.atomic():
            return _found(item, said, seen)
    except IntegrityError:
        return None  # another worker was first


def _found(item: Item, said: Said | None, seen: Found) -> Damage | None:
    source = registry.source(item.source)
    if source.holds:
        # In the order in which holds are set: the recording, then its files.
        Recording.objects.select_for_update(of=("self",)).get(pk=item.recording.pk)
    now = source.lock(item.pk)
    if now is None or (now.key, now.version_id) != (item.key, item.version_id):
        return None
    if Damage.objects.filter(source=item.source, row=item.pk, state__in=OPEN).exists():
        return None
    moment = timezone.now()
    hold = _hold(item, seen) if source.holds else None
    made = Damage.objects.create(
        source=item.source, row=item.pk, kind=item.kind, reference=item.reference,
        recording=item.recording, what=seen.what, found_at=moment,
        state=Damage.State.HELD if source.holds else Damage.State.FOUND,
        alias=item.alias, bucket=s3.bucket(item.alias), key=item.key, version_id=item.version_id,
        expected_sha256=said.sha256 if said else "", expected_size=said.size if said else None,
        found_sha256=seen.sha256, found_size=seen.size, hold=hold, read_at=moment,
    )  # fmt: skip
    subject = source.subject(item)
    source.spoil(item, moment)
    data = {
        "kind": item.kind, "what": str(seen.what), "where": made.bucket,
        "version": item.version_id,
    }  # fmt: skip
    for name, value in (
        ("expected_sha256", made.expected_sha256), ("expected_size", made.expected_size),
        ("found_sha256", made.found_sha256), ("found_size", made.found_size),
    ):  # fmt: skip
        if value not in ("", None):
            data[name] = value
    record(Draft("evidence.damaged", subject, ACTOR, data=data, outcome="failed"))
    signing.alarm("fixity", f"{item.reference} {item.kind}: {made.get_what_display().lower()} "
                  f"({made.bucket}/{item.key})")  # fmt: skip
    return made


OPEN = (Damage.State.FOUND, Damage.State.HELD)


def _hold(item: Item, seen: Found) -> Hold:
    what = Damage.What(seen.what).label.lower()
    return hold_by_system(
        recording=item.recording, kind=Kind.MANUAL, reference=HELD_FOR,
        reason=f"A stored file is damaged ({item.kind}, {what}). It is kept until it is mended.",
        actor=ACTOR,
    )  # fmt: skip


def mended(
    damage: Damage, how: str, *, version: str = "", actor: object = None,
    private: dict[str, str] | None = None,
) -> None:  # fmt: skip
    """Write down that it is mended, in the caller's transaction, with the damage's row locked."""
    from evidence.retention.actions import release_for

    damage.state, damage.how, damage.mended_at = Damage.State.MENDED, how, timezone.now()
    damage.new_version, damage.problem, damage.claimed_until = version, "", None
    damage.save()
    source = registry.source(damage.source)
    source.heal(damage.row)
    data = {"kind": damage.kind, "how": str(how), "before": damage.version_id, "version": version}
    draft = Draft(
        "evidence.mended", _subject(damage), actor or ACTOR,  # type: ignore[arg-type]
        data=data, private=private or {},
    )  # fmt: skip
    record(draft)
    others = Damage.objects.filter(recording=damage.recording, state=Damage.State.HELD)
    if damage.hold_id and not others.exists():
        release_for(
            by=None, recordings=[damage.recording_id], kind=Kind.MANUAL, reference=HELD_FOR,
            reason="The damaged file is mended.",
        )  # fmt: skip


def _subject(damage: Damage):  # type: ignore[no-untyped-def]
    source = registry.source(damage.source)
    item = source.find(damage.row)
    from evidence.custody.record import Subject

    return source.subject(item) if item is not None else Subject(damage.reference)
