"""What is damaged is given out nowhere, as a file, as a film or as a part; and says so."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.exhibits import actions as exhibits
from evidence.exhibits.actions import NotProduced, Wish
from evidence.exhibits.models import Clip, Exhibit
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import actions, exports, pages
from evidence.recordings.damage import SENTENCE, Damaged
from evidence.recordings.models import Original, Package, Recording
from evidence.sharing import packaging, standing
from ingest.renditions import actions as rendering
from tests import factories, sharing
from tests.evidence.exhibits import casting

pytestmark = pytest.mark.django_db
HERE = "127.0.0.1"


@pytest.fixture
def recording(shah: User) -> Recording:
    made = factories.recording(shah, duration_ms=4000, media="ready")
    sharing.filled(made)
    return made


def spoil(recording: Recording) -> None:
    Original.objects.filter(recording=recording).update(damaged_at=timezone.now())


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def looks(recording: Recording) -> list[str]:
    sequencer.run()
    rows = Event.objects.filter(object_ref=recording.reference).exclude(type="evidence.listed")
    return list(rows.order_by("index").values_list("type", flat=True))


def test_it_is_not_played(recording: Recording, shah: User) -> None:
    assert actions.play(by=shah, reference=recording.reference, address=HERE)
    before = looks(recording)
    spoil(recording)
    with pytest.raises(Damaged):
        actions.play(by=shah, reference=recording.reference, address=HERE)
    with pytest.raises(Damaged):
        actions.segments(recording)
    assert looks(recording) == before, "nothing was shown, so nothing was looked at"
    answer = client_of(shah).post(f"/footage/{recording.reference}/play/")
    assert answer.status_code == 409 and answer.json() == {"detail": SENTENCE}


def test_its_page_says_so_and_shows_no_player_and_no_still(
    recording: Recording, shah: User
) -> None:
    factories.poster(recording)
    client = client_of(shah)
    whole = client.get(f"/footage/{recording.reference}/").content.decode()
    assert 'id="video"' in whole and 'poster="http' in whole
    spoil(recording)
    page = client.get(f"/footage/{recording.reference}/").content.decode()
    assert SENTENCE in page and 'id="video"' not in page
    assert "Check failed. Don&#x27;t rely on this file." in page
    assert pages.rows([recording], by=shah, address=HERE)[0].still == ""


def test_it_is_not_downloaded(recording: Recording, hughes: User) -> None:
    original = recording.originals.get()
    where = f"/footage/{recording.reference}/download/{original.pk}/"
    assert actions.download(
        by=hughes, reference=recording.reference, original=original.pk, address=HERE
    )
    spoil(recording)
    before = looks(recording)
    with pytest.raises(Damaged):
        actions.download(
            by=hughes, reference=recording.reference, original=original.pk, address=HERE
        )
    assert looks(recording) == before
    answer = client_of(hughes).post(where, follow=True)
    assert answer.status_code == 200 and SENTENCE in answer.content.decode()


def test_no_package_is_made_of_it(recording: Recording, lane: User) -> None:
    wish = exports.Wish(actor=lane.actor(), name="x", purpose="x")
    assert exports.composition([recording], wish).files
    spoil(recording)
    with pytest.raises(exports.ExportError, match="no longer matches"):
        exports.composition([recording], wish)
    row = Package(purpose="Charging")
    exports.ask(by=lane, wanted=row, recordings=[recording])
    for _ in range(3):
        exports.make(row.pk)
    row.refresh_from_db()
    assert row.state == "failed" and "no longer matches" in row.reason


def test_a_share_shows_nothing_of_it_and_says_whom_to_ask(
    recording: Recording, lane: User, django_capture_on_commit_callbacks: Any
) -> None:
    made = sharing.make(lane, recording)
    [found] = standing.of(made.share)
    assert found.there and packaging.of_share(made.share, "P-1").files
    browser = sharing.opened(made, django_capture_on_commit_callbacks)
    page = f"/shared/{made.share.reference}/1/"
    assert 'id="video"' in browser.get(page).content.decode()
    spoil(recording)
    [found] = standing.of(made.share)
    assert not found.there and found.why == SENTENCE
    assert "fingerprint" not in found.outside and lane.short in found.outside
    assert not packaging.of_share(made.share, "P-1").files
    assert 'id="video"' not in browser.get(page).content.decode()
    answer = browser.post(f"{page}play/")
    assert answer.status_code == 409 and "segments" not in answer.json()


# --- exhibits ---


@pytest.fixture
def exhibit(recording: Recording, shah: User) -> Exhibit:
    return casting.exhibit(casting.case(shah), recording, shah, "AS/1")


def test_nothing_is_produced_from_it(recording: Recording, exhibit: Exhibit, shah: User) -> None:
    spoil(recording)
    wish = Wish("AS/2", "The arrest in Villiers Street")
    with pytest.raises(NotProduced, match="no longer matches"):
        exhibits.produce(by=shah, case=exhibit.case, reference=recording.reference, wish=wish)
    Clip.objects.update(state="failed")
    with pytest.raises(NotProduced, match="no longer matches"):
        exhibits.again(by=shah, exhibit=exhibit, reason="The disk was full")


def test_an_exhibit_that_is_the_whole_of_it_is_not_downloaded(
    recording: Recording, exhibit: Exhibit, hughes: User
) -> None:
    whole = casting.exhibit(exhibit.case, recording, hughes, "RH/1", clip=False)
    spoil(recording)
    with pytest.raises(Damaged):
        exhibits.download(
            by=hughes, exhibit=whole, address=HERE, original=recording.originals.get().pk
        )


def test_a_damaged_clip_is_neither_played_nor_downloaded_nor_shared(
    recording: Recording, exhibit: Exhibit, shah: User, hughes: User, lane: User
) -> None:
    made = sharing.make(lane, exhibit, case=exhibit.case)
    assert exhibits.play(by=shah, exhibit=exhibit, address=HERE)
    assert standing.of(made.share)[0].there
    Clip.objects.update(damaged_at=timezone.now())
    for act, who in ((exhibits.play, shah), (exhibits.download, hughes)):
        with pytest.raises(NotAllowed, match="no longer matches"):
            act(by=who, exhibit=exhibit, address=HERE)
    assert not standing.of(made.share)[0].there


def test_a_clip_outlives_damage_of_what_it_was_cut_from(
    recording: Recording, exhibit: Exhibit, shah: User, lane: User
) -> None:
    """It has a fingerprint of its own, and was cut from the right bytes."""
    made = sharing.make(lane, exhibit, case=exhibit.case)
    spoil(recording)
    assert exhibits.play(by=shah, exhibit=exhibit, address=HERE)
    assert standing.of(made.share)[0].there


def test_no_viewing_copy_is_made_of_it(original: Original, film: bytes) -> None:
    from tests import damage

    damage.overwrite("originals", original.key, original.version_id, damage.flipped(film))
    with transaction.atomic():
        rendering.render(original.pk)
    original.refresh_from_db()
    assert original.media == "waiting" and "not those that were sealed" in original.media_reason
