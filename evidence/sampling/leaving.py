"""Which samples wait for footage that may be disposed of."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.retention.registry import Along
from evidence.sampling.models import Item


def along(recordings: Sequence[int]) -> list[Along]:
    """Recordings that chance chose and nobody has reviewed yet."""
    rows = Item.objects.filter(recording__in=recordings, state=Item.State.TO_DO)
    count = rows.order_by().values("recording").distinct().count()
    return [Along(count, "of them waits for review in a sample",
                  "of them wait for review in a sample", live=True)]  # fmt: skip
