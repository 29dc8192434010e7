"""Saying what footage is: one and many, what is refused, and taking it back exactly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.custody import sequencer
from evidence.custody.models import Event, Private
from evidence.people.models import User
from evidence.recordings import actions, keeping, worklist
from evidence.recordings.models import Category, IncidentType, Recording, Undo
from evidence.retention import actions as retention
from evidence.retention.models import Kind
from tests import factories

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def events(kind: str) -> list[Event]:
    sequencer.run()
    return list(Event.objects.filter(type=kind).order_by("index"))


def said(recording: Recording) -> tuple[str, str, str, str]:
    found = Recording.objects.get(pk=recording.pk)
    return (
        found.category.code if found.category else "",
        found.incident.code if found.incident else "",
        found.crime_reference,
        found.note,
    )


def many(count: int, officer: User, **fields: Any) -> list[Recording]:
    """One outing, a recording every five minutes."""
    began = fields.pop("began", datetime(2026, 11, 22, 22, 0, tzinfo=UTC))
    return [
        factories.recording(
            officer, happened_at=began + timedelta(minutes=5 * number), duration_ms=60_000, **fields
        )
        for number in range(count)
    ]


def picks(recordings: list[Recording]) -> list[str]:
    return [item.reference for item in recordings]


# --- one ---


def test_details_come_after_and_one_undo_takes_all_of_it_back(shah: User) -> None:
    recording = factories.recording(shah, note="before", crime_reference="01AB/1/26")
    client, url = signed_in(shah), f"{recording.get_absolute_url()}categorise/"
    client.post(url, {"category": "arrest"}, headers=HTMX)
    token = str(Undo.objects.get().token)
    more = {"part": "details", "token": token, "incident": "theft", "note": "in the shop",
            "crime_reference": " 01ab/12345/26 "}  # fmt: skip
    row = client.post(url, more, headers=HTMX)
    assert row.status_code == 200
    assert said(recording) == ("arrest", "theft", "01AB/12345/26", "in the shop")
    client.post(url, {"category": "undo", "token": token}, headers=HTMX)
    assert said(recording) == ("", "", "01AB/1/26", "before")
    assert Recording.objects.get().categorised_at is None
    assert Undo.objects.count() == 0
    lines = events("recording.categorised")
    assert len(lines) == 3
    details = [Private.objects.get(event_id=line.id).parsed() for line in lines]
    assert details[1] == {
        "name": "PC 4127 Shah", "category": "Arrest, Theft, burglary or robbery, 01AB/12345/26",
        "note": "in the shop", "incident": "Theft, burglary or robbery",
        "crime_reference": "01AB/12345/26",
    }  # fmt: skip
    assert details[2] == {
        "name": "PC 4127 Shah", "category": "nothing yet, 01AB/1/26", "note": "before",
        "crime_reference": "01AB/1/26",
    }  # fmt: skip


def test_the_same_again_is_no_event(shah: User) -> None:
    recording = factories.recording(shah)
    arrest = Category.objects.get(code="arrest")
    for _ in range(2):
        actions.categorise(by=shah, recording=recording, category=arrest)
    assert len(events("recording.categorised")) == 1


def test_what_somebody_changed_since_is_not_undone_and_says_who(shah: User, hughes: User) -> None:
    recording = factories.recording(shah)
    client, url = signed_in(shah), f"{recording.get_absolute_url()}categorise/"
    client.post(url, {"category": "arrest"}, headers=HTMX)
    token = str(Undo.objects.get().token)
    traffic = Category.objects.get(code="traffic")
    actions.categorise(by=hughes, recording=recording, category=traffic)
    answer = client.post(url, {"category": "undo", "token": token}, headers=HTMX)
    assert answer.status_code == 422
    assert "PS 88 Hughes changed it at" in answer.text
    assert said(recording)[0] == "traffic"


def test_an_old_undo_takes_back_no_later_change_of_ones_own(shah: User) -> None:
    recording = factories.recording(shah)
    client, url = signed_in(shah), f"{recording.get_absolute_url()}categorise/"
    client.post(url, {"category": "arrest"}, headers=HTMX)
    old = str(Undo.objects.get().token)
    client.post(url, {"category": "traffic"}, headers=HTMX)
    assert client.post(url, {"category": "undo", "token": old}, headers=HTMX).status_code == 422
    assert said(recording)[0] == "traffic"


def test_when_the_event_can_t_be_written_nothing_is_saved(shah: User, monkeypatch: Any) -> None:
    recording = factories.recording(shah)

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("the log is away")

    monkeypatch.setattr(actions, "record", broken)
    with pytest.raises(RuntimeError):
        actions.categorise(by=shah, recording=recording, category=Category.objects.all()[0])
    assert said(recording)[0] == ""
    assert Undo.objects.count() == 0


@pytest.mark.parametrize(
    "given", ["x", "01AB/12345", "01AB/12345/26/7", "1" * 41, "0\u06611AB/1/26"]
)
def test_a_bad_reference_gets_a_good_one_as_its_example(shah: User, given: str) -> None:
    recording = factories.recording(shah)
    client, url = signed_in(shah), f"{recording.get_absolute_url()}categorise/"
    client.post(url, {"category": "arrest"}, headers=HTMX)
    form = {"part": "details", "crime_reference": given, "note": "typed already"}
    row = client.post(url, form, headers=HTMX)
    assert row.status_code == 422
    assert "Enter a crime reference like 01AB/12345/26" in row.text
    assert "typed already" in row.text
    page = client.post(url, {"category": "arrest", "crime_reference_arrest": given})
    assert page.status_code == 422
    assert 'href="#crime_reference_arrest"' in page.text
    assert said(recording) == ("arrest", "", "", "")


def test_the_force_says_what_a_reference_looks_like(shah: User, settings: Any) -> None:
    settings.CRIME_REFERENCE, settings.CRIME_REFERENCE_EXAMPLE = r"CR-\d{4}", "CR-1234"
    recording = factories.recording(shah)
    actions.categorise(by=shah, recording=recording, crime_reference="cr-0001")
    assert said(recording)[2] == "CR-0001"
    with pytest.raises(ValueError, match="like CR-1234"):
        actions.categorise(by=shah, recording=recording, crime_reference="01AB/12345/26")


@pytest.mark.parametrize(
    "field",
    ["officer", "owner", "sha256", "hold", "retention", "keep_days", "restricted", "reference",
     "crime_reference_nonsense", "categorised_at"],
)  # fmt: skip
def test_a_field_that_no_form_has_changes_nothing(shah: User, okoro: User, field: str) -> None:
    recording = factories.recording(shah)
    before = Recording.objects.values().get()
    client, url = signed_in(shah), f"{recording.get_absolute_url()}categorise/"
    form = {"category": "arrest", field: str(okoro.pk)}
    for headers in ({}, HTMX):
        answer = client.post(url, form, headers=headers)
        assert answer.status_code == 422
        assert f"Nothing was changed: this form can&#x27;t set {field}." in answer.text
    form["pick"] = recording.reference
    assert client.post("/footage/categorise/", form).status_code == 422
    assert client.patch(url, form).status_code == 405
    assert client.put(url, form).status_code == 405
    assert Recording.objects.values().get() == before
    assert events("recording.categorised") == []


def test_a_file_from_the_card_has_no_category(shah: User) -> None:
    recording = factories.recording(shah, kind="other")
    url = f"{recording.get_absolute_url()}categorise/"
    answer = signed_in(shah).post(url, {"category": "arrest"}, headers=HTMX)
    assert answer.status_code == 422
    assert said(recording)[0] == ""


# --- many ---


def test_many_are_saved_and_undone_together_each_with_its_event(shah: User) -> None:
    items = many(12, shah)
    theft = IncidentType.objects.get(code="theft")
    actions.categorise(by=shah, recording=items[0], incident=theft, note="mine")
    client = signed_in(shah)
    page = client.get("/footage/categorise/", {"pick": picks(items)})
    assert "Categorise 12 recordings" in page.text
    form = {"pick": picks(items), "category": "stop-search", "incident": "", "note": "",
            "crime_reference_stop-search": "01AB/9/26", "crime_reference_arrest": ""}  # fmt: skip
    answer = client.post("/footage/categorise/", form)
    assert answer.status_code == 302
    after = client.get(answer["Location"])
    assert "12 saved as Stop and search." in after.text
    # An empty field for many wipes nothing.
    assert said(items[0]) == ("stop-search", "theft", "01AB/9/26", "mine")
    assert len(events("recording.categorised")) == 13
    client.post("/footage/undo/", after.context["notice"]["undo"])
    assert said(items[0]) == ("", "theft", "", "mine")
    assert {said(item) for item in items[1:]} == {("", "", "", "")}
    assert len(events("recording.categorised")) == 25
    assert "Undone for 12." in client.get("/footage/").text


def test_what_is_there_already_is_kept_or_replaced_as_asked(shah: User) -> None:
    items = many(3, shah)
    actions.categorise(by=shah, recording=items[0], category=Category.objects.get(code="traffic"))
    client = signed_in(shah)
    assert "1 already categorised" in client.get(
        "/footage/categorise/", {"group": " ".join(picks(items))}
    ).text  # fmt: skip
    form = {"pick": picks(items), "category": "arrest"}
    asked = client.post("/footage/categorise/", form)
    assert asked.status_code == 422
    assert "Select whether to keep or replace" in asked.text
    client.post("/footage/categorise/", form | {"have": "keep"})
    assert [said(item)[0] for item in items] == ["traffic", "arrest", "arrest"]
    assert "2 saved as Arrest. 1 kept what it had." in client.get("/footage/").text
    client.post("/footage/categorise/", form | {"have": "replace"})
    assert said(items[0])[0] == "arrest"


def test_of_many_those_that_can_stand_and_the_others_say_why(shah: User, okoro: User) -> None:
    items = many(3, shah)
    foreign = factories.recording(okoro)
    form = {"pick": [*picks(items), foreign.reference], "category": "arrest"}
    client = signed_in(shah)
    page = client.get(client.post("/footage/categorise/", form)["Location"])
    words = (
        f"3 saved as Arrest. 1 was not: there is nothing at {foreign.reference} that you can see."
    )
    assert words in page.text
    assert said(foreign)[0] == ""
    [refused] = events("access.refused")
    assert Private.objects.get(event_id=refused.id).parsed()["reference"] == foreign.reference


def test_undo_for_many_leaves_and_names_what_somebody_changed(shah: User, hughes: User) -> None:
    items = many(3, shah)
    client = signed_in(shah)
    answer = client.post("/footage/categorise/", {"pick": picks(items), "category": "arrest"})
    undo = client.get(answer["Location"]).context["notice"]["undo"]
    actions.categorise(by=hughes, recording=items[1], note="seen")
    page = client.get(client.post("/footage/undo/", undo)["Location"])
    assert f"Undone for 2. 1 was not: {items[1].reference}: PS 88 Hughes changed it at" in page.text
    assert [said(item)[0] for item in items] == ["", "arrest", ""]


def test_nobody_undoes_what_others_did(shah: User, hughes: User) -> None:
    items = many(2, shah)
    answer = signed_in(hughes).post(
        "/footage/categorise/", {"pick": picks(items), "category": "arrest"}
    )
    assert answer.status_code == 302
    token = str(Undo.objects.all()[0].token)
    form = {"token": token, "pick": " ".join(picks(items))}
    client = signed_in(shah)
    page = client.get(client.post("/footage/undo/", form)["Location"])
    assert "Nothing was undone. 2 were not" in page.text
    assert said(items[0])[0] == "arrest"


@pytest.mark.parametrize("pick", [[], ["nonsense"], ["'; drop table"]])
def test_nothing_chosen_leads_back_with_a_sentence(shah: User, pick: list[str]) -> None:
    client = signed_in(shah)
    answer = client.get("/footage/categorise/", {"pick": pick})
    assert answer["Location"] == "/footage/"
    assert "Choose at least one recording first." in client.get("/footage/").text


@pytest.mark.parametrize("back", ["https://evil.example/footage/", "//evil.example", "/admin/"])
def test_back_leads_nowhere_else(shah: User, back: str) -> None:
    form = {"pick": picks(many(1, shah)), "category": "arrest", "back": back}
    assert signed_in(shah).post("/footage/categorise/", form)["Location"] == "/footage/"


# --- the group ---


def test_a_reference_is_carried_to_the_others_of_its_outing_alone(shah: User) -> None:
    outing = many(4, shah)
    [later] = many(1, shah, began=datetime(2026, 11, 22, 23, 30, tzinfo=UTC))
    arrest = Category.objects.get(code="arrest")
    actions.categorise(by=shah, recording=outing[3], crime_reference="01AB/7/26")
    client, url = signed_in(shah), f"{outing[0].get_absolute_url()}categorise/"
    actions.categorise(by=shah, recording=outing[0], category=arrest)
    row = client.post(url, {"part": "details", "crime_reference": "01AB/12345/26"}, headers=HTMX)
    assert "Use 01AB/12345/26 for the 2 others of this group" in row.text
    answer = client.post(f"{outing[0].get_absolute_url()}carry/")
    page = client.get(answer["Location"])
    assert "01AB/12345/26 is used for 2 more." in page.text
    assert [said(item)[2] for item in outing] == ["01AB/12345/26"] * 3 + ["01AB/7/26"]
    assert said(later)[2] == ""
    client.post("/footage/undo/", page.context["notice"]["undo"])
    assert [said(item)[2] for item in outing] == ["01AB/12345/26", "", "", "01AB/7/26"]


# --- the buttons ---


def test_the_quick_buttons_are_ones_own_most_used_of_the_last_90_days(shah: User) -> None:
    yesterday, old = timezone.now() - timedelta(days=1), timezone.now() - timedelta(days=100)
    by_code = {item.code: item for item in Category.objects.all()}

    def used(code: str, count: int, when: datetime) -> None:
        for _ in range(count):
            factories.recording(shah, category=by_code[code], categorised_at=when, happened_at=when)

    assert [item.code for item in worklist.choices(shah).quick] == [
        "arrest", "stop-search", "non-evidential"
    ]  # fmt: skip
    used("statement", 3, yesterday)
    used("traffic", 2, yesterday)
    used("domestic-abuse", 9, old)
    used("use-of-force", 9, timezone.now())  # today's don't move the buttons
    with CaptureQueriesContext(connection) as asked:
        found = worklist.choices(shah)
    assert [item.code for item in found.quick] == ["statement", "traffic", "arrest"]
    assert "domestic-abuse" in [item.code for item in found.others]
    assert len(asked) == 3
    assert "LIMIT 300" in asked[1]["sql"]


# --- how long ---


def test_until_when_is_by_category_alone(shah: User, lane: User) -> None:
    arrest = Category.objects.get(code="arrest")
    traffic = Category.objects.get(code="traffic")
    recording = factories.recording(shah)
    assert keeping.until(recording).isoformat() == "2026-12-23"
    assert keeping.until(recording, arrest).isoformat() == "2026-12-23"
    assert keeping.until(recording, traffic).isoformat() == "2027-11-22"
    words = keeping.words(recording, shah)
    assert words == ("Shown to you until 23 Dec 2026, then disposed of unless something keeps it")
    retention.hold(by=lane, recording=recording, kind=Kind.COMPLAINT, reason="Complaint PC/1/26")
    assert keeping.words(recording, shah) == words
    assert keeping.why(recording, shah)[0] == f"{words}."
    sentence, ladder = keeping.why(recording, lane)
    assert "Complaint PC/1/26" in sentence
    assert [rung.when for rung in ladder] == ["Now", "Then", "After that"]
    assert "PC/1/26" not in str(keeping.why(recording, shah))


def test_a_complaint_that_names_the_reader_is_not_why(shah: User, lane: User) -> None:
    recording = factories.recording(shah)
    named = factories.Person(username="named", name="N N", roles=["professional_standards"])
    retention.watch(
        by=lane, kind=Kind.COMPLAINT, reference="PC/1/26", reason="Complaint PC/1/26",
        officers=[shah, named], start=recording.happened_at, end=recording.happened_at,
    )  # fmt: skip
    assert "PC/1/26" in str(keeping.why(recording, lane))
    assert "PC/1/26" not in str(keeping.why(recording, named))


def test_a_token_is_a_uuid_or_nothing(shah: User) -> None:
    recording = factories.recording(shah)
    actions.categorise(by=shah, recording=recording, note="x", token=UUID(int=7))
    url = f"{recording.get_absolute_url()}categorise/"
    bad = signed_in(shah).post(url, {"category": "undo", "token": "\0x"}, headers=HTMX)
    assert bad.status_code == 200  # without one, it is the last change of one's own
    assert said(recording)[3] == ""


def test_the_keyboard_stays_in_a_row_after_undo(shah: User) -> None:
    """Also where what it goes back to can't be taken back itself."""
    client, arrest = signed_in(shah), Category.objects.get(code="arrest")
    other = Category.objects.exclude(pk=arrest.pk).first()
    assert other
    for before in (None, other):
        item = factories.recording(shah, category=before)
        address = f"/footage/{item.reference}/categorise/"
        client.post(address, {"category": arrest.code}, headers=HTMX)
        row = client.post(address, {"category": "undo"}, headers=HTMX).text
        assert row.count(" autofocus") == 1, before
        assert f'<div id="said" hx-swap-oob="innerHTML">Undone for {item.reference}.' in row
