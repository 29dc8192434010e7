"""What is done with recordings: permission, change and custody event in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from evidence.custody.record import Draft, record
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import damage, rules, said, search, sittings
from evidence.recordings.access import find
from evidence.recordings.models import Category, IncidentType, Recording, Rendition, Undo
from evidence.recordings.said import LEAVE, Leave
from evidence.store import s3

Look = Literal["evidence.viewed", "evidence.played", "evidence.downloaded"]


class ChangedSince(ValueError):
    """Somebody else has said something since; nothing is taken back. In words for a person."""


def _find(user: User, recording: Recording, permission: str) -> Recording:
    try:
        return find(user, recording.reference, permission)
    except Recording.DoesNotExist:
        raise NotAllowed("There is nothing here that you can see. Check the reference.") from None


def view(*, by: User, reference: str, address: str, reason: str = "") -> Recording:
    """The recording, after writing that its page was opened, and why.

    Raises Recording.DoesNotExist for what is not there and what may not be seen alike.
    """
    with transaction.atomic():
        recording = find(by, reference)
        _looked("evidence.viewed", by, recording, address, reason=reason)
    return recording


def _looked(
    look: Look,
    by: User,
    recording: Recording,
    address: str,
    kind: str = "",
    original: str = "",
    reason: str = "",
) -> None:
    private = {"name": by.short, "address": address}
    record(
        Draft(
            look,
            recording.subject(),
            by.actor(),
            data={name: value for name, value in (("kind", kind), ("original", original)) if value},
            private=private | ({"reason": reason} if reason else {}),
        )
    )


def categorise(
    *,
    by: User,
    recording: Recording,
    category: Category | Leave = LEAVE,
    incident: IncidentType | Leave | None = LEAVE,
    crime_reference: str | Leave = LEAVE,
    note: str | Leave = LEAVE,
    token: UUID | None = None,
) -> Recording:
    """Say what the footage is; what is not given stays as it is. The same again is no event.

    What was said before is kept with `token`, for `restore`; changes of one person under one
    token are taken back together. Raises NotAllowed, ValueError.
    """
    with transaction.atomic():
        locked = _to_say(by, recording)
        before = said.state(locked)
        code, was = locked.category.code if locked.category else "", locked.category_id
        if category is not LEAVE and category.pk != locked.category_id:
            locked.category, locked.categorised_at = category, timezone.now()
        if incident is not LEAVE:
            locked.incident = incident
        if crime_reference is not LEAVE:
            locked.crime_reference = said.crime_reference(crime_reference)
        if note is not LEAVE:
            locked.note = note.replace("\0", "").strip()[: said.LONGEST_NOTE]
        if said.state(locked) != before:
            _say(by, locked, code, was)
            said.remember(by, locked, before, token or uuid4())
    return locked


def restore(*, by: User, recording: Recording, token: UUID | None = None) -> Recording:
    """Take back one's own last change: category, incident, reference and note as they were.

    Raises NotAllowed, and ChangedSince when somebody changed it after that.
    """
    with transaction.atomic():
        locked = _to_say(by, recording)
        row = Undo.objects.select_related("by").filter(recording=locked).first()
        if row is not None and row.by_id != by.pk:
            at = timezone.localtime(row.at)
            raise ChangedSince(f"{row.by.short} changed it at {at:%H:%M}.")
        if row is None or (token or row.token) != row.token or row.after != said.state(locked):
            raise ChangedSince("It was changed since.")
        code, was = locked.category.code if locked.category else "", locked.category_id
        said.put_back(locked, row.before)
        _say(by, locked, code, was)
        row.delete()
    return locked


def _locked(by: User, recording: Recording, permission: str) -> Recording:
    """The recording under its lock, for somebody who still has the permission once it is held."""
    whole = _find(by, recording, permission)
    locked = (
        Recording.objects.select_for_update(of=("self",))
        .select_related("category", "incident", "officer")
        .get(pk=whole.pk)
    )
    if _find(by, locked, permission).pk != locked.pk:
        raise NotAllowed("It was joined with another just now. Load the page again.")
    return locked


def _to_say(by: User, recording: Recording) -> Recording:
    """The recording, locked, for somebody who may say what it is."""
    locked = _locked(by, recording, "recording.categorise")
    if locked.kind != Recording.Kind.FOOTAGE:
        raise ValueError("It is a file from the card, not footage.")
    return locked


def _say(by: User, locked: Recording, before: str, was: int | None) -> None:
    """Save what is said now, with its event: the one place that writes it."""
    rules.settle(locked)
    if locked.category_id != was:
        lowered = rules.lowers(rules.book(), locked, was)
        locked.lowered_at = timezone.now() if lowered else None
    locked.save(update_fields=[*said.FIELDS, "kept_until", "lowered_at"])
    search.reindex(locked)
    record(
        Draft(
            "recording.categorised",
            locked.subject(),
            by.actor(),
            data={"category": locked.category.code if locked.category else "", "before": before},
            private=said.details(locked, by),
        )
    )


def assign(*, by: User, recording: Recording, officer: User, reason: str) -> Recording:
    """Say who recorded it where the camera's issue could not. Raises NotAllowed, ValueError."""
    if not reason.strip():
        raise ValueError("Enter why this officer recorded it.")
    with transaction.atomic():
        locked = _locked(by, recording, "recording.assign")
        before = locked.officer.ref if locked.officer else ""
        locked.officer, locked.unassigned_because = officer, ""
        locked.save(update_fields=["officer", "unassigned_because"])
        search.reindex(locked)
        record(
            Draft(
                "recording.assigned",
                locked.subject(),
                by.actor(),
                data={"officer": officer.ref, "before": before},
                private={"name": by.short, "officer": officer.short, "reason": reason},
            )
        )
    return locked


