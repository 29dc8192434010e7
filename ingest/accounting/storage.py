"""How much the store holds, by what it is, and how that will go on: reckoned each night."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from ingest.accounting.models import Flow, Held, Measured, Price

WEEKS = 8
FORECAST_DAYS = 28
TERABYTE = 10**12
MOST_ROWS = 30
NOBODY = {"unit": "No unit known", "category": "No category"}

_AGE = """
CASE WHEN recording.happened_at > %(now)s - interval '31 days' THEN 'month'
     WHEN recording.happened_at > %(now)s - interval '1 year' THEN 'year'
     WHEN recording.happened_at > %(now)s - interval '6 years' THEN 'six'
     ELSE 'older' END
"""
_OF = """
JOIN recordings_recording recording ON recording.id = original.recording_id
LEFT JOIN people_user person ON person.id = recording.officer_id
LEFT JOIN people_unit unit ON unit.id = person.unit_id
LEFT JOIN recordings_category category ON category.id = recording.category_id
"""
_INTO = "INSERT INTO accounting_held (what, age, unit, category, storage_class, files, bytes) "
_GROUPS = f"{_AGE}, coalesce(unit.name, ''), coalesce(category.name, '')"
STATEMENTS = [
    f"""{_INTO} SELECT 'original', {_GROUPS}, original.storage_class, count(*), sum(original.size)
    FROM recordings_original original {_OF} GROUP BY 2, 3, 4, 5""",
    f"""{_INTO} SELECT 'rendition', {_GROUPS}, 'STANDARD', count(*), sum(rendition.size)
    FROM recordings_rendition rendition
    JOIN recordings_original original ON original.id = rendition.original_id
    {_OF} GROUP BY 2, 3, 4""",
    f"""{_INTO} SELECT 'clip', {_GROUPS}, 'STANDARD', count(*), sum(clip.size)
    FROM exhibits_clip clip JOIN recordings_original original ON original.id = clip.original_id
    {_OF} WHERE clip.state = 'ready' GROUP BY 2, 3, 4""",
    f"""{_INTO} SELECT 'package', 'month', '', '', 'STANDARD', count(*), sum(size) FROM (
      SELECT size FROM recordings_package WHERE state = 'ready' AND key <> ''
      UNION ALL SELECT key_size FROM sharing_sharedpackage WHERE state = 'ready' AND key <> ''
      UNION ALL SELECT size FROM sharing_item WHERE key <> ''
    ) pieces HAVING count(*) > 0""",
]
FLOW = """
INSERT INTO accounting_flow (day, files_in, bytes_in, files_gone, bytes_gone)
SELECT day, sum(files_in), sum(bytes_in), sum(files_gone), sum(bytes_gone) FROM (
  SELECT (sealed_at AT TIME ZONE %(zone)s)::date AS day, 1 AS files_in, size AS bytes_in,
         0 AS files_gone, 0 AS bytes_gone
  FROM uploads_upload WHERE sealed_at >= %(since)s
  UNION ALL
  SELECT (gone_at AT TIME ZONE %(zone)s)::date, 0, 0, 1, size
  FROM retention_tombstone WHERE gone_at >= %(since)s
) days GROUP BY day
"""


def measure() -> None:
    """Reckon `Held` and `Flow` anew: all of it stands at once, or what stood before."""
    now = timezone.now()
    first = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    values: Any = {
        "now": now, "zone": settings.TIME_ZONE, "since": first - timedelta(days=7 * WEEKS),
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        # Of two at once the second waits, and finds the first one's rows to replace.
        Measured.objects.get_or_create(pk=1)
        Measured.objects.select_for_update().get(pk=1)
        Held.objects.all().delete()
        Flow.objects.all().delete()
        for statement in STATEMENTS:
            cursor.execute(statement, values)
        cursor.execute(FLOW, values)
        Measured.objects.filter(pk=1).update(at=now)


# --- for the page -----------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """One row of a table: what, how many files and bytes, and what they cost a month."""

    name: str
    files: int
    bytes: int
    money: Decimal | None = None


def parts(by: str) -> list[Part]:
    """The store's contents by one column of `Held`, the most first."""
    labels: dict[str, str] = {"": NOBODY.get(by, "Not known")}
    if by in ("what", "age"):
        kinds = Held.What.choices if by == "what" else Held.Age.choices
        labels |= {value: str(words) for value, words in kinds}
    rows = Held.objects.values(by).annotate(files=Sum("files"), bytes=Sum("bytes"))
    found = [
        Part(labels.get(row[by], row[by]), row["files"], row["bytes"])
        for row in rows.order_by("-bytes", by)
    ]
    rest = found[MOST_ROWS:]
    if rest:
        found = found[:MOST_ROWS]
        found.append(
            Part(f"{len(rest)} others", sum(p.files for p in rest), sum(p.bytes for p in rest))
        )
    if by == "age":  # in the order of time
        order = list(labels.values())
        found.sort(key=lambda part: order.index(part.name))
    return found


