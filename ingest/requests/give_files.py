"""What the page of the person outside asks while it sends files: small JSON, no footage."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from evidence.people.requests import address
from evidence.store import s3
from ingest.requests import actions
from ingest.requests.actions import Refused, RequestClosed
from ingest.requests.actions.giving import FULL
from ingest.requests.give_views import browser, said_of
from ingest.requests.models import UploadRequest
from ingest.uploads import actions as uploads
from ingest.uploads.models import Upload

log = structlog.get_logger(__name__)
CLOSED = "This link takes nothing any more. Ask the person who sent it."
ODD = "This page asked for something odd. Load it again."
SHA256 = r"^[0-9a-f]{64}$"
MAX_SIZE = 5 * 2**40  # S3's own limit for one object


class Chosen(BaseModel):
    """A file as the browser read it."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str = Field(min_length=1, max_length=255)
    size: int = Field(ge=0, le=MAX_SIZE)
    sha256: str = Field(pattern=SHA256)

    @field_validator("name")
    @classmethod
    def storable(cls, value: str) -> str:
        """Names are data; only what can't be held is refused."""
        value.encode()
        if "\0" in value:
            raise ValueError("NUL")
        return value


class Part(BaseModel):
    """One part and its SHA-256."""

    model_config = ConfigDict(extra="forbid", strict=True)
    number: int = Field(ge=1, le=uploads.MAX_PARTS)
    sha256: str = Field(pattern=SHA256)


class Parts(BaseModel):
    """Some parts at once."""

    model_config = ConfigDict(extra="forbid", strict=True)
    parts: list[Part] = Field(min_length=1, max_length=32)


def _problem(words: str, status: int) -> JsonResponse:
    return JsonResponse({"words": words}, status=status)


def told(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Every refusal as a sentence: 404 it is over, 422 not so, 503 later."""

    @wraps(view)
    def wrapped(request: HttpRequest, reference: str, **more: Any) -> HttpResponse:
        try:
            row = actions.of_browser(reference, browser(request))
            answer = view(request, row, **more)
        except RequestClosed:
            answer = _problem(CLOSED, 404)
        except Refused as refused:
            answer = _problem(str(refused), 503 if refused.again else 422)
        except (ValidationError, ValueError):
            answer = _problem(ODD, 422)
        except s3.StoreError as error:
            log.warning("the store did not answer for a request", error=str(error))
            answer = _problem(FULL, 503)
        answer["X-Robots-Tag"] = "noindex"
        return answer

    return never_cache(wrapped)


def _body(request: HttpRequest) -> Any:
    try:
        return json.loads(request.body or b"null")
    except RecursionError:
        raise ValueError("nested without an end") from None


def _whole(upload: Upload) -> dict[str, Any]:
    have = [part.number for part in uploads.stored(upload)]
    return {**said_of(upload), "part_size": upload.part_size, "parts": upload.parts, "have": have}


@require_http_methods(["GET", "POST"])
@told
def files(request: HttpRequest, row: UploadRequest) -> HttpResponse:
    """The files so far. By POST: one that was chosen, and which of its parts the store holds."""
    if request.method == "GET":
        return JsonResponse({"files": [said_of(one) for one in row.files()]})
    chosen = Chosen.model_validate(_body(request))
    upload = actions.add(request=row, name=chosen.name, size=chosen.size, sha256=chosen.sha256)
    return JsonResponse(_whole(upload))


@require_POST
@told
def parts(request: HttpRequest, row: UploadRequest, upload: uuid.UUID) -> HttpResponse:
    """Signed requests, with which the browser sends parts to the store itself."""
    wanted = Parts.model_validate(_body(request))
    pairs = [(part.number, part.sha256) for part in wanted.parts]
    signed = actions.sign(request=row, identifier=upload, parts=pairs)
    return JsonResponse(
        {"parts": [{"number": number, "url": one.url, "headers": one.headers}
                   for number, one in signed]}
    )  # fmt: skip


@require_POST
@told
def complete(request: HttpRequest, row: UploadRequest, upload: uuid.UUID) -> HttpResponse:
    """Every part is there; or 409 with those that are not."""
    missing = actions.complete(request=row, identifier=upload, address=address(request))
    if missing:
        return JsonResponse({"missing": missing}, status=409)
    return JsonResponse(said_of(actions.upload_of(row, upload)))


@require_POST
@told
def leave_out(request: HttpRequest, row: UploadRequest, upload: uuid.UUID) -> HttpResponse:
    """Chosen by mistake."""
    actions.leave_out(request=row, identifier=upload)
    return JsonResponse({"left_out": str(upload)})
