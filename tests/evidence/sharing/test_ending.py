"""Both sides are warned before a share ends, once, and by mails that say nothing of a case."""

from __future__ import annotations

import re
import threading
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.cases.models import Case, CourtDate
from evidence.exhibits.models import Exhibit
from evidence.people import links
from evidence.people.models import User
from evidence.recordings.models import Recording
from evidence.sharing import changing, ending, mailing, proving, tasks, writing
from evidence.sharing.ending import warn
from evidence.sharing.models import Notice, Share
from tests import factories, sharing
from tests.evidence.exhibits import casting

pytestmark = pytest.mark.django_db
TO = {"j.marlow@cps.example", "cole@force.example"}
END = datetime(2027, 1, 31, 23, 59)  # local


def local(moment: datetime) -> datetime:
    return timezone.make_aware(moment)


def on(day: int, hour: int = 9, month: int = 1) -> datetime:
    return local(datetime(2027, month, day, hour, 5))


@pytest.fixture
def cole(db: None) -> User:
    return casting.case_officer("cole", name="Erin Cole", collar="77", email="cole@force.example")


@pytest.fixture
def case(cole: User) -> Case:
    return casting.case(cole)


@pytest.fixture
def clip(cole: User, shah: User, case: Case) -> Exhibit:
    return casting.exhibit(case, factories.recording(shah), cole, "AS/1")


@pytest.fixture
def share(cole: User, case: Case, clip: Exhibit) -> Share:
    """Made at the turn of the year, until the evening of 31 January."""
    return old(sharing.make(cole, clip, case=case).share)


def old(share: Share, **more: Any) -> Share:
    begun = local(datetime(2027, 1, 1, 10))
    values = {"created": begun, "starts": begun, "until": local(END)} | more
    Share.objects.filter(pk=share.pk).update(**values)
    share.refresh_from_db()
    return share


def kinds() -> list[str]:
    return list(Notice.objects.order_by("sent_at", "pk").values_list("kind", flat=True))


# --- before the end ---
def test_both_are_warned_14_3_and_1_days_before_and_once_each(share: Share) -> None:
    told = {}
    for day in range(2, 32):
        for hour in range(0, 24):
            mail.outbox.clear()
            sent, failed = warn(on(day, hour))
            assert failed == 0
            assert sent * 2 == len(mail.outbox)
            if sent:
                assert {one.to[0] for one in mail.outbox} == TO
                told[(day, hour)] = [one.subject for one in mail.outbox]
    # In the morning of the local day, however late on its own day it ends.
    assert list(told) == [(17, 7), (28, 7), (30, 7)]
    assert f"Share {share.reference} ends in 14 days" in told[(17, 7)]
    assert f"Share {share.reference} ends in 3 days" in told[(28, 7)]
    assert f"Share {share.reference} ends tomorrow" in told[(30, 7)]
    assert kinds() == ["14", "3", "1"]
    assert warn(on(1, month=2)) == (0, 0)


def test_who_never_opened_it_is_told_so(share: Share) -> None:
    warn(on(30))
    bodies = {one.to[0]: one.body for one in mail.outbox}
    assert "You have not opened it yet." in bodies["j.marlow@cps.example"]
    assert "It was never opened." in bodies["cole@force.example"]
    assert f"{settings.PUBLIC_URL}/shares/{share.reference}/" in bodies["cole@force.example"]
    assert "23:59 on 31 Jan 2027" in bodies["cole@force.example"]


@pytest.mark.parametrize("hour", [0, 6, 20, 23])
def test_no_mail_at_night(share: Share, hour: int) -> None:
    assert warn(on(30, hour)) == (0, 0)
    assert not mail.outbox
    assert not Notice.objects.exists()


def test_night_is_by_the_local_clock(share: Share) -> None:
    old(share, until=local(datetime(2027, 7, 31, 12)))
    early = datetime(2027, 7, 30, 5, 30, tzinfo=timezone.get_fixed_timezone(0))  # 06:30 BST
    assert warn(early) == (0, 0)
    assert warn(early + timedelta(minutes=30)) == (1, 0)


@pytest.mark.parametrize(
    ("length", "expected"),
    # Made on 1 January at 10:00, for so many days; what is past when it is made is not warned of.
    [(0, []), (1, []), (2, ["1"]), (3, ["1"]), (4, ["3", "1"]), (14, ["3", "1"]),
     (15, ["14", "3", "1"])],
)  # fmt: skip
def test_a_short_share_gets_no_warning_of_a_day_that_was_past(
    share: Share, length: int, expected: list[str]
) -> None:
    old(share, until=local(datetime(2027, 1, 1 + length, 23, 59)))
    for day in range(1, 32):
        warn(on(day, 12))
    assert kinds() == expected


