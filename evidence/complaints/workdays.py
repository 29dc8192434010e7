"""Working days, weeks and months, as the rules count them. Days are days in London.

A working day is neither a Saturday, a Sunday nor a bank holiday in England (the `holidays`
package; days proclaimed since it was published stand in BWV_BANK_HOLIDAYS).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection
from datetime import date, datetime, timedelta
from functools import lru_cache

import holidays
from django.conf import settings
from django.utils import timezone

DAY = timedelta(days=1)
WEEK = timedelta(days=7)


@lru_cache(maxsize=200)
def bank_holidays(year: int) -> Collection[date]:
    """England's of that year, with their substitute days."""
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


def is_working_day(day: date) -> bool:
    """Whether the five working days of a rule count this one."""
    return (
        day.weekday() < 5
        and day not in bank_holidays(day.year)
        and day not in settings.BANK_HOLIDAYS
    )


def working_days_after(day: date, count: int) -> date:
    """The `count`th working day after `day`; the day itself is not counted."""
    while count > 0:
        day += DAY
        count -= is_working_day(day)
    return day


def weeks_after(day: date, weeks: int) -> date:
    """Four weeks after a Monday is the fourth Monday to come; the day itself is not counted."""
    return day + weeks * WEEK


def months_after(day: date, months: int) -> date:
    """The same day of the month, so many months later; where that month lacks it, its last day.

    The corresponding date rule: twelve months from 29 February end on 28 February. Reckon from
    the first day each time, not from the last result: 31 August, 28 February, 31 August.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def local_day(moment: datetime) -> date:
    """The day in London on which something happened: not UTC's, for an hour of summer nights."""
    return timezone.localdate(moment)
