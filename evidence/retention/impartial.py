"""Whose footage it is not to decide on: nobody lets go of what they recorded, nor of what was ever
held for a complaint that names them or of which they may not know otherwise.

Both are refused with the same words as a second decision of one's own: the words tell nobody that
there was a complaint. To keep something, by refusing or restoring, everybody is impartial enough.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from evidence.people.models import User
from evidence.recordings.models import Recording
from evidence.retention.access import secret_to
from evidence.retention.models import Hold


def concerned(user: User, recordings: Collection[int]) -> set[int]:
    """Those of these recordings of which this person neither proposes nor approves the end; also
    because of a file that was joined into one. Two queries, by the recordings' own indexes."""
    of_it = Recording.objects.filter(Q(pk__in=recordings) | Q(joined_into__in=recordings))
    rows = list(of_it.order_by().values_list("pk", "joined_into", "officer"))
    held = Hold.objects.filter(secret_to(user), recording__in=[pk for pk, _, _ in rows])
    secret = set(held.order_by().values_list("recording", flat=True))
    return {into or pk for pk, into, officer in rows if officer == user.pk or pk in secret}
