"""What the store holds, by what it is; what that costs; how long there is room."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings.models import Category, Recording
from evidence.store import s3
from ingest.accounting import storage
from ingest.accounting.models import Flow, Held, Measured, Price
from ingest.accounting.reckoning import Reckoning
from ingest.devices.models import Dock
from tests import factories
from tests.ingest.accounting.conftest import ago, clip, dispose, put, rendition

pytestmark = pytest.mark.django_db


def by(column: str) -> dict[str, tuple[int, int]]:
    return {part.name: (part.files, part.bytes) for part in storage.parts(column)}


def test_by_age_unit_category_and_what(docked: Recording, shah: User, dock: Dock) -> None:
    original = docked.originals.get()
    rendition(original)
    clip(original, shah)
    arrest = Category.objects.get(code="arrest")
    for days, category in ((10, None), (200, arrest), (800, arrest), (4000, None)):
        factories.recording(shah, happened_at=ago(days=days), category=category)
    storage.measure()
    assert by("what") == {
        "Originals": (5, 66), "Viewing copies and other renditions": (1, 50),
        "Clips and redacted copies": (1, 40),
    }  # fmt: skip
    ages = by("age")
    assert list(ages) == ["Up to 31 days", "Up to 1 year", "Up to 6 years", "Older"]
    assert ages["Up to 31 days"] == (4, 126)
    assert ages["Older"] == (1, 10)
    assert by("category")[arrest.name] == (2, 20)
    assert by("unit") == {"Charing Cross": (7, 156)}
    assert by("storage_class") == {"STANDARD": (7, 156)}
    original.renditions.all().delete()
    storage.measure()  # again: in place of what stood there
    assert sum(files for files, _ in by("what").values()) == 6


def test_in_and_out_by_the_day(docked: Recording) -> None:
    dispose(docked)
    storage.measure()
    day = Flow.objects.get()
    assert day.day == timezone.localdate()
    assert (day.files_in, day.bytes_in, day.files_gone, day.bytes_gone) == (1, 26, 1, 26)


def flows(came: int, went: int, days: int = 56) -> None:
    today = timezone.localdate()
    for at in range(1, days + 1):
        Flow.objects.create(day=today - timedelta(days=at), bytes_in=came, bytes_gone=went)


def hold(size: int) -> None:
    Held.objects.create(what="original", age="month", files=1, bytes=size)


def test_the_forecast_is_the_mean_of_four_weeks(settings: Any) -> None:
    settings.STORE_CAPACITY_BYTES = 2_000
    flows(30, 20)
    Flow.objects.filter(day__lt=timezone.localdate() - timedelta(days=28)).update(bytes_in=10**6)
    Flow.objects.create(day=timezone.localdate(), bytes_in=10**9)  # not over: does not count
    hold(1_000)
    found = storage.forecast(timezone.localdate())
    assert (found.held, found.a_day, found.days) == (1_000, 10, 100)
    assert found.full_on == timezone.localdate() + timedelta(days=100)


@pytest.mark.parametrize(
    ("came", "went", "capacity"), [(20, 30, 2_000), (20, 20, 2_000), (9, 1, 0)]
)
def test_no_forecast_where_there_is_none(
    came: int, went: int, capacity: int, settings: Any
) -> None:
    settings.STORE_CAPACITY_BYTES = capacity
    flows(came, went)
    hold(1_000)
    found = storage.forecast(timezone.localdate())
    assert found.full_on is None
    assert found.a_day == came - went


def test_weeks_are_whole_and_the_oldest_comes_first() -> None:
    flows(1, 0)
    weeks = storage.weeks(timezone.localdate())
    assert [week.bytes_in for week in weeks] == [7] * 8
    assert weeks[-1].first == timezone.localdate() - timedelta(days=7)


def test_money_only_where_there_are_prices() -> None:
    hold(2 * 10**12)
    assert storage.total_money(storage.classes()) is None
    Price.objects.create(storage_class="STANDARD", per_tb_month=Decimal("20.50"), source="x")
    assert storage.total_money(storage.classes()) == Decimal("41.00")
    Held.objects.create(what="original", age="year", files=1, bytes=1, storage_class="STANDARD_IA")
    assert storage.total_money(storage.classes()) is None  # one has none: no sum is said


def test_the_page_says_it(client: Client, administrator: User, settings: Any) -> None:
    settings.STORE_CAPACITY_BYTES = 10**13
    client.force_login(administrator)
    hold(2 * 10**12)
    flows(5 * 10**10, 10**10)
    Measured.objects.create(at=timezone.now())
    Price.objects.create(storage_class="STANDARD", per_tb_month=20, source="x")
    said = " ".join(client.get("/storage/").content.decode().split())
    assert "2.0 TB held." in said
    assert "40.0 GB more a day: the mean of what came in less what went" in said
    assert "is full in 200 days, about" in said
    assert "£40.00 a month" in said
    assert said.count('class="acc-in"') == 9
    assert "This store has one storage class" in said


def test_the_row_says_where_the_store_keeps_it(docked: Recording) -> None:
    """The listing's word of each original's class is written into its row."""
    key = "2026/01/01/cold"
    version = put("originals", key, b"0123456789", StorageClass="STANDARD_IA")
    cold = factories.original(docked, reference="R-2222-2222", key=key, version_id=version)
    list(Reckoning().faults())
    cold.refresh_from_db()
    assert cold.storage_class == "STANDARD_IA"
    assert docked.originals.exclude(pk=cold.pk).get().storage_class == "STANDARD"
    assert s3.head("originals", key).size == 10