@dataclass(frozen=True)
class Segment:
    """One file of a recording as a player needs it; URLs live for minutes."""

    proxy: str
    storyboard: str
    sound: str
    small: str
    seconds: float

    def urls(self) -> dict[str, str]:
        """As the player's script reads them."""
        return {"proxy": self.proxy, "board": self.storyboard, "sound": self.sound,
                "small": self.small}  # fmt: skip


def segments(recording: Recording) -> list[Segment]:
    """Signed URLs of the viewing copies, in order. After the permission check and the event.

    Raises damage.Damaged.
    """
    damage.refuse_recording(recording)
    rows = Rendition.objects.filter(
        original__recording=recording, kind__in=["proxy", "storyboard", "sound", "small"]
    ).select_related("original")
    by_original: dict[int, dict[str, Rendition]] = {}
    for row in rows.order_by("original__recorded_at", "original__file_name"):
        by_original.setdefault(row.original_id, {})[row.kind] = row
    found = []
    for parts in by_original.values():
        if proxy := parts.get("proxy"):
            found.append(
                Segment(
                    proxy=_sign(proxy),
                    storyboard=_sign(parts["storyboard"]) if "storyboard" in parts else "",
                    sound=_sign(parts["sound"]) if "sound" in parts else "",
                    small=_sign(parts["small"]) if "small" in parts else "",
                    seconds=float(proxy.facts.get("seconds", 0)),
                )
            )
    return found


def _sign(rendition: Rendition) -> str:
    return s3.sign_get(
        "renditions",
        rendition.key,
        seconds=settings.PLAY_URL_SECONDS,
        content_type=rendition.content_type,
    )


def play(
    *,
    by: User,
    reference: str,
    address: str,
    again: bool = False,
    reason: str = "",
    sitting: str = "",
) -> list[Segment]:
    """URLs for playing, after writing that it was played; `again` renews them in one sitting.

    With the page's token what it plays can be counted from here on (`sittings.report`).
    Raises Recording.DoesNotExist, damage.Damaged.
    """
    with transaction.atomic():
        recording = find(by, reference)
        damage.refuse_recording(recording)
        if not again:
            _looked("evidence.played", by, recording, address, "proxy", reason=reason)
        sittings.begin(by=by, token=sitting, recording=recording, reason=reason)
    return segments(recording)


def download(*, by: User, reference: str, original: int, address: str, reason: str = "") -> str:
    """A signed URL of one original, as an attachment under a name of ours.

    Raises Recording.DoesNotExist, damage.Damaged.
    """
    with transaction.atomic():
        recording = find(by, reference, "recording.download")
        file = recording.originals.filter(pk=original).first()
        if file is None:
            raise Recording.DoesNotExist
        damage.refuse([file])
        _looked("evidence.downloaded", by, recording, address, "original", file.reference, reason)
    suffix = file.container if file.container in ("mp4", "mkv", "avi", "ts", "wmv") else "bin"
    return s3.sign_get(
        "originals",
        file.key,
        version_id=file.version_id,
        seconds=settings.PLAY_URL_SECONDS,
        name=f"{file.reference}_{file.sha256[:8]}.{suffix}",
        content_type="application/octet-stream",
    )
