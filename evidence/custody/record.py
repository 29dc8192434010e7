"""Writing an event: the last thing that an action does inside its transaction."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import uuid6
from django.conf import settings
from django.db import connection, transaction

from evidence.custody.log import jcs
from evidence.custody.log.clock import stamp
from evidence.custody.models import Pending, Private
from evidence.custody.vocabulary import types

Outcome = Literal["ok", "denied", "failed"]
HEADROOM = 256


class CustodyError(RuntimeError):
    """The event can't be written, so the act must not happen."""


@dataclass(frozen=True)
class Actor:
    """Who acts: a stable pseudonym, never a name. The name goes into private details."""

    kind: Literal["user", "dock", "share", "request", "service"]
    ref: str
    roles: tuple[str, ...] = ()
    auth: str = ""
    name: str = ""
    address: str = ""

    def body(self) -> dict[str, Any]:
        """The actor as the event carries it."""
        found: dict[str, Any] = {"kind": self.kind, "ref": self.ref}
        if self.roles:
            found["roles"] = sorted(self.roles)
        if self.auth:
            found["auth"] = self.auth
        return found


def service(name: str) -> Actor:
    """A part of this system that acts by itself."""
    return Actor("service", f"svc-{name}", name=f"The system ({name})")


@dataclass(frozen=True)
class Subject:
    """What is acted on; with bytes, their SHA-256 (hex) and size."""

    ref: str
    sha256: str = ""
    size: int | None = None

    def body(self) -> dict[str, Any]:
        """The object as the event carries it, without seq and prev."""
        found: dict[str, Any] = {"ref": self.ref}
        if self.sha256:
            found["sha256"] = self.sha256
        if self.size is not None:
            found["size"] = self.size
        return found


@dataclass(frozen=True)
class Draft:
    """An event as an action states it."""

    type: str
    subject: Subject
    actor: Actor
    data: Mapping[str, Any] = field(default_factory=dict)
    private: Mapping[str, Any] = field(default_factory=dict)
    outcome: Outcome = "ok"


def once_a_day(what: str, moment: datetime) -> uuid.UUID:
    """The id of an event that is written once a day, however often it is asked for.

    A UUIDv7 (RFC 9562 section 5.7) of the day's first millisecond, its random part taken
    from `what`.
    """
    start = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    raw = hashlib.sha256(f"{what}:{start.isoformat()}".encode()).digest()
    number = int(start.timestamp() * 1000) << 80 | int.from_bytes(raw[:10], "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=number & ~(0x3 << 62) | 0x2 << 62)


def record(draft: Draft, *, event_id: uuid.UUID | None = None) -> uuid.UUID:
    """Write one event in the caller's transaction; the event's id.

    With `event_id` the same event asked for twice is one event. Raises CustodyError
    outside a transaction and for a type or key that the vocabulary does not have.
    The sequencer gives it its index after the commit; nobody waits for that here.
    """
    return record_all([(draft, event_id)])[0]


def record_all(drafts: Sequence[tuple[Draft, uuid.UUID | None]]) -> list[uuid.UUID]:
    """Write several events in two statements, however many they are; as `record` does one."""
    made = [_rows(draft, event_id) for draft, event_id in drafts]
    written = Pending.objects.bulk_create([row for row, _ in made], ignore_conflicts=True)
    assert len(written) == len(made)
    details = [row for _, row in made if row is not None]
    if details:
        Private.objects.bulk_create(details, ignore_conflicts=True)
    # Once a transaction, however many events it writes.
    if made and not any(entry[1] is _number_it for entry in connection.run_on_commit):
        transaction.on_commit(_number_it, robust=True)
    return [row.id for row, _ in made]


def _rows(draft: Draft, event_id: uuid.UUID | None) -> tuple[Pending, Private | None]:
    """One event as the rows that wait for its number."""
    if not connection.in_atomic_block:
        raise CustodyError(f"{draft.type} was not written inside its action's transaction")
    kind = types().get(draft.type)
    if kind is None:
        raise CustodyError(f"{draft.type} is not in the vocabulary")
    strangers = kind.faults(draft.data, draft.private)
    if strangers:
        raise CustodyError(f"{draft.type} may not carry {', '.join(strangers)}")
    identifier = event_id or uuid.UUID(str(uuid6.uuid7()))
    body: dict[str, Any] = {
        "v": 1,
        "log": settings.CUSTODY_ORIGIN,
        "id": str(identifier),
        "type": draft.type,
        "time": stamp(datetime.now(UTC)),
        "outcome": draft.outcome,
        "actor": draft.actor.body(),
        "object": draft.subject.body(),
    }
    if draft.data:
        body["data"] = dict(draft.data)
    private = None
    try:
        if draft.private:
            details = jcs.canonical(dict(draft.private))
            salt = secrets.token_bytes(32)
            commitment = hashlib.sha256(salt + details).hexdigest()
            body["private"] = {"alg": "sha256", "commit": commitment}
            private = Private(event_id=identifier, salt=salt, details=details)
        canonical = jcs.canonical(body)
        if len(canonical) > jcs.MAX_BYTES - HEADROOM:
            raise jcs.ProfileError(f"{len(canonical)} bytes leave no room for seq and prev")
    except jcs.ProfileError as error:
        raise CustodyError(f"{draft.type}: {error}") from error
    return Pending(id=identifier, body=canonical), private


def _number_it() -> None:
    # One try, without waiting: where another process numbers just now, it or the sequencer's
    # own process takes this event along within a fraction of a second.
    from evidence.custody import sequencer

    sequencer.run(wait=False)