def classes() -> list[Part]:
    """By storage class, with what a month of it costs where a price is known."""
    prices = {row.storage_class: row.per_tb_month for row in Price.objects.all()}
    return [
        Part(part.name, part.files, part.bytes, _money(part.bytes, prices.get(part.name)))
        for part in parts("storage_class")
    ]


def _money(size: int, price: Decimal | None) -> Decimal | None:
    return None if price is None else (Decimal(size) / TERABYTE * price).quantize(Decimal("0.01"))


def total_money(found: Iterable[Part]) -> Decimal | None:
    """The sum, where every class has a price."""
    amounts = [part.money for part in found]
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal()) if known and len(known) == len(amounts) else None


@dataclass(frozen=True)
class Week:
    """Seven days: what came in, and what went."""

    first: date
    bytes_in: int
    bytes_gone: int

    @property
    def net(self) -> int:
        """How much more there is."""
        return self.bytes_in - self.bytes_gone


def weeks(today: date) -> list[Week]:
    """The last eight times seven whole days, the oldest first."""
    days = {row.day: row for row in Flow.objects.all()}
    found = []
    for number in range(WEEKS, 0, -1):
        first = today - timedelta(days=7 * number)
        rows = [days[day] for at in range(7) if (day := first + timedelta(days=at)) in days]
        found.append(
            Week(first, sum(row.bytes_in for row in rows), sum(row.bytes_gone for row in rows))
        )
    return found


def days(today: date) -> list[Flow]:
    """The last eight weeks day by day, the newest first."""
    return list(Flow.objects.filter(day__lte=today).order_by("-day"))


@dataclass(frozen=True)
class Forecast:
    """What the mean of the last four weeks says of the time to come."""

    held: int
    capacity: int
    a_day: int
    days: int | None
    full_on: date | None

    @property
    def less(self) -> int:
        """How many bytes a day it gets less by."""
        return -self.a_day


def forecast(today: date) -> Forecast:
    """Held now, plus the mean net of the last 28 whole days for each day to come. A mean, and no
    more: it knows of no match day, no new cameras, no release that is to come."""
    held = int(Held.objects.aggregate(all=Sum("bytes"))["all"] or 0)
    last: dict[str, Any] = Flow.objects.filter(
        day__gte=today - timedelta(days=FORECAST_DAYS), day__lt=today
    ).aggregate(came=Sum("bytes_in"), went=Sum("bytes_gone"))
    a_day = (int(last["came"] or 0) - int(last["went"] or 0)) // FORECAST_DAYS
    capacity = settings.STORE_CAPACITY_BYTES
    if not capacity or a_day <= 0:
        return Forecast(held, capacity, a_day, None, None)
    days = max(0, capacity - held) // a_day
    # Past a lifetime no date is worth saying.
    full_on = today + timedelta(days=days) if days < 36_500 else None
    return Forecast(held, capacity, a_day, days, full_on)
