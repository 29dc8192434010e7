"""What the person outside does: name a file, send its parts, leave it out, say Send."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Sum
from django.utils import timezone

from evidence.recordings.templatetags.evidence import size as bytes_in_words
from evidence.store import s3
from ingest.requests.actions.asking import dock, forget_unfinished
from ingest.requests.actions.common import mail, still_open, write
from ingest.requests.models import CHOSEN_TIMES, UploadRequest
from ingest.uploads import actions as uploads
from ingest.uploads.models import Upload
from ingest.uploads.problems import Problem

State = Upload.State


class Refused(ValueError):
    """What was asked for can't be. Its sentence is for a member of the public."""

    def __init__(self, sentence: str, *, again: bool = False) -> None:
        super().__init__(sentence)
        self.again = again  # whether the same can be asked once more, later


FULL = "We can't take more files just now. Keep your file, and go on later today."


def add(*, request: UploadRequest, name: str, size: int, sha256: str) -> Upload:
    """The upload of a file that this person has chosen; chosen again, the same one.

    Raises RequestClosed; Refused for what is over the request's limits.
    """
    with transaction.atomic():
        row = still_open(request)
        file = uploads.File(camera=row.camera.serial, file_id=name, size=size, sha256=sha256)
        known = row.files().filter(identity=uploads.identity_of(file)).exists()
        if not known:
            _within_limits(row, name, size)
        try:
            upload, _ = uploads.register(dock=dock(), file=file)
        except Problem as problem:
            raise Refused(FULL, again=True) from problem
        UploadRequest.objects.filter(pk=row.pk).update(
            last_seen=timezone.now(), chosen=row.chosen + (not known)
        )
    return upload


def _within_limits(row: UploadRequest, name: str, size: int) -> None:
    if row.chosen >= row.most_files * CHOSEN_TIMES:
        raise Refused("Too many files were chosen and left out. Ask who wrote to you for a new "
                      "link.")  # fmt: skip
    if size == 0:
        raise Refused(f"{name} is empty. Choose another file.")
    sums = row.files().order_by().aggregate(bytes=Sum("size"), files=Count("pk"))
    left = row.most_bytes - (sums["bytes"] or 0)
    if sums["files"] >= row.most_files:
        raise Refused(f"You can send {row.most_files} files at most. Leave one out first, or ask "
                      "for another link.")  # fmt: skip
    if size > left:
        raise Refused(f"{name} is too large: you can send {bytes_in_words(max(left, 0))} more. "
                      "Ask who wrote to you for another way.")  # fmt: skip


def upload_of(request: UploadRequest, identifier: uuid.UUID) -> Upload:
    """One file of this request. Raises Refused for any other."""
    found = Upload.objects.filter(pk=identifier, camera=request.camera_id).first()
    if found is None:
        raise Refused("There is no such file here. Load this page again.")
    return found


def sign(
    *, request: UploadRequest, identifier: uuid.UUID, parts: Iterable[tuple[int, str]]
) -> list[tuple[int, s3.SignedRequest]]:
    """Signed requests for parts of one file, each for its own bytes and length alone.

    Raises RequestClosed, Refused.
    """
    with transaction.atomic():
        row = still_open(request)  # revoking waits, or this does
        upload = upload_of(row, identifier)
        try:
            signed = uploads.sign_parts(upload=upload, parts=parts, sized=True)
        except Problem as problem:
            full = problem.status == 503
            raise Refused(FULL if full else "This file takes no more parts. Load this page again.",
                          again=full) from problem  # fmt: skip
        UploadRequest.objects.filter(pk=row.pk).update(last_seen=timezone.now())
    return signed


def complete(*, request: UploadRequest, identifier: uuid.UUID, address: str) -> list[int]:
    """Hand a whole file to verification; the numbers of the parts that are missing.

    Raises RequestClosed, Refused.
    """
    with transaction.atomic():
        row = still_open(request)
        upload = upload_of(row, identifier)
        if upload.state != State.RECEIVING:
            return []
        try:
            uploads.complete(upload=upload)
        except Problem as problem:
            if problem.status == 503:
                raise Refused(FULL, again=True) from problem
            return list(problem.more.get("parts", []))
        private = {"address": address, "file": upload.file_id}
        data = {"upload": str(upload.pk), "size": upload.size}
        write("request.file_received", row, row.actor(), data=data, private=private)
    return []


def leave_out(*, request: UploadRequest, identifier: uuid.UUID) -> None:
    """Forget a file that did not come whole: chosen by mistake. Raises RequestClosed, Refused."""
    with transaction.atomic():
        row = still_open(request)
        upload = upload_of(row, identifier)
        if upload.state == State.ABANDONED:
            return
        moved = Upload.objects.filter(pk=upload.pk, state=State.RECEIVING).update(
            state=State.ABANDONED, reason="Left out by who was asked.", multipart="",
            part_hashes=b"",
        )  # fmt: skip
        if not moved:
            raise Refused("This file is with us already: it stays.")
        if upload.multipart:
            transaction.on_commit(
                lambda: s3.abort_multipart("originals", upload.key, upload.multipart), robust=True
            )
        write("request.file_left_out", row, row.actor(), data={"upload": str(upload.pk)},
              private={"file": upload.file_id})  # fmt: skip


def finish(*, request: UploadRequest, address: str) -> UploadRequest:
    """The person says Send: nothing more is taken, and who asked is told. Raises RequestClosed;
    Refused while a file is not whole, or there is none."""
    with transaction.atomic():
        row = still_open(request)
        states = list(row.files().values_list("state", flat=True))
        waiting = states.count(State.RECEIVING)
        if not states:
            raise Refused("Choose at least one file first.")
        if waiting:
            files = "1 file is" if waiting == 1 else f"{waiting} files are"
            raise Refused(f"{files} not here whole. Go on with it, or leave it out, then send.")
        row.finished_at = timezone.now()
        row.save(update_fields=["finished_at"])
        forget_unfinished(row, "The request was finished.")
        write("request.finished", row, row.actor(), data={"files": len(states)},
              private={"address": address})  # fmt: skip
        mail(f"Files have come for {row.reference}", "requests/mail_sent.txt", row.made_by.email,
             {"row": row, "files": len(states),
              "link": f"{settings.PUBLIC_URL}{row.get_absolute_url()}"})  # fmt: skip
    return row
