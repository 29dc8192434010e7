"""What somebody outside reads: what it is, where it comes from, until when, and whom to ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from evidence.cases.models import Case
from evidence.custody.paper import eights
from evidence.exhibits import actions as exhibits
from evidence.exhibits.models import Exhibit
from evidence.people.models import User
from evidence.recordings import markers
from evidence.recordings.models import Recording
from evidence.sharing import changing, outside_page, standing
from evidence.sharing.models import Proof, Share
from evidence.sharing.wishes import Made, Thing
from tests import factories, sharing
from tests.evidence.exhibits import casting

pytestmark = pytest.mark.django_db


def page(client: Client, made: Made, path: str = "") -> str:
    answer = client.get(f"/shared/{made.share.reference}/{path}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_list_says_what_it_is_and_until_when(jo: Client, shared: Made) -> None:
    text = page(jo, shared)
    for words in (
        "R v Marsh", "The arrest in Villiers Street.", "J Marlow", "DC 301 Marlow", "AB/1",
        "ORIGINAL", "CLIP of AB/1", "Cut from AB/1, 00:00:02.000 to 00:00:04.000",
        "The original is unchanged", "Ask for more time", 'aria-label="Play AB/1"',
        'aria-label="Download AB/2"', "Charging",
    ):  # fmt: skip
        assert words in text, words
    assert "R v Marsh" not in text.partition("</title>")[0]


def test_a_clip_alone_does_not_name_its_recording(
    marlow: User, case: Case, cut: Exhibit, footage: Recording,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    made = sharing.make(marlow, cut, case=case)
    client = sharing.opened(made, django_capture_on_commit_callbacks)
    for text in (page(client, made), page(client, made, "1/")):
        assert footage.reference not in text
        assert "an original that is not in this list" in text or "Not in this list" in text
    text = page(client, made, "1/")
    assert 'data-layer="storyboard"' not in text
    assert "Shared to be watched here" in text
    assert "download/" not in text


def test_the_page_of_an_original_has_the_whole_player(jo: Client, shared: Made) -> None:
    text = page(jo, shared, "1/")
    for words in ('data-layer="storyboard"', 'data-layer="waveform"', 'data-layer="markers"',
                  "VIEWING COPY of AB/1", "No transcript", "Mark this time"):  # fmt: skip
        assert words in text, words


def test_a_clip_says_how_it_was_made(jo: Client, shared: Made, cut: Exhibit) -> None:
    text = page(jo, shared, "2/")
    assert cut.clip is not None
    for words in (eights(cut.clip.parent_sha256), "Cut from the original frame by",
                  eights(cut.clip.sha256), "00:00:02.000 to 00:00:04.000",
                  f"/shared/{shared.share.reference}/1/"):  # fmt: skip
        assert words in text, words


def test_a_redacted_copy_names_neither_its_recording_nor_its_range(
    shared: Made, cut: Exhibit, footage: Recording, monkeypatch: Any
) -> None:
    [_, one] = standing.of(shared.share)
    assert one.item.exhibit is not None
    monkeypatch.setattr(Exhibit, "is_redacted", True)
    found = outside_page.card(shared.share, one)
    assert (found.label, found.parent) == ("REDACTED COPY", None)
    assert footage.reference not in found.origin
    assert "00:00" not in found.origin
    assert cut.clip is not None
    assert cut.clip.parent_sha256 not in str(found.files)


def test_the_list_asks_the_same_number_of_queries_for_more_things(
    marlow: User, shah: User, case: Case, whole: Exhibit, cut: Exhibit,
    django_capture_on_commit_callbacks: Any, django_assert_num_queries: Any,
) -> None:  # fmt: skip
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for more in (0, 6):
        things: list[Any] = [whole, cut]
        for n in range(more):
            recording = factories.recording(shah)
            casting.link(case, recording, marlow)
            things += [casting.exhibit(case, recording, shah, f"ZZ/{more}{n}", clip=bool(n % 2))]
        made = sharing.make(marlow, *things, case=case)
        client = sharing.opened(made, django_capture_on_commit_callbacks)
        client.get(f"/shared/{made.share.reference}/")
        with CaptureQueriesContext(
            connection,
        ) as found:
            client.get(f"/shared/{made.share.reference}/")
        counts.append(len([q for q in found if "custody" not in q["sql"]]))
    assert counts[0] == counts[1]


def test_chosen_markers_are_shown_and_others_are_not(
    shah: User, marlow: User, case: Case, whole: Exhibit, cut: Exhibit, footage: Recording,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    chosen = markers.add(by=shah, reference=footage.reference, at_ms=2480, text="He runs")
    markers.add(by=shah, reference=footage.reference, at_ms=3000, text="Unrelated remark")
    things = [Thing(exhibit=one, markers=[chosen.pk]) for one in (whole, cut)]
    made = sharing.make(marlow, *things, case=case)
    client = sharing.opened(made, django_capture_on_commit_callbacks)
    first, second = page(client, made, "1/"), page(client, made, "2/")
    assert "00:00:02.480" in first
    assert "00:00:00.480" in second  # from the clip's own start
    for text in (first, second):
        assert "He runs" in text
        assert "Unrelated remark" not in text
    markers.remove(by=shah, reference=footage.reference, marker=chosen.pk)
    assert "He runs" not in page(client, made, "1/")


def test_what_is_gone_says_whom_to_ask_and_not_why(
    jo: Client, shared: Made, cut: Exhibit, shah: User, marlow: User, footage: Recording
) -> None:
    exhibits.withdraw(by=marlow, exhibit=cut, reason="The wrong face is in it")
    text = page(jo, shared)
    assert "No longer available. Ask DC 301 Marlow" in text
    assert "wrong face" not in text
    assert "withdrawn" not in text
    assert "/2/download/" not in text
    assert "/2/download/" not in page(jo, shared, "2/")
    answer = jo.post(f"/shared/{shared.share.reference}/2/play/")
    assert answer.status_code == 409
    assert "No longer available" in answer.json()["detail"]
    state = jo.get(f"/shared/{shared.share.reference}/state/?item=2")
    assert (state.status_code, "No longer" in state.json()["said"]) == (404, True)
    assert jo.get(f"/shared/{shared.share.reference}/state/?item=1").status_code == 200


def test_the_proved_read_whom_to_ask_and_can_ask_for_more_time(
    jo: Client, shared: Made, marlow: User, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.HELP_PHONE = "020 7946 0000"
    changing.revoke(by=marlow, share=shared.share, reason="The wrong person")
    path = f"/shared/{shared.share.reference}/"
    answer = jo.get(path)
    assert answer.status_code == 404
    for words in ("This share has ended", "DC 301 Marlow", "020 7946 0000", "Ask for more time",
                  shared.share.reference):  # fmt: skip
        assert words in answer.text
    assert "wrong person" not in answer.text
    assert jo.get(f"{path}state/").json()["said"].startswith("This share has ended. Ask DC 301")
    with django_capture_on_commit_callbacks(execute=True):
        assert jo.post(f"{path}more/").status_code == 302
    assert mail.outbox[-1].to == ["marlow@force.example"]
    assert "was told on" in jo.get(f"{path}more/asked/").text
    count = len(mail.outbox)
    with django_capture_on_commit_callbacks(execute=True):
        jo.post(f"{path}more/")  # again: once a day
    assert len(mail.outbox) == count
    stranger = Client()
    assert "Marlow" not in stranger.get(path).text
    assert stranger.post(f"{path}more/").status_code == 404
    assert stranger.get(f"{path}more/asked/").status_code == 404


def test_a_proof_that_is_too_old_leads_back_to_proving(
    jo: Client, shared: Made, django_capture_on_commit_callbacks: Any
) -> None:
    Proof.objects.update(seen_at=timezone.now() - timedelta(hours=2))
    path = f"/shared/{shared.share.reference}/"
    assert jo.get(path)["Location"] == "/shared/prove/"
    assert jo.post(f"{path}1/play/").status_code == 409
    code = sharing.code_for(jo, django_capture_on_commit_callbacks)
    assert jo.post("/shared/prove/check/", {"code": code}).status_code == 302
    assert jo.get(path).status_code == 200


def test_somebody_of_the_force_who_is_signed_in_here_shows_nowhere(
    shared: Made, lane: User, django_capture_on_commit_callbacks: Any
) -> None:
    client = Client()
    client.force_login(lane)
    before = dict(client.session)
    sharing.opened(shared, django_capture_on_commit_callbacks, client)
    for path in ("", "1/", "2/"):
        text = page(client, shared, path)
        for words in ("Lane", "Sign out", "/account/", "govuk-service-navigation"):
            assert words not in text
    assert dict(client.session) == before
    assert client.get("/shares/").status_code == 200  # and is still signed in


def test_a_staff_session_that_is_over_does_not_stand_in_the_way(
    shared: Made, lane: User, django_capture_on_commit_callbacks: Any
) -> None:
    client = Client()
    client.force_login(lane)
    session = client.session
    session["seen"] = 0
    session.save()
    sharing.opened(shared, django_capture_on_commit_callbacks, client)
    assert "AB/1" in page(client, shared)


def test_a_passphrase_is_asked_for_where_that_is_how(
    marlow: User, case: Case, whole: Exhibit
) -> None:
    made = sharing.make(marlow, whole, case=case, how=Share.How.PASSPHRASE)
    client = Client()
    client.post("/shared/open", {"token": made.token})
    text = client.get("/shared/prove/").text
    assert "passphrase" in text
    assert "Send code" not in text
    assert "t right" in client.post("/shared/prove/check/", {"code": "kamo tifu"}).text
    said = {"code": made.passphrase.upper().replace("-", " ")}
    assert client.post("/shared/prove/check/", said).status_code == 302


def test_an_empty_code_is_no_try(shared: Made) -> None:
    client = Client()
    client.post("/shared/open", {"token": shared.token})
    for _ in range(6):
        assert "Enter the code" in client.post("/shared/prove/check/", {"code": " "}).text
    shared.share.refresh_from_db()
    assert shared.share.wrong_codes == 0


def test_the_watermark_stands_on_the_picture_where_the_share_says_so(
    marlow: User, case: Case, whole: Exhibit, django_capture_on_commit_callbacks: Any
) -> None:
    for watermark in (True, False):
        made = sharing.make(marlow, whole, case=case, watermark=watermark)
        client = sharing.opened(made, django_capture_on_commit_callbacks)
        assert ('id="watermark"' in page(client, made, "1/")) is watermark
