"""What the pages for staff show: requests, and what came by one. Constant queries."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.cases.access import visible_to as visible_cases
from evidence.cases.models import Case, CaseLink
from evidence.custody import history
from evidence.custody.models import Event
from evidence.people.models import User
from evidence.recordings.models import Original, Recording
from ingest.requests.access import may_accept, visible_to
from ingest.requests.models import UploadRequest, open_now
from ingest.uploads.models import Quarantine, Upload

PAGE = 50
LINES = 100
COLOURS = {"open": "green", "used": "blue", "ended": "grey", "revoked": "grey", "locked": "red"}


@dataclass(frozen=True)
class Row:
    """One request with its state in words."""

    request: UploadRequest
    # Its case, for those who may see that now.
    case: Case | None = None

    @property
    def state(self) -> str:
        """Open, Sent, Ended, Revoked or Locked."""
        return str(UploadRequest.State(self.request.state()).label)

    @property
    def colour(self) -> str:
        """Of its tag."""
        return COLOURS[self.request.state()]


def page(user: User, *, over: bool, before: str) -> tuple[list[Row], str]:
    """Those that take files, or those that are over; newest first. And where the older begin."""
    rows = visible_to(user).select_related("made_by", "case")
    rows = rows.exclude(open_now()) if over else rows.filter(open_now())
    if before.isascii() and before.isdigit() and len(before) < 18:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.order_by("-id")[: PAGE + 1])
    older = str(found[PAGE - 1].pk) if len(found) > PAGE else ""
    return _rows(user, found[:PAGE]), older


def one(user: User, row: UploadRequest) -> Row:
    """One request, as `page` has them."""
    return _rows(user, [row])[0]


def _rows(user: User, found: list[UploadRequest]) -> list[Row]:
    """Whoever made a request may have left its case since. One query."""
    asked = {one.case_id for one in found if one.case_id is not None}
    seen = set(visible_cases(user).filter(pk__in=asked).values_list("pk", flat=True))
    return [Row(one, one.case if one.case_id in seen else None) for one in found]


@dataclass(frozen=True)
class File:
    """One file that came, or comes, by a request."""

    upload: Upload
    recording: Recording | None
    outside: Quarantine | None
    other: Quarantine | None
    linked: bool
    may_accept: bool

    @property
    def state(self) -> tuple[str, str]:
        """Colour and words of its tag."""
        states = {
            Upload.State.RECEIVING: ("blue", "Receiving"),
            Upload.State.VERIFYING: ("blue", "Verifying"),
            Upload.State.ABANDONED: ("grey", "Not sent whole"),
        }
        if self.upload.state in states:
            return states[Upload.State(self.upload.state)]
        if self.outside is not None and self.outside.resolved_at is None:
            return "red", "Quarantined"
        if self.recording is None:
            return "red", "Quarantined"
        if self.recording.restricted == Recording.Restriction.OUTSIDE:
            return "grey", "Not accepted"
        return "green", "Accepted"

    @property
    def waits(self) -> bool:
        """Whether a person has to look at it."""
        return self.outside is not None and self.outside.resolved_at is None


def past(row: UploadRequest) -> list[history.Day]:
    """What was done with the request, by day, newest first."""
    events = Event.objects.filter(object_ref=row.reference).order_by("-seq")[:LINES]
    return history.days(history.describe(list(events)))


def files(user: User, row: UploadRequest) -> list[File]:
    """What came, in the order in which it was chosen. Four queries."""
    uploads = list(
        Upload.objects.filter(camera=row.camera_id).defer("part_hashes").order_by("id")
    )  # fmt: skip
    keys = [one.pk for one in uploads]
    originals = Original.objects.filter(upload__in=keys).select_related("recording")
    recordings = {one.upload: one.recording for one in originals}
    kinds: dict[tuple[object, bool], Quarantine] = {}
    for held in Quarantine.objects.filter(upload__in=keys).order_by("id"):
        kinds[held.upload_id, held.kind == Quarantine.Kind.OUTSIDE] = held
    linked: set[int] = set()
    if row.case_id is not None:
        links = CaseLink.objects.filter(case=row.case_id, unlinked_at=None)
        there = [one.pk for one in recordings.values()]
        linked = set(links.filter(recording__in=there).values_list("recording_id", flat=True))
    accepts = may_accept(user, row)
    return [
        File(one, found := recordings.get(one.pk), kinds.get((one.pk, True)),
             kinds.get((one.pk, False)), bool(found and found.pk in linked), accepts)
        for one in uploads
    ]  # fmt: skip
