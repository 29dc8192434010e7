"""Where a recording can be shared, and with whom it is, for those who may see shares."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from evidence.cases import access as cases
from evidence.cases.models import CaseLink
from evidence.people.models import User
from evidence.people.table import Scope
from evidence.recordings.links import Link
from evidence.recordings.models import Recording
from evidence.sharing import access, lists
from evidence.sharing.models import Item

MOST = 20
MOST_CASES = 5


def shares(reader: User, recording: Recording) -> list[Link]:
    """Two queries at most; none for those who may not."""
    if not reader.may("share.view"):
        return []
    of_it = Item.objects.filter(recording=recording, removed_at=None).values("share")
    rows = access.visible_to(reader).filter(pk__in=of_it).order_by("-until")[:MOST]
    return [*_new(reader, recording)] + [
        Link("Share", row.reference, row.get_absolute_url(),
             f"{row.recipient}, {row.organisation}: {lists.STATES[row.state()][1].lower()}, "
             f"{timezone.localtime(row.until):%-d %b %Y %H:%M %Z}")
        for row in rows
    ]  # fmt: skip


def _new(reader: User, recording: Recording) -> list[Link]:
    """For each case of it that somebody may share from; without a case where they may do that."""
    if not reader.may("share.make"):
        return []
    url = f"{reverse('share-new')}?recording={recording.reference}"
    linked = CaseLink.objects.filter(recording=recording, unlinked_at=None).values("case")
    rows = cases.visible_to(reader, "share.make").filter(pk__in=linked)[:MOST_CASES]
    found = [Link("Share", f"Share from {row.urn}", f"{url}&case={row.slug}") for row in rows]
    if reader.scope("share.make") is Scope.ALL:
        found.append(Link("Share", "Share without a case", url))
    return found
