"""Which requests somebody may see, and whose footage came by one: the one place that decides."""

from __future__ import annotations

import re

from django.db.models import Q, QuerySet

from evidence.cases.access import of_team
from evidence.cases.models import Case
from evidence.people.models import User
from evidence.people.table import Scope
from evidence.recordings.models import Original
from ingest.requests.models import UploadRequest
from ingest.uploads.models import Upload

REFERENCE = re.compile(r"[Qq]-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}")


def visible_to(user: User, permission: str = "request.view") -> QuerySet[UploadRequest]:
    """OWN: those that they made, and those of a case on whose team they are."""
    scope = user.scope(permission)
    if scope is Scope.ALL:
        return UploadRequest.objects.all()
    if scope is not Scope.OWN:
        return UploadRequest.objects.none()
    cases = Case.objects.filter(of_team(user))
    return UploadRequest.objects.filter(Q(made_by=user) | Q(case__in=cases.values("pk")))


def find(user: User, reference: str, permission: str = "request.view") -> UploadRequest:
    """One request by its reference. Raises UploadRequest.DoesNotExist, for what may not be seen
    as for what is not there."""
    if not REFERENCE.fullmatch(reference):
        raise UploadRequest.DoesNotExist
    rows = visible_to(user, permission).select_related("made_by", "case", "camera")
    return rows.get(reference=reference.upper())


def may_accept(user: User, request: UploadRequest) -> bool:
    """Who decides about quarantine; and who asked for it. Their colleagues in a case do not."""
    if user.may("quarantine.resolve"):
        return True
    scope = user.scope("request.make")
    return scope is Scope.ALL or (scope is Scope.OWN and request.made_by_id == user.pk)


def came_for(user: User) -> list[int] | None:
    """The recordings that came by requests that this person made; None for nobody's. One query."""
    if user.scope("request.make") is Scope.NONE:
        return None
    asked = UploadRequest.objects.filter(made_by=user).values("camera")
    uploads = Upload.objects.filter(camera__in=asked).values("pk")
    rows = Original.objects.filter(upload__in=uploads).order_by()
    return list(rows.values_list("recording_id", flat=True)) or None
