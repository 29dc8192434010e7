"""With whom a recording is shared, for those who may see shares."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings.links import Link
from evidence.recordings.models import Recording
from evidence.sharing.models import Share

MOST = 20


def shares(reader: User, recording: Recording) -> list[Link]:
    """One query; none for those who may not."""
    if not reader.may("share.view"):
        return []
    rows = Share.objects.filter(recordings=recording).order_by("-until")[:MOST]
    return [
        Link("Share", row.reference, reverse("admin:sharing_share_change", args=[row.pk]),
             f"{row.recipient}, {row.organisation}: {row.state()}, "
             f"{timezone.localtime(row.until):%-d %b %Y %H:%M %Z}")
        for row in rows
    ]  # fmt: skip
