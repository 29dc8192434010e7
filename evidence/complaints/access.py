"""Which complaints somebody may know of: the one place that decides."""

from __future__ import annotations

from django.db.models import QuerySet

from evidence.complaints.models import Complaint
from evidence.people.models import User
from evidence.people.table import Scope


def visible_to(user: User) -> QuerySet[Complaint]:
    """The complaints that `user` may see; never one that names them, whatever their role."""
    if user.scope("complaint.view") is Scope.NONE:
        return Complaint.objects.none()
    return Complaint.objects.exclude(officers=user)
