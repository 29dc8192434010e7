"""What docks send and get: the bodies of the dock API, each member with its limits."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field

MAX_SIZE = 5 * 2**40  # S3's own limit for one object


def _no_control(value: str) -> str:
    if any(ord(char) < 32 or ord(char) == 127 for char in value):
        raise ValueError("must not contain control characters")
    return value


def _serial(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", value):
        raise ValueError("must be letters, digits and . _ : - (64 at most)")
    return value


def _storable(value: str) -> str:
    """Names are data: slashes, dots, bidi and control characters are kept as they came.

    Only what PostgreSQL or UTF-8 can't hold is refused.
    """
    if "\x00" in value:
        raise ValueError("must not contain a NUL character")
    value.encode()
    return value


_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


def _rfc3339(value: Any) -> Any:
    if value is not None and not (isinstance(value, str) and _RFC3339.fullmatch(value)):
        raise ValueError("must be a time as RFC 3339 writes it, like 2026-11-22T22:14:07Z")
    return value


def _holdable(value: datetime | None) -> datetime | None:
    """In UTC. A clock may be wrong by centuries; one that no calendar holds counts as none,
    since refusing it would keep the footage in the camera for ever."""
    if value is None:
        return None
    try:
        utc = value.astimezone(UTC)
    except OverflowError:
        return None
    return utc if 1 < utc.year < 9999 else None


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Clock = Annotated[
    AwareDatetime | None,
    BeforeValidator(_rfc3339, json_schema_input_type=str | None),
    AfterValidator(_holdable),
]


Short = Annotated[str, Field(max_length=64), AfterValidator(_no_control)]

Label = Annotated[str, Field(max_length=200), AfterValidator(_no_control)]


class Strict(Schema):
    """A body in which unknown members are refused."""

    model_config = ConfigDict(extra="forbid")


class EnrolIn(Strict):
    """A single-use code, as the admin or `manage.py dock code` made it."""

    code: Annotated[str, Field(min_length=1, max_length=64)]


class EnrolOut(Schema):
    """The dock's name, its token (told only now) and the key that signs receipts."""

    dock: str
    token: str
    server_key: str


class UploadIn(Strict):
    """A file as the dock found it."""

    camera: Annotated[str, AfterValidator(_serial)]
    file_id: Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(_storable)]
    size: Annotated[int, Field(ge=0, le=MAX_SIZE, strict=True)]
    sha256: Sha256
    recorded_at: Clock = None
    camera_clock: Clock = None
    dock_clock: Clock = None


class UploadOut(Schema):
    """An upload and how it wants its parts."""

    id: uuid.UUID
    state: str
    part_size: int
    parts: int


class PartIn(Strict):
    """A part by its number, from 1, and the SHA-256 of its bytes."""

    number: Annotated[int, Field(ge=1, le=10_000, strict=True)]
    sha256: Sha256


class PartsIn(Strict):
    """At most 100 parts to sign."""

    parts: Annotated[list[PartIn], Field(min_length=1, max_length=100)]


class SignedPart(Schema):
    """A request to make of the store itself."""

    number: int
    method: str
    url: str
    headers: dict[str, str]


class PartsOut(Schema):
    """Signed requests, one a part."""

    parts: list[SignedPart]


class StoredPart(Schema):
    """A part that the store holds."""

    number: int
    size: int


class UploadState(Schema):
    """What is stored already."""

    id: uuid.UUID
    state: str
    size: int
    sha256: str
    part_size: int
    parts: list[StoredPart]
    reason: str


class CompleteOut(Schema):
    """The upload was handed to verification."""

    state: str


class BayIn(Schema):
    """One bay of a dock as its screen shows it."""

    bay: Short | Annotated[int, Field(ge=0, le=10_000)]
    camera: Short | None = None
    state: Short = ""
    done: Annotated[int, Field(ge=0, le=2**53)] = 0
    total: Annotated[int, Field(ge=0, le=2**53)] = 0
    # Since agent 1.1, for the screen: files without a checked receipt, and of what is held
    # back one file's name and why.
    left: Annotated[int, Field(ge=0, le=2**31)] = 0
    file: Label = ""
    why: Label = ""


class HeartbeatIn(Schema):
    """What the dock's bays do."""

    bays: Annotated[list[BayIn], Field(max_length=200)]
    dock_clock: Clock = None
    agent: Annotated[str, Field(max_length=60), AfterValidator(_no_control)] = ""


class HeartbeatOut(Schema):
    """The server's time."""

    time: datetime
