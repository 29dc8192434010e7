"""With whom a recording is shared, for those who may see shares."""

from __future__ import annotations

from django.utils import timezone

from evidence.people.models import User
from evidence.recordings.links import Link
from evidence.recordings.models import Recording
from evidence.sharing import access
from evidence.sharing.models import Item

MOST = 20


def shares(reader: User, recording: Recording) -> list[Link]:
    """One query; none for those who may not."""
    if not reader.may("share.view"):
        return []
    of_it = Item.objects.filter(recording=recording).values("share")
    rows = access.visible_to(reader).filter(pk__in=of_it).order_by("-until")[:MOST]
    return [
        Link("Share", row.reference, row.get_absolute_url(),
             f"{row.recipient}, {row.organisation}: {row.state()}, "
             f"{timezone.localtime(row.until):%-d %b %Y %H:%M %Z}")
        for row in rows
    ]  # fmt: skip
