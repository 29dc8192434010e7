"""What staff do: ask, ask again, revoke, accept what came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from evidence.cases import actions as cases
from evidence.cases.access import visible_to as visible_cases
from evidence.cases.models import Case
from evidence.people import links, typed
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.models import Recording
from evidence.store import s3
from ingest.devices.models import Camera, Dock, Made
from ingest.requests.access import may_accept, visible_to
from ingest.requests.actions.common import locked, mail, write
from ingest.requests.models import MAX_DAYS, UploadRequest, make_reference
from ingest.uploads import actions as uploads
from ingest.uploads.models import Quarantine, Upload

DOCK = "Public uploads"
NOTHING = "There is nothing here that you can see. Check the reference."
State = UploadRequest.State


@dataclass(frozen=True)
class Wish:
    """Who is asked for what, and until when."""

    requester: str
    email: str
    purpose: str
    until: datetime
    organisation: str = ""
    case: Case | None = None


def dock() -> Dock:
    """The one that all requests are taken in by; no agent can enrol as it."""
    found, _ = Dock.objects.get_or_create(
        kind=Made.REQUEST, defaults={"name": DOCK, "ref": "d-requests"}
    )
    return found


def _camera(reference: str) -> Camera:
    return Camera.objects.create(
        serial=reference, kind=Made.REQUEST, note="Files that a person outside sends"
    )


def _in_time(until: datetime) -> None:
    now = timezone.now()
    if not now < until <= now + timedelta(days=MAX_DAYS, hours=12):
        raise ValueError(f"The request must end in the future, within {MAX_DAYS} days")


def make(*, by: User, wish: Wish) -> UploadRequest:
    """Ask somebody for files: keeps the request and mails its link, which is told only there.

    Raises NotAllowed, also for a case that `by` may not see; ValueError for a wrong date.
    """
    if not by.may("request.make"):
        raise NotAllowed("You can't ask people outside for footage.")
    _in_time(wish.until)
    if wish.case and not visible_cases(by).filter(pk=wish.case.pk).exists():
        raise NotAllowed(NOTHING)
    token, reference = links.new_secret(), make_reference()
    with transaction.atomic():
        dock()
        row = UploadRequest.objects.create(
            reference=reference, requester=wish.requester, organisation=wish.organisation,
            email=wish.email, purpose=wish.purpose, case=wish.case, until=wish.until,
            most_bytes=settings.REQUEST_MOST_BYTES, most_files=settings.REQUEST_MOST_FILES,
            camera=_camera(reference), token_hash=links.digest(token), made_by=by,
        )  # fmt: skip
        _told("request.made", by, row)
        _send_link(by, row, token)
    return row


def _told(kind: str, by: User, row: UploadRequest) -> None:
    until = f"{timezone.localtime(row.until):%H:%M on %-d %b %Y}"
    private = {
        "name": by.short, "organisation": row.organisation, "purpose": row.purpose, "until": until,
    }  # fmt: skip
    write(kind, row, by.actor(), data={"until": row.until.isoformat()}, private=private)


def _send_link(by: User, row: UploadRequest, token: str) -> None:
    link = f"{settings.PUBLIC_URL}/give/open#{token}"
    context = {"row": row, "link": link, "by": by}
    mail(f"{settings.FORCE_NAME} asks you for footage", "requests/mail_link.txt", row.email,
         context)  # fmt: skip


def renew(*, by: User, request: UploadRequest, until: datetime) -> UploadRequest:
    """Send a new link, for another browser or more time; the old one is dead from then on.

    What was sent stays; what was not sent whole can be gone on with. Not once the person has
    pressed Send, nor after revoking. Raises NotAllowed, ValueError.
    """
    _in_time(until)
    token = links.new_secret()
    with transaction.atomic():
        row = _own(by, request)
        if row.state() in (State.USED, State.REVOKED):
            raise ValueError("This request is over. Make a new one.")
        row.token_hash, row.browser_hash, row.until = links.digest(token), "", until
        row.locked_at, row.wrong_codes, row.chosen = None, 0, 0
        row.save(update_fields=["token_hash", "browser_hash", "until", "locked_at", "wrong_codes",
                                "chosen"])  # fmt: skip
        row.codes.filter(used_at=None).update(used_at=timezone.now())
        _told("request.renewed", by, row)
        _send_link(by, row, token)
    return row


def _own(by: User, request: UploadRequest) -> UploadRequest:
    """The request, locked, if `by` may change it. Raises NotAllowed."""
    if not visible_to(by, "request.make").filter(pk=request.pk).exists():
        raise NotAllowed(NOTHING)
    return locked(request)


def revoke(*, by: User, request: UploadRequest, reason: str) -> UploadRequest:
    """End a request now; again: nothing. Files that came whole stay, the others are forgotten.

    Raises NotAllowed, ValueError.
    """
    why = typed.reason(reason, "Enter why you revoke it")
    with transaction.atomic():
        row = _own(by, request)
        if row.revoked_at is None:
            row.revoked_at = timezone.now()
            row.save(update_fields=["revoked_at"])
            forget_unfinished(row, "The request was revoked.")
            write("request.revoked", row, by.actor(), private={"name": by.short, "reason": why})
    return row


def forget_unfinished(row: UploadRequest, why: str) -> None:
    """Give up what did not come whole. A signed address that is still about then leads nowhere."""
    rows = Upload.objects.filter(camera=row.camera_id, state=Upload.State.RECEIVING)
    for upload in rows:
        moved = Upload.objects.filter(pk=upload.pk, state=Upload.State.RECEIVING).update(
            state=Upload.State.ABANDONED, reason=why, multipart="", part_hashes=b""
        )
        if moved and upload.multipart:
            transaction.on_commit(partial(s3.abort_multipart, "originals", upload.key,
                                          upload.multipart), robust=True)  # fmt: skip


def accept(*, by: User, request: UploadRequest, quarantine: Quarantine, note: str) -> Quarantine:
    """Let in one file that came by this request: from then on it is a recording like others.

    Raises NotAllowed, ValueError.
    """
    seen = visible_to(by).filter(pk=request.pk).exists()
    if not seen or not may_accept(by, request):
        raise NotAllowed(NOTHING)
    if quarantine.upload.camera_id != request.camera_id \
            or quarantine.kind != Quarantine.Kind.OUTSIDE:  # fmt: skip
        raise NotAllowed(NOTHING)
    settled = uploads.settle(
        quarantine=quarantine, by=by, outcome=Quarantine.Outcome.ACCEPTED, note=note
    )
    if settled.outcome != Quarantine.Outcome.ACCEPTED:
        raise ValueError("It was decided already, and otherwise. Ask professional standards.")
    return settled


def to_case(upload: Upload, recording: Recording, by: User) -> None:
    """Put what was accepted to the request's case, in the acceptance's transaction.

    Where whoever accepted may not change that case it is left: the request's page then shows
    that it is not linked, and those of the case link it.
    """
    row = UploadRequest.objects.filter(camera=upload.camera_id).select_related("case").first()
    if row is None or row.case is None:
        return
    if not visible_cases(by, "case.change").filter(pk=row.case.pk).exists():
        return
    cases.link(by=by, case=row.case, recording=recording, reason=f"Sent by request {row.reference}")
