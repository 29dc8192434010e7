"""The dock API under /api/dock/v1/: a contract, described in docs/dock-api.md.

Views only: each call checks the dock, calls an action and answers.
"""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Router, Schema
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.security import HttpBearer
from ninja.throttling import AnonRateThrottle
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field

from evidence.custody import keys
from evidence.people.requests import address
from evidence.store import s3
from ingest.devices import actions as devices
from ingest.devices.models import Dock
from ingest.uploads import actions, receipts
from ingest.uploads.models import Upload
from ingest.uploads.problems import Problem

log = structlog.get_logger(__name__)
MAX_SIZE = 5 * 2**40  # S3's own limit for one object
RETRY_SECONDS = 2


class DockToken(HttpBearer):
    """`Authorization: Bearer TOKEN`, a token that enrolment minted."""

    def authenticate(self, request: HttpRequest, token: str) -> Dock:
        """The dock, or a problem: 401 for an unknown token, 403 for a revoked dock."""
        dock = devices.dock_of(token)
        if dock is None:
            raise Problem(401, "unknown-token", "This token is not one of a dock. Enrol again.")
        if dock.revoked_at is not None:
            raise Problem(403, "dock-revoked", "This dock was revoked. Ask the administrator.")
        return dock


PROBLEM = {
    "description": "A problem document (RFC 9457). Its type says which problem, its status what "
    "to do: 400, 413, 422 never again as it is; 401, 403; 404; 409 what conflicts; 429 and 503 "
    "again after Retry-After; 507 the store is full, keep the footage.",
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "detail"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                },
            }
        }
    },
}


class Documented(NinjaAPI):
    """The API with problem documents for every error."""

    def get_openapi_schema(self, **more: Any) -> OpenAPISchema:
        """The description, with the problem document as every call's other answer."""
        schema = super().get_openapi_schema(**more)
        for methods in schema["paths"].values():
            for operation in methods.values():
                operation["responses"]["default"] = PROBLEM
        return schema

    def on_exception(self, request: HttpRequest, exc: Any) -> HttpResponse:
        """Turn known errors into problem documents; others go on to Django."""
        return _answer(_as_problem(exc)) if _as_problem(exc) else super().on_exception(request, exc)


def _as_problem(error: Exception) -> Problem | None:
    if isinstance(error, Problem):
        return error
    if isinstance(error, s3.StoreError):
        log.error("the store failed a dock", error=str(error))
        return Problem(503, "store-away", "The store does not answer. Try again.", retry_after=10)
    if isinstance(error, RequestDataTooBig):
        return Problem(413, "too-large", "This request is larger than 1 MiB.")
    if isinstance(error, ValidationError):
        faults = [
            {"where": ".".join(str(part) for part in item["loc"][1:]), "what": item["msg"]}
            for item in error.errors
        ]
        if any(item["loc"][:1] == ("path",) for item in error.errors):
            return Problem(404, "no-such-upload", "This dock has no upload of that id.")
        return Problem(422, "not-valid", "The request's body is not as described.", faults=faults)
    if isinstance(error, AuthenticationError):
        return Problem(401, "no-token", "Send Authorization: Bearer with the dock's token.")
    if isinstance(error, Throttled):
        return Problem(429, "too-many", "Too many tries.", retry_after=error.wait or 60)
    if isinstance(error, HttpError):
        return Problem(error.status_code, "bad-request", str(error))
    return None


def _answer(problem: Problem | None) -> HttpResponse:
    assert problem is not None
    response = HttpResponse(
        json.dumps(problem.document()),
        status=problem.status,
        content_type="application/problem+json",
    )
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    if problem.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


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


class HeartbeatIn(Schema):
    """What the dock's bays do."""

    bays: Annotated[list[BayIn], Field(max_length=200)]
    dock_clock: Clock = None
    agent: Annotated[str, Field(max_length=60), AfterValidator(_no_control)] = ""


class HeartbeatOut(Schema):
    """The server's time."""

    time: datetime


api = Documented(
    title="Dock API",
    version="1",
    description="How a docking station hands over footage. Errors are RFC 9457 problem documents.",
    openapi_url="/openapi.json",
    docs_url=None,
    urls_namespace="dock-api",
    auth=DockToken(),
)
router = Router()


def _dock(request: HttpRequest) -> Dock:
    dock: Dock = request.auth  # type: ignore[attr-defined]
    return dock


@router.post("/enrol", response={201: EnrolOut}, auth=None, throttle=AnonRateThrottle("20/m"))
def enrol(request: HttpRequest, body: EnrolIn) -> tuple[int, dict[str, str]]:
    """Turn a single-use code into a token."""
    try:
        dock, token = devices.enrol(code=body.code, address=address(request))
    except devices.DeviceError as error:
        raise Problem(403, "code-refused", str(error)) from None
    server_key = str(keys.receipt_key().verifier)
    return 201, {"dock": dock.name, "token": token, "server_key": server_key}