def test_one_that_waited_for_approval_is_warned_of_from_then_on(share: Share) -> None:
    old(share, needs_approval=True)
    assert warn(on(17)) == (0, 0)
    old(share, needs_approval=True, approved_at=on(20))
    assert warn(on(21)) == (0, 0)
    assert warn(on(28)) == (1, 0)


def test_after_an_extension_they_come_anew(share: Share, cole: User) -> None:
    warn(on(28))
    later = local(datetime(2027, 2, 20, 23, 59))
    Share.objects.filter(pk=share.pk).update(until=later, until_set_at=on(29))
    mail.outbox.clear()
    assert warn(on(30)) == (0, 0)
    assert warn(on(6, month=2)) == (1, 0)
    assert "in 14 days" in mail.outbox[0].subject
    assert warn(on(17, month=2)) == (1, 0)
    # The action says when an end was set.
    now = timezone.now()
    exhibit = share.items.get().exhibit
    assert exhibit
    fresh = sharing.make(cole, exhibit, case=share.case).share
    changing.extend(by=cole, share=fresh, until=now + timedelta(days=20))
    fresh.refresh_from_db()
    assert fresh.until_set_at is not None
    assert fresh.until_set_at >= now


def test_after_an_outage_the_nearest_warning_comes_alone(share: Share) -> None:
    assert warn(on(29)) == (1, 0)
    assert kinds() == ["3"]
    assert "in 2 days" in mail.outbox[0].subject


@pytest.mark.parametrize(
    "change",
    [{"revoked_at": on(2)}, {"refused_at": on(2)}, {"needs_approval": True}, {"until": on(16)}],
)
def test_nothing_for_what_does_not_stand(share: Share, change: dict[str, Any]) -> None:
    old(share, **change)
    assert warn(on(17)) == (0, 0)


@pytest.mark.parametrize("change", [{"locked_at": on(2)}, {"starts": on(25)}])
def test_locked_and_coming_ones_are_warned_of(share: Share, change: dict[str, Any]) -> None:
    old(share, **change)
    assert warn(on(17)) == (1, 0)


def test_an_owner_who_left_gets_no_mail(share: Share, cole: User) -> None:
    User.objects.filter(pk=cole.pk).update(status=User.Status.LEFT)
    assert warn(on(30)) == (1, 0)
    assert [one.to for one in mail.outbox] == [["j.marlow@cps.example"]]
    assert "Cole" not in mail.outbox[0].body


# --- a day in court ---
def court(case: Case, day: date) -> CourtDate:
    return CourtDate.objects.create(case=case, date=day)


def test_a_day_in_court_behind_the_end_is_told_as_soon_as_it_is_so(
    share: Share, case: Case
) -> None:
    assert warn(on(3)) == (0, 0)
    added = court(case, date(2027, 2, 10))
    assert warn(on(3)) == (1, 0)
    assert {one.to[0] for one in mail.outbox} == TO
    assert all("10 Feb 2027" in one.body for one in mail.outbox)
    assert warn(on(4)) == (0, 0)
    # Moved within: nothing. Moved away: told. Back again: told before.
    for day, told in ((date(2027, 1, 20), 0), (date(2027, 2, 11), 1), (date(2027, 2, 10), 0)):
        CourtDate.objects.filter(pk=added.pk).update(date=day)
        assert warn(on(5)) == (told, 0)
    # An extension past it is enough; one that ends before it is told anew.
    old(share, until=local(datetime(2027, 2, 9, 23, 59)), until_set_at=on(5))
    assert warn(on(6)) == (1, 0)
    old(share, until=local(datetime(2027, 2, 10, 23, 59)), until_set_at=on(6))
    assert warn(on(7)) == (0, 0)


@pytest.mark.parametrize(("ends", "told"), [(time(9), 1), (time(17, 59), 1), (time(18), 0)])
def test_a_share_that_ends_before_the_court_rises_does_not_last(
    share: Share, case: Case, ends: time, told: int
) -> None:
    court(case, date(2027, 1, 31))
    old(share, until=local(datetime.combine(date(2027, 1, 31), ends)))
    assert warn(on(3)) == (told, 0)


