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
    because of a file that was joined into one. Two queries."""
    of_it = Q(pk__in=recordings) | Q(joined_into__in=recordings)
    own = Recording.objects.filter(of_it, officer=user).order_by()
    held = Hold.objects.filter(
        Q(recording__in=recordings) | Q(recording__joined_into__in=recordings), secret_to(user)
    ).order_by()
    rows = [
        *own.values_list("pk", "joined_into"),
        *held.values_list("recording", "recording__joined_into"),
    ]
    return {into or pk for pk, into in rows}
