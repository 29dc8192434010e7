"""A receipt says what was handed over, with every fingerprint whole, and is an event."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.cases.models import Case, CaseMember
from evidence.custody import checkpoints, sequencer
from evidence.custody.models import Event
from evidence.exhibits.models import Decision, Exhibit
from evidence.people import links
from evidence.people.models import User
from evidence.recordings.models import Original, Recording
from evidence.sharing import changing, looking, receipt
from evidence.sharing.models import Share, SharedPackage, Viewing
from evidence.sharing.proving import ShareClosed
from evidence.sharing.receipt import NoReceipt
from evidence.sharing.wishes import Thing
from tests import factories, sharing
from tests.evidence.exhibits import casting
from tests.evidence.exhibits.test_papers import squeezed, text_of

pytestmark = pytest.mark.django_db
BROWSER = links.digest("this browser")


@pytest.fixture
def cole(db: None) -> User:
    return casting.case_officer("cole", name="Erin Cole", collar="77")


@pytest.fixture
def case(cole: User) -> Case:
    return casting.case(cole)


@pytest.fixture
def recording(case: Case, cole: User, shah: User) -> Recording:
    made = factories.recording(shah)
    casting.link(case, made, cole)
    return made


@pytest.fixture
def clip(case: Case, cole: User, shah: User) -> Exhibit:
    return casting.exhibit(case, factories.recording(shah), cole, "AS/1",
                           description="The arrest of <b>Łukasz</b>")  # fmt: skip


@pytest.fixture
def whole(case: Case, cole: User, shah: User) -> Exhibit:
    return casting.exhibit(case, factories.recording(shah), cole, "AS/2", clip=False)


@pytest.fixture
def share(cole: User, case: Case, recording: Recording, clip: Exhibit, whole: Exhibit) -> Share:
    made = sharing.make(
        cole, Thing(recording=recording, title="The street before"), clip, whole,
        Thing(paper="mg12"), case=case, downloads=True,
    ).share  # fmt: skip
    now = timezone.now()
    made.proofs.create(browser=BROWSER, proved_at=now, seen_at=now)
    return made


def force(by: User, share: Share) -> bytes:
    return receipt.make(by=by, reference=share.reference, address="10.1.1.1").body


def outside(share: Share) -> bytes:
    made = receipt.make_outside(reference=share.reference, browser=BROWSER, address="10.9.9.9")
    return made.body


def prints(body: bytes) -> set[str]:
    """Every fingerprint on it, put together again from its eights."""
    return set(re.findall(r"[0-9a-f]{64}", text_of(body)))


def test_it_says_whom_what_why_and_how_long(cole: User, share: Share) -> None:
    Share.objects.filter(pk=share.pk).update(opened_at=timezone.now())
    checkpoints.sign()
    of = str(share.items.get(number=2).recording)
    # Outside nothing is called by a reference that was not shared.
    for body, clip_of in (
        (force(cole, share), of), (outside(share), "an original that is not in this list"),
    ):  # fmt: skip
        told = text_of(body)
        for words in (
            share.reference, "J Marlow, CPS, j.marlow@cps.example", "Charging",
            share.basis.words if share.basis else "", "DC 77 Cole", "View and download",
            "A one-time code by e-mail", "AS/1", "The arrest of <b>Łukasz</b>", "AS/2",
            "The street before", "ORIGINAL", "Exhibit list (MG12)", "checkpoint",
            f"CLIP of {clip_of}, 00:00:02.000 to 00:00:04.000",
        ):  # fmt: skip
            assert squeezed(words) in told, words
    assert squeezed("Made by DC 77 Cole") in text_of(force(cole, share))
    assert squeezed("Made by J Marlow, outside") in text_of(outside(share))


def test_every_fingerprint_is_whole_and_that_of_the_database(
    cole: User, share: Share, recording: Recording, clip: Exhibit, whole: Exhibit
) -> None:
    paper = share.items.get(number=4)
    originals = Original.objects.filter(recording__in=[recording, whole.recording])
    wanted = {one.sha256 for one in originals} | {paper.sha256}
    wanted.add(clip.clip.sha256 if clip.clip else "")
    assert len(wanted) == 4
    assert prints(force(cole, share)) == wanted
    assert prints(outside(share)) == wanted


def test_files_have_the_names_and_sizes_under_which_they_are_downloaded(
    cole: User, share: Share
) -> None:
    told = text_of(force(cole, share))
    for item in share.items.select_related("exhibit__clip", "recording"):
        taken = looking.to_take(Viewing(share=share, item=item, kind="file", file=0))
        assert squeezed(f"{taken.name} · {taken.size:,} bytes") in told


def test_what_they_did_stands_on_it_and_whether_it_was_whole(cole: User, share: Share) -> None:
    now = timezone.now()
    assert squeezed("Nothing yet.") in text_of(force(cole, share))
    item = share.items.get(number=2)
    for kind, sent, whole_at in (("play", 5000, None), ("file", 700, None), ("file", 1234, now)):
        Viewing.objects.create(share=share, item=item, browser=BROWSER, kind=kind, last=now,
                               sent=sent, whole_at=whole_at)  # fmt: skip
    name = looking.to_take(Viewing(share=share, item=item, kind="file")).name
    for body in (force(cole, share), outside(share)):
        told = text_of(body)
        assert squeezed("Played, until") in told
        assert squeezed(f"{name}: downloaded, whole at") in told
        assert squeezed(f"{name}: download begun, not whole: 700 bytes sent") in told


def test_packages_stand_on_it_when_they_are_made(cole: User, share: Share) -> None:
    made = [
        SharedPackage.objects.create(share=share, fingerprint=state, state=state, size=98765,
                                     sha256=sha256)
        for state, sha256 in (("ready", "ab" * 32), ("gone", "cd" * 32), ("failed", ""))
    ]  # fmt: skip
    for body in (force(cole, share), outside(share)):
        told = text_of(body)
        assert {"ab" * 32, "cd" * 32} <= prints(body)
        assert squeezed(f"{made[0].reference} 98,765 bytes") in told
        assert made[2].reference not in told


def test_each_making_is_an_event_with_the_papers_hash(cole: User, share: Share) -> None:
    bodies = [force(cole, share), outside(share)]
    sequencer.run()
    events = Event.objects.filter(type="share.receipted", object_ref=share.reference)
    told = [event.parsed() for event in events.order_by("index")]
    assert [one["data"]["sha256"] for one in told] == [
        hashlib.sha256(body).hexdigest() for body in bodies
    ]
    assert [one["data"]["size"] for one in told] == [len(body) for body in bodies]
    assert [one["actor"]["kind"] for one in told] == ["user", "share"]
    assert "Marlow" not in str(told)


def test_outside_it_shows_only_what_is_there(
    cole: User, share: Share, case: Case, clip: Exhibit, recording: Recording
) -> None:
    """Taken out, withdrawn, or not to be disclosed: gone with its fingerprint. The force reads
    what it was, and what became of it."""
    changing.narrow(by=cole, share=share, number=1, reason="Not needed")
    Exhibit.objects.filter(pk=clip.pk).update(withdrawn_at=timezone.now())
    first, second = recording.originals.get().sha256, clip.clip.sha256 if clip.clip else ""
    Viewing.objects.create(share=share, item=share.items.get(number=2), browser=BROWSER,
                           kind="file", last=timezone.now())  # fmt: skip
    told = text_of(outside(share))
    for gone in (first, second, recording.reference, "AS/1", clip.recording.reference):
        assert gone not in told, gone
    assert "AS/2" in told
    own = text_of(force(cole, share))
    assert {first, second} <= prints(force(cole, share))
    assert squeezed("Taken out on") in own
    assert squeezed("AS/1 was withdrawn.") in own
    third = share.items.get(number=3).recording
    assert third
    Decision.objects.create(case=case, recording=third, relevant="yes", withheld=True,
                            reason="x", decided_by=cole)  # fmt: skip
    assert "AS/2" not in text_of(outside(share))


def test_a_redacted_copy_says_nothing_of_what_it_is_of(
    cole: User, case: Case, clip: Exhibit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Exhibit, "is_redacted", property(lambda one: True), raising=False)
    share = sharing.make(cole, clip, case=case).share
    now = timezone.now()
    share.proofs.create(browser=BROWSER, proved_at=now, seen_at=now)
    for body in (force(cole, share), outside(share)):
        told = text_of(body)
        assert "REDACTEDCOPY" in told
        assert clip.recording.reference not in told
        assert "00:00:02.000" not in told
        assert clip.recording.originals.get().sha256 not in told


def test_revoked_it_says_so_and_outside_there_is_none(cole: User, share: Share) -> None:
    changing.revoke(by=cole, share=share, reason="Wrong person")
    told = text_of(force(cole, share))
    assert "Revoked" in told
    assert "(revoked)" in told
    with pytest.raises(ShareClosed):
        outside(share)


def test_another_browser_gets_none(share: Share) -> None:
    other = links.digest("another")
    with pytest.raises(ShareClosed):
        receipt.make_outside(reference=share.reference, browser=other, address="")
    answer = Client().get(f"/shared/{share.reference}/receipt/")
    assert answer.status_code == 404
    sequencer.run()
    assert not Event.objects.filter(type="share.receipted").exists()


def test_what_never_went_out_has_no_receipt(cole: User, share: Share) -> None:
    Share.objects.filter(pk=share.pk).update(needs_approval=True)
    with pytest.raises(NoReceipt, match="Nothing was handed over"):
        force(cole, share)
    client = Client()
    client.force_login(cole)
    answer = client.get(f"/shares/{share.reference}/receipt/")
    assert answer.status_code == 422
    assert "Nothing was handed over" in answer.text


def test_who_can_t_see_all_of_it_gets_none(
    cole: User, share: Share, case: Case, recording: Recording
) -> None:
    mate = casting.case_officer("mate")
    client = Client()
    client.force_login(mate)
    path = f"/shares/{share.reference}/receipt/"
    assert client.get(path).status_code == 404
    casting.member(case, mate, CaseMember.Part.CASE, cole)
    answer = client.get(path)
    assert answer["Content-Type"] == "application/pdf"
    assert f'filename="receipt-{share.reference}-' in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]
    Recording.objects.filter(pk=recording.pk).update(restricted="covert")
    answer = client.get(path)
    assert answer.status_code == 422
    assert recording.reference not in answer.text
    assert "that you can&#x27;t see" in answer.text


def test_a_long_share_takes_as_many_queries_as_a_short_one(
    cole: User, case: Case, share: Share, shah: User
) -> None:
    def count(what: Any) -> int:
        with CaptureQueriesContext(connection) as queries:
            what()
        return len(queries)

    few = count(lambda: force(cole, share)), count(lambda: outside(share))
    many = [casting.exhibit(case, factories.recording(shah), cole, f"AS/{number}", clip=number % 2 > 0)
            for number in range(3, 20)]  # fmt: skip
    long = sharing.make(cole, *many, case=case).share
    now = timezone.now()
    long.proofs.create(browser=BROWSER, proved_at=now, seen_at=now)
    for item in long.items.all():
        for kind in ("play", "file"):
            Viewing.objects.create(share=long, item=item, browser=BROWSER, kind=kind,
                                   last=now + timedelta(seconds=1))  # fmt: skip
    assert (count(lambda: force(cole, long)), count(lambda: outside(long))) == few


def test_many_things_and_long_words_make_a_paper(
    cole: User, case: Case, shah: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipt, "MOST_LOOKS", 5)
    things = [casting.exhibit(case, factories.recording(shah), cole, f"AS/{n}",
                              description="W" * 300) for n in range(1, 41)]  # fmt: skip
    share = sharing.make(cole, *things, case=case).share
    for item in share.items.all():
        Viewing.objects.create(share=share, item=item, browser=BROWSER, kind="play",
                               last=timezone.now())  # fmt: skip
    body = force(cole, share)
    assert prints(body) == {one.clip.sha256 for one in things if one.clip}
    assert squeezed("The newest 5 stand here") in text_of(body)
