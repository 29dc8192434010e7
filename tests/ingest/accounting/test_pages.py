"""The pages of accounting: who sees them, what they say, what they never show."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings.models import Recording
from evidence.store import s3
from ingest.accounting import lists, runs
from ingest.accounting.models import Finding, Run
from ingest.accounting.reckoning import Reckoning
from ingest.devices.models import Dock
from tests import factories
from tests.ingest.accounting.conftest import put

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client: Client, auditor: User) -> Client:
    client.force_login(auditor)
    return client


def count() -> Run:
    run = runs.begin()
    list(runs.carry_out(run, Reckoning()))
    return run


def words(client: Client, path: str = "/accounting/") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_before_the_first_count(page: Client) -> None:
    assert "Nothing was counted yet" in words(page)
    assert "Nothing was reckoned yet" in words(page, "/storage/")


def test_a_clean_count_in_numbers_and_words(page: Client, docked: Recording, dock: Dock) -> None:
    factories.send(dock, b"comes", name="VID_0002.BIN")
    count()
    said = words(page)
    assert "2 files listed by docks: 1 sealed, 1 on their way." in said
    assert "1 original: all there." in said
    assert "Everything is accounted for." in said
    assert "The last count found nothing of this kind." in said


def test_what_is_found_stands_with_what_to_do_and_since_when(
    page: Client, docked: Recording
) -> None:
    original = docked.originals.get()
    s3.destroy("originals", original.key, original.version_id)
    put("renditions", "<script>alert(1)</script>")
    count()
    said = words(page)
    assert "1 original: not all there as they should be, 1 finding." in said
    assert f"{original.reference} original" in said
    assert "Look for it in backups today." in said
    assert f"Since {timezone.localtime():%-d %b %Y}" in said
    unknown = words(page, "/accounting/?kind=unknown")
    assert "&lt;script&gt;" in unknown
    assert "<script>alert" not in unknown


def test_no_name_of_anybody_and_no_footage(
    page: Client, docked: Recording, shah: User, film: bytes
) -> None:
    from ingest.accounting import storage

    original = docked.originals.get()
    s3.destroy("originals", original.key, original.version_id)
    count()
    storage.measure()
    for path in ("/accounting/", "/storage/"):
        said = words(page, path)
        for banned in (shah.name, shah.short, "<video", "<img", "/footage/"):
            assert banned not in said


def test_pages_follow_each_other_and_say_each_finding_once(page: Client, store: None) -> None:
    run = Run.objects.create(state="done", finished=timezone.now(), kinds={"gap": 120})
    Finding.objects.bulk_create(
        Finding(kind="gap", area="cameras", what=f"finding {at:03}.", todo="x", camera=f"C{at % 7}",
                fingerprint=f"{at}", first_seen=timezone.now(), last_run=run)
        for at in range(120)
    )  # fmt: skip
    seen: list[str] = []
    after = ""
    while True:
        found = lists.page("gap", after)
        seen += [row.what for row in found.rows]
        if not found.next:
            break
        after = found.rows[-1].camera + f"~{found.rows[-1].pk}"
        assert found.next.endswith(f"after={after.replace('~', '~')}")
    assert len(seen) == len(set(seen)) == 120
    first = words(page)
    assert "The next ones" in first
    assert "Gaps in numbers 120" in first
    assert page.get("/accounting/?kind=gap&after=x").status_code == 404
    assert page.get("/accounting/?kind=nothing").status_code == 404
    assert page.get("/accounting/?kind=gap&after=%00~1").status_code == 404
    assert "There are no more." in words(page, "/accounting/?kind=gap&after=Z~9")


def test_constant_queries(page: Client, docked: Recording) -> None:
    def queries(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            words(page, path)
        return len(asked)

    from ingest.accounting import storage

    count()
    storage.measure()
    words(page)
    few = queries("/accounting/?kind=unknown"), queries("/storage/")
    for number in range(60):
        put("originals", f"foreign{number}")
    factories.docked(Dock.objects.get(), b"more", name="VID_0002.BIN")
    count()
    storage.measure()
    assert (queries("/accounting/?kind=unknown"), queries("/storage/")) == few
    assert max(few) < 20


def test_count_again_one_at_a_time(
    page: Client, docked: Recording, django_capture_on_commit_callbacks: Any, monkeypatch: Any
) -> None:
    from ingest.accounting import tasks

    asked: list[int] = []
    monkeypatch.setattr(tasks.count, "delay", asked.append)
    with django_capture_on_commit_callbacks(execute=True):
        answer = page.post("/accounting/count/", follow=True)
    assert "Counting has begun." in answer.content.decode()
    assert asked == [Run.objects.get().pk]
    answer = page.post("/accounting/count/", follow=True)
    assert "A count is under way already." in answer.content.decode()
    assert Run.objects.count() == 1


def test_a_count_that_stopped_is_said(page: Client, docked: Recording) -> None:
    count()
    runs.fail(runs.begin(), "StoreError: <b>away</b>")
    said = words(page)
    assert "stopped before its end: <bdi>StoreError: &lt;b&gt;away&lt;/b&gt;</bdi>" in said
    assert "Everything is accounted for." in said  # the older one still stands


def test_an_officer_finds_nothing(client: Client, shah: User, docked: Recording) -> None:
    client.force_login(shah)
    for path in ("/accounting/", "/storage/"):
        assert client.get(path).status_code == 404
    assert client.post("/accounting/count/").status_code == 404
    assert not Run.objects.exists()
