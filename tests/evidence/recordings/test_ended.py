"""What officers and supervisors see ends with the category's period, held or not."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.cases.models import Case
from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.models import User
from evidence.recordings import digest
from evidence.recordings.access import find, visible_to
from evidence.recordings.models import Grant, Recording
from evidence.retention import actions as retention
from evidence.retention.models import Kind
from tests import factories

pytestmark = pytest.mark.django_db
TOKEN = re.compile(rb"[A-Za-z0-9]{64}")


def old(officer: User, **fields: Any) -> Recording:
    """Footage whose 31 days ended yesterday."""
    begun = timezone.now() - timedelta(days=32)
    return factories.recording(officer, happened_at=begun, duration_ms=60_000, **fields)


@pytest.fixture
def manager(db: None) -> User:
    return factories.Person(username="mana", name="Mo Manager", roles=["evidence_manager"])


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_officers_and_supervisors_see_it_until_then_and_the_office_as_long_as_it_is_there(
    shah: User, hughes: User, lane: User
) -> None:
    ended, runs = old(shah), factories.recording(shah)
    unknown = factories.recording(shah, kept_until=None)
    for reader in (shah, hughes):
        assert set(visible_to(reader)) == {runs, unknown}
        assert set(visible_to(reader, "recording.categorise")) == {runs, unknown}
    assert ended in visible_to(lane)
    retention.hold(by=lane, recording=ended, kind=Kind.MANUAL, reason="x")
    for reader in (shah, hughes):
        assert ended not in visible_to(reader)
    assert ended in visible_to(lane)


def test_what_a_case_or_a_grant_opens_stays_open(shah: User, okoro: User, lane: User) -> None:
    ended = old(shah)
    factories.case(shah, ended)
    assert ended in visible_to(shah)
    Case.objects.update(officer_in_case=okoro)
    assert ended not in visible_to(shah)
    assert ended in visible_to(okoro)
    case_officer = factories.Person(username="case", name="C O", roles=["case_officer"])
    assert ended not in visible_to(case_officer)
    Grant.objects.create(recording=ended, person=case_officer, reason="x", granted_by=lane,
                         until=timezone.now() + timedelta(days=1))  # fmt: skip
    assert ended in visible_to(case_officer)


def test_whoever_sees_all_sees_no_more_of_their_own(lane: User, manager: User) -> None:
    both = factories.Person(username="both", name="B Oth", roles=["officer", "evidence_manager"])
    ended = old(both)
    retention.hold(by=lane, recording=ended, kind=Kind.COMPLAINT, reason="x", reference="PC/1/26")
    assert ended not in visible_to(both)
    assert ended in visible_to(manager)
    Recording.objects.update(kept_until=timezone.now() + timedelta(days=1))
    assert ended in visible_to(both)


def test_what_only_a_secret_keeps_has_ended_for_whom_it_is_kept_from(
    shah: User, lane: User, manager: User
) -> None:
    """The named investigator's partner's footage, held for the complaint: gone for them, as it
    would be without one. What something else keeps too is there, as it would be without one."""
    named = factories.Person(username="named", name="N Amed", roles=["professional_standards"])
    boss = factories.Person(username="boss", name="B Oss", roles=["professional_standards"])
    User.objects.filter(pk=named.pk).update(supervisor=boss)
    ended, both = old(shah), old(shah)
    assert {ended, both} <= set(visible_to(named))
    retention.watch(
        by=lane, kind=Kind.COMPLAINT, reference="PC/7/26", reason="x", officers=[shah, named],
        start=ended.happened_at - timedelta(hours=1), end=both.happened_at + timedelta(hours=1),
    )  # fmt: skip
    retention.hold(by=lane, recording=both, kind=Kind.MANUAL, reason="x")
    for reader in (named, boss):
        assert ended not in visible_to(reader)
        assert both in visible_to(reader)
    assert ended in visible_to(lane)
    assert ended in visible_to(manager)


def test_what_was_disposed_of_is_there_for_nobody(
    shah: User, hughes: User, lane: User, manager: User
) -> None:
    recording = factories.recording(shah)
    factories.case(shah, recording)
    Grant.objects.create(recording=recording, person=hughes, reason="x", granted_by=lane,
                         until=timezone.now() + timedelta(days=1))  # fmt: skip
    Recording.objects.filter(pk=recording.pk).update(disposed_at=timezone.now())
    for reader in (shah, hughes, lane, manager):
        for permission in ("recording.view", "recording.categorise", "recording.download"):
            assert recording not in visible_to(reader, permission)
        with pytest.raises(Recording.DoesNotExist):
            find(reader, recording.reference)


def asked(user: User, recording: Recording, path: str = "") -> tuple[int, bytes, int]:
    """Status, bytes without what is random, and how many questions it took."""
    client = client_of(user)
    client.get("/footage/")
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path or f"/footage/{recording.reference}/")
    body = TOKEN.sub(b"TOKEN", answer.content).replace(recording.reference.encode(), b"R")
    return answer.status_code, body, len(queries)


@pytest.mark.parametrize("reader", ["shah", "hughes"])
def test_after_its_end_one_page_whether_it_is_held_or_gone(
    reader: str, shah: User, hughes: User, lane: User, manager: User
) -> None:
    user = {"shah": shah, "hughes": hughes}[reader]
    left, held, went = old(shah), old(shah), old(shah)
    retention.hold(by=lane, recording=held, kind=Kind.COMPLAINT, reason="x", reference="PC/1/26")
    factories.disposed_of(went, lane, manager)
    answers = [asked(user, one) for one in (left, held, went)]
    assert answers[0] == answers[1] == answers[2]
    status, body, _ = answers[0]
    assert status == 410
    on = f"{timezone.localtime(left.kept_until):%-d %b %Y}"
    assert f"Its 31 days ended on {on}.".encode() in body
    assert b"held" not in body.lower()
    sequencer.run()
    assert Event.objects.filter(type="access.refused").count() == 3


def test_a_stranger_gets_what_never_was(shah: User, okoro: User, lane: User, manager: User) -> None:
    held, went, runs = old(shah), old(shah), factories.recording(shah)
    retention.hold(by=lane, recording=held, kind=Kind.MANUAL, reason="x")
    factories.disposed_of(went, lane, manager)
    never = Recording(reference="R-2222-2222")
    answers = [asked(okoro, one) for one in (never, held, went, runs)]
    assert answers[0][0] == 404
    assert len(set(answers)) == 1


@pytest.mark.parametrize(
    "path", ["status/", "why/", "facts/", "play/", "markers/", "categorise/", "small/"]
)
def test_no_other_address_of_it_is_there(path: str, shah: User, lane: User, manager: User) -> None:
    held, went = old(shah), old(shah)
    retention.hold(by=lane, recording=held, kind=Kind.MANUAL, reason="x")
    factories.disposed_of(went, lane, manager)
    client = client_of(shah)
    method = client.get if path in ("status/", "why/", "facts/") else client.post
    for one in (held, went):
        assert method(f"/footage/{one.reference}/{path}").status_code == 404


def test_those_who_see_all_read_what_is_left(shah: User, lane: User, manager: User) -> None:
    went = old(shah)
    sha = went.originals.get().sha256
    batch = factories.disposed_of(went, lane, manager)
    page = client_of(lane).get(f"/footage/{went.reference}/")
    assert page.status_code == 410
    for words in (sha, "Disposed of", "10 bytes", "Non-evidential: kept 31 days", "204",
                  batch.reference, "DS 12 Lane proposed it, Manager approved it"):  # fmt: skip
        assert words in page.text
    sequencer.run()
    assert Event.objects.filter(type="history.read", object_ref=went.reference).count() == 1


def test_of_their_own_nobody_reads_what_is_left(lane: User, manager: User) -> None:
    """Who learns that some of it went, learns of the rest that something keeps it."""
    held, went = old(lane), old(lane)
    retention.hold(by=manager, recording=held, kind=Kind.COMPLAINT, reason="x", reference="PC/1/26")
    factories.disposed_of(went, lane, manager)
    assert asked(lane, held) == asked(lane, went)
    assert asked(lane, held)[0] == 410


LISTS: list[tuple[str, Callable[[User, User], User]]] = [
    (path, who)
    for path in ("/footage/", "/footage/?show=all", "/footage/new/", "/search/", "/search/?camera=BWC-1")
    for who in (lambda shah, _: shah, lambda _, hughes: hughes)
] + [("/team/", lambda _, hughes: hughes), ("/footage/?whose=team", lambda _, hughes: hughes)]  # fmt: skip


@pytest.mark.parametrize(("path", "who"), LISTS)
def test_no_list_or_count_has_it(
    path: str, who: Callable[[User, User], User], shah: User, hughes: User, lane: User
) -> None:
    client = client_of(who(shah, hughes))
    client.get(path)
    before = client.get(path)
    held = old(shah)
    retention.hold(by=lane, recording=held, kind=Kind.COMPLAINT, reason="x", reference="PC/1/26")
    after = client.get(path)
    assert TOKEN.sub(b"", before.content) == TOKEN.sub(b"", after.content)


def test_what_still_runs_then_shows_beside_it_and_it_does_not(shah: User, hughes: User) -> None:
    runs = factories.recording(shah, duration_ms=60_000)
    ended = factories.recording(shah, duration_ms=60_000)
    Recording.objects.filter(pk=ended.pk).update(kept_until=timezone.now() - timedelta(days=1))
    page = client_of(hughes).get(f"/footage/{runs.reference}/")
    assert page.status_code == 200
    assert ended.reference not in page.text
    assert (
        client_of(shah).get(f"/together/?r={runs.reference}&r={ended.reference}").status_code == 404
    )


def test_the_daily_mail_does_not_count_it(shah: User) -> None:
    assert digest.uncategorised([shah]) == {}
    held = old(shah)
    assert digest.uncategorised([shah]) == {}
    Recording.objects.filter(pk=held.pk).update(kept_until=timezone.now() + timedelta(days=1))
    assert digest.uncategorised([shah]) == {shah.pk: ["1 recording needs a category"]}


def test_footage_of_long_ago_is_shown_for_some_days_after_it_was_docked(
    shah: User, dock: Any, camera: Any, film: bytes
) -> None:
    """A camera that lay in a drawer; and what a demonstration docks."""
    late = timezone.now() - timedelta(days=400)
    recording = factories.docked(dock, film, recorded_at=late)
    assert recording in visible_to(shah)
    Recording.objects.filter(pk=recording.pk).update(
        kept_until=recording.kept_until - timedelta(days=8) if recording.kept_until else None
    )
    assert recording not in visible_to(shah)