def test_a_day_that_was_taken_off_and_one_of_another_case_count_for_nothing(
    share: Share, case: Case, cole: User
) -> None:
    CourtDate.objects.create(case=case, date=date(2027, 2, 10), removed_at=on(2))
    court(casting.case(cole, "01AB/9/26"), date(2027, 2, 10))
    assert warn(on(3)) == (0, 0)


# --- once, whatever happens ---
def test_who_dies_between_note_and_mail_never_sends_two(
    share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*args: Any) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(ending, "_tell", die)
    with pytest.raises(KeyboardInterrupt):
        warn(on(17))
    monkeypatch.undo()
    assert warn(on(17)) == (0, 0)  # it errs to a mail too few
    assert kinds() == ["14"]
    assert warn(on(28)) == (1, 0)


def test_who_dies_before_the_note_is_through_sends_later(
    share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(rows: list[Notice]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Notice.objects, "bulk_create", die)
    with pytest.raises(KeyboardInterrupt):
        warn(on(17))
    monkeypatch.undo()
    assert warn(on(17)) == (1, 0)


def test_a_mail_server_that_is_away_is_asked_again(
    share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(mailing, "send_mail", away)
    assert warn(on(17)) == (0, 1)
    assert not Notice.objects.exists()
    monkeypatch.undo()
    assert warn(on(17, 10)) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_runs_at_once_send_one_mail(share: Share) -> None:
    barrier, results = threading.Barrier(4), []
    mail.outbox.clear()  # the link's

    def run() -> None:
        try:
            barrier.wait(10)
            results.append(warn(on(17)))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == [(0, 0)] * 3 + [(1, 0)]
    assert len(mail.outbox) == 2
    assert kinds() == ["14"]


@pytest.mark.django_db(transaction=True)
def test_a_run_that_began_before_another_noted_sends_nothing(
    share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its snapshot knows no note; under the lock it reads again."""
    plain = ending.due
    monkeypatch.setattr(
        ending, "due", lambda kind, now: plain(kind, now) if kind == "1"
        else Share.objects.filter(pk=share.pk) if kind == "14" else Share.objects.none(),
    )  # fmt: skip
    assert warn(on(17)) == (1, 0)
    assert warn(on(17)) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_share_that_somebody_is_changing_is_left_for_the_next_run(share: Share) -> None:
    results: list[tuple[int, int]] = []

    def run() -> None:
        try:
            results.append(warn(on(17)))
        finally:
            connection.close()

    with transaction.atomic():
        Share.objects.select_for_update().get(pk=share.pk)
        other = threading.Thread(target=run)
        other.start()
        other.join(60)
    assert results == [(0, 0)]  # it did not wait
    assert warn(on(17)) == (1, 0)


def test_batches_take_constant_queries_and_reach_everybody(
    share: Share, cole: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "BATCH", 4)

    def count(day: datetime) -> int:
        with CaptureQueriesContext(connection) as queries:
            warn(day)
        return len(queries)

    one = count(on(17))
    for _ in range(2):
        more(share, cole)
    few = count(on(17))
    assert few == one
    for _ in range(9):
        more(share, cole)
    assert count(on(17)) == one + 2 * 5  # three batches: savepoint, lock, notes, insert, release
    assert Notice.objects.count() == 12


def more(share: Share, by: User) -> Share:
    return old(_row(share, by))


def _row(share: Share, by: User) -> Share:
    return Share.objects.create(
        recipient="K", organisation="CPS", email="k@cps.example", purpose="x", made_by=by,
        owner=by, case=share.case, starts=share.starts, until=share.until,
        token_hash=links.digest(str(Share.objects.count())),
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["14", "3", "1", "court"])
def test_a_hundred_thousand_ended_shares_are_not_read(share: Share, case: Case, kind: str) -> None:
    fields = [str(f.column) for f in Share._meta.concrete_fields if f.column != "id"]
    chosen = {
        "reference": "'S-' || lpad(n::text, 8, '0')", "token_hash": "n::text",
        "starts": "timestamptz '2025-01-01' + n * interval '1 minute'",
        "until": "timestamptz '2025-02-01' + n * interval '1 minute'",
    }  # fmt: skip
    names = ", ".join(f'"{name}"' for name in fields)
    values = ", ".join(chosen.get(name, f'"{name}"') for name in fields)
    court(case, date(2027, 2, 10))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO sharing_share ({names}) SELECT {values} FROM sharing_share,"
            f" generate_series(1, 100000) n WHERE id = {share.pk}"
        )
        cursor.execute("ANALYZE sharing_share")
    day = {"14": on(17), "3": on(28), "1": on(30), "court": on(3)}[kind]
    rows = ending.due(kind, day).order_by("until", "pk")
    plan = rows[: ending.BATCH].explain()
    assert "share_live" in plan, plan
    assert "Seq Scan on sharing_share" not in plan, plan
    assert [row.pk for row in rows] == [share.pk]


def test_it_runs_hourly_on_the_queue_for_upkeep() -> None:
    name = str(tasks.warn.name)
    routes: dict[str, dict[str, str]] = settings.CELERY_TASK_ROUTES
    beat = settings.CELERY_BEAT_SCHEDULE["shares' ends"]
    assert (beat["task"], beat["schedule"]) == (name, 3600)
    assert routes[name] == {"queue": "upkeep"}


# --- what mails say ---
SECRETS = ("AS/1", "R v Marsh", "Villiers", "01AB", "Charging", "Marlow", "Shah", "Lane", "ERASED")


def test_no_mail_says_anything_of_the_case(
    share: Share, cole: User, case: Case, lane: User, shah: User, clip: Exhibit,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    """Every mail to the owner and every warning: no reference of footage, no mark, no title, no
    name but that of the addressed and the owner; links lead to the share's own page."""
    names = ["ending", "court", "locked", "declined", "approved", "written", "more"]
    context = {"ends": "23:59 on 31 Jan 2027", "left": "in 3 days", "court": date(2027, 2, 10),
               "who": lane, "why": "PC Shah's R v Marsh, AS/1"}  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        for name in names[2:]:
            mailing.owner(share, name, f"Share {share.reference}", **context)
    for name in ("ending", "court"):
        mailing.now(share, name, "x", share.email, **context)
        mailing.now(share, f"{name}_owner", "x", "cole@force.example", **context)
    assert len(mail.outbox) == 9
    recording = clip.recording
    for one in mail.outbox:
        said = f"{one.subject}\n{one.body}"
        assert len(one.body) > 100, said  # no stub
        for secret in (*SECRETS, recording.reference, clip.reference, case.title, share.purpose):
            assert secret not in said, said
        links = re.findall(r"https?://\S+", str(one.body))
        if one.to == ["cole@force.example"]:
            assert links == [f"{settings.PUBLIC_URL}/shares/{share.reference}/"]
            assert "J Marlow" not in said
        else:
            assert links == []
        assert "/shared/" not in said


def test_the_mails_of_actions_are_these(
    share: Share, cole: User, case: Case, lane: User, clip: Exhibit,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    """Locked, refused, approved, written, more: sent to the owner by what makes them so."""
    old(share, starts=timezone.now() - timedelta(days=1), until=timezone.now() + timedelta(days=5))
    browser = links.digest("b")
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(5):
            proving.prove(share=share, browser=browser, said="nothing", address="10.1.1.1")
    assert "was typed five times" in str(mail.outbox[-1].body)
    Share.objects.filter(pk=share.pk).update(locked_at=None, wrong_codes=0)
    now = timezone.now()
    share.proofs.create(browser=browser, proved_at=now, seen_at=now)
    with django_capture_on_commit_callbacks(execute=True):
        writing.write(reference=share.reference, browser=browser, text="AS/1 stops", address="")
    assert "There is a message for you" in str(mail.outbox[-1].body)
    with django_capture_on_commit_callbacks(execute=True):
        writing.ask_more(share=share, browser=browser, text="Trial", address="")
    assert "More time is asked" in str(mail.outbox[-1].body)
    for yes, words in ((True, "was approved"), (False, "was refused")):
        waits = _row(share, cole)
        Share.objects.filter(pk=waits.pk).update(needs_approval=True,
                                                 until=now + timedelta(days=3))  # fmt: skip
        with django_capture_on_commit_callbacks(execute=True):
            changing.approve(by=lane, share=waits, yes=yes, reason="Seen by AS/1's officer")
        assert words in str(mail.outbox[-1].body)
        assert mail.outbox[-1].to == ["cole@force.example"]
        assert "AS/1" not in str(mail.outbox[-1].body)


def test_a_recording_of_no_case_is_warned_of_too(lane: User, shah: User) -> None:
    User.objects.filter(pk=lane.pk).update(email="lane@force.example")
    recording: Recording = factories.recording(shah)
    old(sharing.make(lane, recording).share)
    assert warn(on(17)) == (1, 0)
    assert {one.to[0] for one in mail.outbox} == {"j.marlow@cps.example", "lane@force.example"}
