"""What every act on a request begins and ends with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string

from evidence.custody.record import Actor, Draft, Outcome, record
from evidence.people import links
from ingest.requests.models import UploadRequest


class RequestClosed(PermissionError):
    """Unknown, sent, ended, revoked, locked or another browser's: a stranger hears the same."""


def code_digest(row: UploadRequest, browser: str, code: str) -> str:
    """A code as it is kept, of this request and browser."""
    return links.code_digest(f"request:{row.pk}", browser, code)


def browser_digest(row: UploadRequest, browser: str) -> str:
    """What is kept of the browser that has proved itself; of no use for another request."""
    return links.digest(f"{row.reference}:{browser}")


def locked(row: UploadRequest) -> UploadRequest:
    """The request as it is now, locked. In a transaction."""
    rows = UploadRequest.objects.select_for_update(of=("self",))
    return rows.select_related("made_by", "case", "camera").get(pk=row.pk)


def still_open(row: UploadRequest) -> UploadRequest:
    """As `locked`; raises RequestClosed for one that takes nothing any more."""
    found = locked(row)
    if found.state() != UploadRequest.State.OPEN:
        raise RequestClosed
    return found


def write(
    kind: str, row: UploadRequest, actor: Actor, *, data: Mapping[str, Any] | None = None,
    private: Mapping[str, Any] | None = None, outcome: Outcome = "ok",
) -> None:  # fmt: skip
    """One event on the request, and one on its case where there is one."""
    subjects = [row.subject(), *([row.case.subject()] if row.case else [])]
    said = {"requester": row.requester, **(private or {})}
    for subject in subjects:
        record(Draft(kind, subject, actor, data={"request": row.reference, **(data or {})},
                     private=said, outcome=outcome))  # fmt: skip


def mail(subject: str, template: str, to: str, context: dict[str, Any]) -> None:
    """A message, once what it tells of stands."""
    if not to:
        return
    body = render_to_string(template, {"force": settings.FORCE_NAME, **context})
    transaction.on_commit(lambda: send_mail(subject, body, None, [to]), robust=True)
