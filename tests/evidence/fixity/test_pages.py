"""The fixity pages: who sees them, what they say, and what a person can do there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.custody import sequencer, status
from evidence.custody.models import Event, Private
from evidence.fixity import actions, figures, mending, reading, sweep
from evidence.fixity.models import Damage, State
from evidence.people.models import User
from evidence.recordings.models import Original
from evidence.retention.models import Hold
from tests import damage, factories
from tests.evidence.fixity.test_sweep import events

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _allowed(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    State.objects.create(pk=1, allowance=10**9)
    monkeypatch.setattr(reading, "sleep", lambda seconds: None)


@pytest.fixture
def damaged(original: Original, film: bytes) -> Damage:
    """Found, and there is no replica."""
    damage.overwrite("originals", original.key, original.version_id, damage.flipped(film))
    sweep.run()
    mending.run()
    return Damage.objects.get()


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_page_says_what_was_found_and_shows_no_footage(
    damaged: Damage, manager: User, administrator: User, auditor: User, shah: User
) -> None:
    figures.refresh()
    for user in (manager, administrator, auditor):
        page = client_of(user).get("/fixity/").content.decode()
        assert damaged.reference in page and "Other bytes" in page
        assert "There is no replica to restore it from." in page
        assert f"/footage/{damaged.reference}" not in page and "X-Amz" not in page
    assert client_of(shah).get("/fixity/").status_code == 404


def test_one_damage_says_what_was_expected_and_what_is_there(
    damaged: Damage, manager: User
) -> None:
    page = client_of(manager).get(f"/fixity/{damaged.pk}/").content.decode()
    for words in (damaged.expected_sha256, damaged.found_sha256, damaged.key, "Read it again"):
        assert words in page
    assert "Lift</button>" not in page, "not before a reading matches"


def test_nothing_on_the_page_counts_objects(damaged: Damage, manager: User, dock: Any) -> None:
    figures.refresh()
    client = client_of(manager)
    client.get("/fixity/")

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get("/fixity/").status_code == 200
        assert not [one for one in seen if "COUNT(" in one["sql"]]
        return len(seen)

    before = queries()
    for number in range(3):
        factories.docked(dock, b"x" * (number + 1), name=f"{number}.TXT")
    original = Original.objects.get(reference=damaged.reference)
    for number in range(5):
        Damage.objects.create(
            source="original", row=10**6 + number, kind="original", reference="R-2222-2222",
            recording=original.recording, what="missing", state="held", alias="originals",
            bucket="x", key="x",
        )  # fmt: skip
    assert queries() == before


def test_a_person_lifts_what_was_mended_by_hand_once_a_reading_says_so(
    damaged: Damage, manager: User, film: bytes, original: Original
) -> None:
    client = client_of(manager)
    assert status.open_alarm() == f"{damaged} ({damaged.bucket}/{damaged.key})."
    # Not mended: a reading says so, and nothing can be lifted.
    assert client.post(f"/fixity/{damaged.pk}/again/").status_code == 302
    sequencer.run()
    [asked] = Event.objects.filter(type="evidence.reading_asked")
    assert (asked.object_ref, asked.actor_ref) == (original.reference, manager.ref)
    mending.run()
    damaged.refresh_from_db()
    assert not damaged.matches and damaged.wanted_at is None
    refused = client.post(f"/fixity/{damaged.pk}/lift/", {"reason": "I say so"})
    assert refused.status_code == 422 and "Have it read again first" in refused.content.decode()
    # Mended.
    damage.overwrite("originals", original.key, original.version_id, film)
    client.post(f"/fixity/{damaged.pk}/again/")
    mending.run()
    page = client.get(f"/fixity/{damaged.pk}/").content.decode()
    assert "Lift</button>" in page
    empty = client.post(f"/fixity/{damaged.pk}/lift/", {"reason": " "})
    assert empty.status_code == 422 and "Enter what was done" in empty.content.decode()
    done = client.post(f"/fixity/{damaged.pk}/lift/", {"reason": "Restored from tape"})
    assert done.status_code == 302
    damaged.refresh_from_db()
    original.refresh_from_db()
    assert (damaged.state, damaged.how, damaged.mended_by) == ("mended", "hand", manager)
    assert original.damaged_at is None
    assert status.open_alarm() == "", "nothing is red for ever"
    assert Hold.objects.get().released_at is not None
    [event] = events("evidence.mended")
    assert event.parsed()["actor"]["ref"] == manager.ref
    assert Private.objects.get(event_id=event.id).parsed()["reason"] == "Restored from tape"
    readings = [event.parsed()["outcome"] for event in events("evidence.verified")]
    assert readings == ["failed", "ok"]


def test_an_old_reading_is_not_enough(damaged: Damage, manager: User) -> None:
    Damage.objects.update(matches=True, read_at=timezone.now() - timedelta(hours=2))
    with pytest.raises(actions.NotMended, match="within an hour"):
        actions.lift(by=manager, damage=damaged.pk, reason="x")


def test_who_can_not_release_holds_lifts_nothing(
    damaged: Damage, administrator: User, auditor: User, original: Original
) -> None:
    Damage.objects.update(matches=True, read_at=timezone.now())
    for user in (administrator, auditor):
        answer = client_of(user).post(f"/fixity/{damaged.pk}/lift/", {"reason": "x"})
        assert answer.status_code == 404
    # Nor who recorded it.
    original.recording.officer = both = factories.Person(
        username="both", name="B", roles=["evidence_manager"]
    )
    original.recording.save()
    assert client_of(both).post(f"/fixity/{damaged.pk}/lift/", {"reason": "x"}).status_code == 404
    assert Damage.objects.get().state == "held"


def test_a_lift_needs_a_fresh_proof(damaged: Damage, manager: User) -> None:
    Damage.objects.update(matches=True, read_at=timezone.now())
    client = client_of(manager)
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    client.post(f"/fixity/{damaged.pk}/lift/", {"reason": "x"})
    assert Damage.objects.get().state == "held"


def test_two_damaged_files_of_one_recording_keep_one_hold_until_both_are_mended(
    damaged: Damage, manager: User
) -> None:
    other = Damage.objects.create(
        source="clip", row=1, kind="clip", reference="X-1", recording=damaged.recording,
        what="missing", state="held", alias="renditions", bucket="x", key="x", hold=damaged.hold,
    )  # fmt: skip
    Damage.objects.update(matches=True, read_at=timezone.now())
    actions.lift(by=manager, damage=damaged.pk, reason="x")
    assert Hold.objects.get().released_at is None
    actions.lift(by=manager, damage=other.pk, reason="x")
    assert Hold.objects.get().released_at is not None