@router.post("/uploads", response={200: UploadOut, 201: UploadOut})
def register(request: HttpRequest, body: UploadIn) -> tuple[int, dict[str, Any]]:
    """Register a file; the same file again is the same upload."""
    upload, made = actions.register(dock=_dock(request), file=actions.File(**body.model_dump()))
    return (201 if made else 200), {
        "id": upload.id,
        "state": upload.state,
        "part_size": upload.part_size,
        "parts": upload.parts,
    }


@router.post("/uploads/{upload_id}/parts", response=PartsOut)
def parts(request: HttpRequest, upload_id: uuid.UUID, body: PartsIn) -> dict[str, Any]:
    """Sign parts, at most 100 at once. The store refuses bytes of another SHA-256."""
    upload = actions.find(dock=_dock(request), upload_id=upload_id)
    numbers = [part.number for part in body.parts]
    if len(set(numbers)) != len(numbers):
        raise Problem(422, "part-twice", "A part stands twice in this request.")
    signed = actions.sign_parts(
        upload=upload, parts=[(part.number, part.sha256) for part in body.parts]
    )
    return {
        "parts": [
            {
                "number": number,
                "method": request_.method,
                "url": request_.url,
                "headers": request_.headers,
            }
            for number, request_ in signed
        ]
    }


@router.get("/uploads/{upload_id}", response=UploadState)
def state(request: HttpRequest, upload_id: uuid.UUID) -> dict[str, Any]:
    """What is stored already, for resuming."""
    upload = actions.find(dock=_dock(request), upload_id=upload_id)
    stored = actions.stored(upload) if upload.state == Upload.State.RECEIVING else None
    return {
        "id": upload.id,
        "state": upload.state,
        "size": upload.size,
        "sha256": upload.sha256,
        "part_size": upload.part_size,
        "parts": (
            [{"number": part.number, "size": part.size} for part in stored]
            if stored is not None
            else [
                {"number": number, "size": upload.part_length(number)}
                for number in range(1, upload.parts + 1)
                if upload.state != Upload.State.ABANDONED
            ]
        ),
        "reason": upload.reason,
    }


@router.post("/uploads/{upload_id}/complete", response={202: CompleteOut})
def complete(request: HttpRequest, upload_id: uuid.UUID) -> tuple[int, dict[str, str]]:
    """Hand the file to verification. Again: the same answer; GET tells the state."""
    actions.complete(upload=actions.find(dock=_dock(request), upload_id=upload_id))
    return 202, {"state": Upload.State.VERIFYING.value}


TEXT: dict[str, Any] = {
    "responses": {
        200: {"description": "OK", "content": {"text/plain": {"schema": {"type": "string"}}}}
    }
}


def _text_or_later(text: str | None, what: str) -> HttpResponse:
    if text is None:
        raise Problem(404, "not-yet", f"There is no {what} yet.", retry_after=RETRY_SECONDS)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@router.get("/uploads/{upload_id}/receipt", response={200: None}, openapi_extra=TEXT)
def receipt(request: HttpRequest, upload_id: uuid.UUID) -> HttpResponse:
    """The signed receipt (a C2SP signed note): the only thing that permits a wipe.

    404 with Retry-After until there is one; 404 without it when there will be none as things
    stand, because the bytes disagree with the dock's fingerprint.
    """
    upload = actions.find(dock=_dock(request), upload_id=upload_id)
    if upload.state == Upload.State.QUARANTINED and upload.received_event is None:
        raise Problem(404, "quarantined", upload.reason)
    return _text_or_later(receipts.issue(upload), "receipt")


@router.get("/uploads/{upload_id}/proof", response={200: None}, openapi_extra=TEXT)
def proof(request: HttpRequest, upload_id: uuid.UUID) -> HttpResponse:
    """The tlog-proof of the upload's `evidence.received` event."""
    upload = actions.find(dock=_dock(request), upload_id=upload_id)
    return _text_or_later(receipts.prove(upload), "proof")


@router.post("/heartbeat", response=HeartbeatOut)
def heartbeat(request: HttpRequest, body: HeartbeatIn) -> dict[str, datetime]:
    """Say what the bays do; feeds the dock's screen."""
    now = devices.heartbeat(
        dock=_dock(request),
        bays=[bay.model_dump() for bay in body.bays],
        agent=body.agent,
        dock_clock=body.dock_clock,
    )
    return {"time": now}


api.add_router("/dock/v1", router)
