"""The dock API under /api/dock/v1/: a contract, described in docs/dock-api.md.

Views only: each call checks the dock, calls an action and answers.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.security import HttpBearer
from ninja.throttling import AnonRateThrottle

from evidence.custody import keys
from evidence.custody.checkpoints import LogBroken, SignerAway
from evidence.people.requests import address
from evidence.store import s3
from ingest.devices import actions as devices
from ingest.devices.models import Dock
from ingest.uploads import actions, receipts
from ingest.uploads.models import Upload
from ingest.uploads.problems import Problem
from ingest.uploads.schemas import (
    CompleteOut,
    EnrolIn,
    EnrolOut,
    HeartbeatIn,
    HeartbeatOut,
    PartsIn,
    PartsOut,
    UploadIn,
    UploadOut,
    UploadState,
)

log = structlog.get_logger(__name__)
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
        problem = _as_problem(exc)
        return super().on_exception(request, exc) if problem is None else _answer(problem)


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


def _answer(problem: Problem) -> HttpResponse:
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
    try:
        return _text_or_later(receipts.prove(upload), "proof")
    except (LogBroken, SignerAway) as error:
        log.error("no proof can be given", error=str(error))
        raise Problem(
            503, "log-waits", "The custody log can't sign just now. Ask again.",
            retry_after=RETRY_SECONDS,
        ) from None  # fmt: skip


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
