"""Which shares lead to footage that may be disposed of."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from evidence.retention.registry import Along
from evidence.sharing.models import Item


def along(recordings: Sequence[int]) -> list[Along]:
    """Recordings that somebody outside can open now, or soon."""
    rows = Item.objects.filter(
        recording__in=recordings, removed_at=None, share__revoked_at=None, share__refused_at=None,
        share__until__gt=timezone.now(),
    )  # fmt: skip
    count = rows.order_by().values("recording").distinct().count()
    one, several = "of them is in a share that is live", "of them are in a share that is live"
    return [Along(count, one, several, live=True)]
