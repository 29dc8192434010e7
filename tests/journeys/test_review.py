"""The review room in a browser: what was really played, notes by the keyboard, a page that dies."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests import factories
from tests.journeys.conftest import Watched
from tests.journeys.test_player import name_at, until
from tests.live import Live

SignIn = Callable[..., Watched]
pytestmark = pytest.mark.browser
BEGAN = datetime(2026, 9, 26, 20, 0, tzinfo=UTC)
VIDEO = "document.querySelector('video')"

RECORD = """
import json
from datetime import datetime, timedelta
from evidence.complaints.models import Allegation, Category, Complaint
from evidence.people.models import User
from evidence.recordings.models import Coverage, Recording
from evidence.retention import actions as retention
lane, shah, okoro = (User.objects.get(username=name) for name in ("lane", "shah", "okoro"))
began = datetime.fromisoformat("{began}")
complaint = Complaint.objects.create(
    reference="PC/812/26", received=began.date(), complainant="J Marlow",
    account="He was pushed to the ground.", start=began - timedelta(minutes=5),
    end=began + timedelta(seconds=30), recorded_by=lane)
complaint.officers.set([shah, okoro])
retention.watch(by=lane, kind="complaint", reference="PC/812/26", reason="Complaint PC/812/26",
                officers=[shah, okoro], start=complaint.start, end=complaint.end)
for number, (code, name, words) in enumerate([
    ("B4", "Use of force", "He was pushed to the ground and held there"),
    ("H1", "Impolite language or tone", "He was sworn at")], 1):
    category, _ = Category.objects.get_or_create(
        scheme="Test", version="1", code=code, defaults={{"name": name}})
    row = Allegation.objects.create(
        complaint=complaint, number=number, category=category, words=words)
    row.officers.set([shah] if number == 1 else [shah, okoro])
held = {{hold.recording.officer.username: hold.recording.reference
        for hold in __import__("evidence.retention.models", fromlist=["Hold"]).Hold.objects.filter(
            reference="PC/812/26").select_related("recording__officer")}}
price = User.objects.get(username="price")
Coverage.objects.create(
    recording=Recording.objects.get(reference=held["shah"]), person=price,
    about=complaint.subject().ref, ranges=[[2000, 10000]], played_ms=8000)
print(json.dumps({{"complaint": complaint.pk}} | held))
"""


@dataclass(frozen=True)
class Room:
    """The complaint's room, and what its cameras are called."""

    url: str
    shah: str
    okoro: str
    about: str


@pytest.fixture(scope="module")
def room(live: Live, tmp_path_factory: Any) -> Room:
    """Shah and Okoro, four seconds apart, complained of by one person."""
    folder: Path = tmp_path_factory.mktemp("review")
    state = folder / "state"
    live.enrol(state, "REVIEW-01")
    for serial, moment in (("BWC-000101", BEGAN), ("BWC-000102", BEGAN + timedelta(seconds=4))):
        bay = folder / serial
        bay.mkdir()
        (bay / "camera.json").write_text(json.dumps({"serial": serial, "clock_error_seconds": 0}))
        (bay / name_at(moment)).write_bytes(factories.film(20) + serial.encode())
        live.dock(state, bay)
    live.wait(live.playable, "the viewing copies")
    script = RECORD.format(began=BEGAN.isoformat())
    made = json.loads(live.manage("shell", "-v", "0", "-c", script).splitlines()[-1])
    url = f"{live.url}/admin/complaints/complaint/{made['complaint']}/review/"
    return Room(url, made["shah"], made["okoro"], f"complaint-{made['complaint']}")


@pytest.fixture(autouse=True)
def _nothing_played(room: Room, live: Live) -> None:
    with live.database() as database:
        database.execute(
            "DELETE FROM recordings_coverage c USING people_user u"
            " WHERE u.id = c.person_id AND u.username <> 'price'"
        )


def counted(live: Live, reference: str, who: str = "lane") -> list[list[int]]:
    """What the server has counted, in milliseconds."""
    with live.database() as database:
        row = database.execute(
            "SELECT c.ranges FROM recordings_coverage c JOIN people_user u ON u.id = c.person_id"
            " JOIN recordings_recording r ON r.id = c.recording_id"
            " WHERE r.reference = %s AND u.username = %s", [reference, who],
        ).fetchone()  # fmt: skip
    return list(row[0]) if row else []


def near(found: list[list[int]], wanted: list[list[float]]) -> bool:
    """Whether they are the same to the second."""
    return len(found) == len(wanted) and all(
        abs(a - b) < 1000
        for one, other in zip(found, wanted, strict=True)
        for a, b in zip(one, other, strict=True)
    )


def at(page: Page) -> float:
    return float(page.evaluate(f"{VIDEO}.currentTime")) * 1000


def play_until(page: Page, seconds: float) -> None:
    page.keyboard.press("k")
    until(page, f"{VIDEO}.currentTime >= {seconds}")
    page.keyboard.press("k")
    until(page, f"{VIDEO}.paused")


def test_what_was_played_is_counted_to_the_second(room: Room, live: Live, sign_in: SignIn) -> None:
    watched = sign_in("lane")
    page = watched.page
    page.goto(f"{room.url}?r={room.shah}")
    expect(page.locator("#play")).to_be_enabled()
    page.locator("#play").focus()
    play_until(page, 6)
    first = at(page)
    live.wait(lambda: near(counted(live, room.shah), [[0, first]]), "the first part", 20)
    # At four times the speed it plays on, and nothing of it counts; it is said.
    page.keyboard.press("Shift+>")
    page.keyboard.press("Shift+>")
    expect(page.locator("#speed-note")).to_have_text("Played at 4×. Not counted as reviewed.")
    play_until(page, 11)
    # A jump is no playing.
    page.locator("#goto-time").fill("15")
    page.keyboard.press("Enter")
    until(page, f"{VIDEO}.currentTime > 14.5 && !{VIDEO}.seeking")
    page.locator("#speed").select_option("2")
    start = at(page)
    page.locator("#play").focus()
    play_until(page, 17)
    second = at(page)
    live.wait(lambda: near(counted(live, room.shah), [[0, first], [start, second]]), "the second part", 20)  # fmt: skip
    # The bar says the same.
    bar = page.evaluate(
        "[...document.querySelectorAll('[data-bar=\"1-own\"] rect')].map(e => [parseFloat(e.getAttribute('x')), parseFloat(e.getAttribute('width'))])"
    )
    drawn = [[x * 200, (x + width) * 200] for x, width in bar]  # per cent of 20 s
    assert near([[round(a), round(b)] for a, b in drawn], [[0, first], [start, second]]), drawn
    played = (first + second - start) / 200
    words = str(page.locator(".bar .layer-name").first.text_content())
    assert abs(int(words.removeprefix("You ").removesuffix("%")) - played) <= 5
    # Loaded again it is there: from the server.
    page.reload()
    expect(page.locator(".bar .layer-name").first).to_have_text(words)
    listed = str(page.locator(".footage li").first.text_content())
    said = re.search(r"Played: you (\d+)% · Supt 301 Price (39|40)%", listed)
    assert said, listed
    assert abs(int(said[1]) - played) <= 5
    # Next unplayed: after the first part.
    page.locator("#play").focus()
    page.keyboard.press("u")
    until(page, f"Math.abs({VIDEO}.currentTime * 1000 - {first}) < 1000")
    assert watched.complaints == []


def test_a_page_that_is_not_on_show_counts_nothing(room: Room, live: Live, sign_in: SignIn) -> None:
    page = sign_in("lane").page
    page.goto(f"{room.url}?r={room.shah}")
    expect(page.locator("#play")).to_be_enabled()
    page.locator("#play").focus()
    page.keyboard.press("k")
    until(page, f"{VIDEO}.currentTime > 2")
    page.evaluate(
        "Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    hidden = at(page)
    live.wait(lambda: near(counted(live, room.shah), [[0, hidden]]), "what was on show", 20)
    until(page, f"{VIDEO}.currentTime > 6")
    page.keyboard.press("k")
    until(page, f"{VIDEO}.paused")
    page.wait_for_timeout(1000)
    assert near(counted(live, room.shah), [[0, hidden]])


def test_an_officer_s_own_page_counts_too(room: Room, live: Live, sign_in: SignIn) -> None:
    watched = sign_in("shah")
    page = watched.page
    page.goto(f"{live.url}/footage/{room.shah}/")
    expect(page.locator("#coverage")).to_have_text("You have played 0% of it.")
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, f"{VIDEO}.currentTime > 5")
    page.keyboard.press("k")
    until(page, f"{VIDEO}.paused")
    until(page, "/ (2[0-9]|3[0-9])%/.test(document.getElementById('coverage').textContent)")
    end = at(page)
    live.wait(lambda: near(counted(live, room.shah, "shah"), [[0, end]]), "what was played", 20)
    page.reload()
    expect(page.locator("#lane-played rect")).to_have_count(1)
    # Nothing on it tells of the complaint, nor that somebody reviews it.
    text = page.content()
    assert "PC/812" not in text
    assert "complaint" not in text.lower()
    assert "Price" not in text
    assert watched.complaints == []


def test_a_page_that_dies_has_its_event(room: Room, live: Live, sign_in: SignIn) -> None:
    page = sign_in("lane").page
    page.goto(f"{room.url}?r={room.okoro}")
    expect(page.locator("#play")).to_be_enabled()
    page.locator("#play").focus()
    page.keyboard.press("k")
    live.wait(lambda: bool(counted(live, room.okoro)), "the first report")
    before = counted(live, room.okoro)
    # Nothing more leaves it: as if the machine had lost its power.
    page.evaluate("navigator.sendBeacon = () => false")
    page.context.set_offline(True)
    page.close()
    live.manage("shell", "-v", "0", "-c",
                "from datetime import timedelta\nfrom django.utils import timezone\n"
                "from evidence.recordings import sittings\n"
                "sittings.sweep(timezone.now() + timedelta(hours=1))")  # fmt: skip

    def told() -> bool:
        with live.database() as database:
            rows = database.execute(
                "SELECT body FROM custody_event WHERE type = 'evidence.watched' AND object_ref = %s",
                [room.okoro],
            ).fetchall()  # fmt: skip
        ends = [int(item.split("-")[1]) for (body,) in rows
                for item in json.loads(bytes(body))["data"].get("ranges", [])]  # fmt: skip
        return bool(ends) and max(ends) >= before[-1][1]

    live.wait(told, "the event of what the dead page had reported")


def test_notes_by_the_keyboard_alone(room: Room, live: Live, sign_in: SignIn) -> None:
    watched = sign_in("lane")
    page = watched.page
    page.goto(f"{room.url}?r={room.shah}&r={room.okoro}")
    expect(page.locator("#play")).to_be_enabled()
    page.locator("#play").focus()
    play_until(page, 1)
    page.get_by_role("slider").focus()
    page.keyboard.press("Home")
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    until(page, f"Math.abs({VIDEO}.currentTime - 7) < 0.1 && !{VIDEO}.seeking")
    page.keyboard.press("2")
    page.keyboard.press(".")
    until(page, "/^About frame/.test(document.getElementById('said').textContent)")
    page.keyboard.press("n")
    assert page.evaluate("document.activeElement.id") == "note-text"
    page.keyboard.type("He <b>falls</b> here")
    # Where it is: the camera that is heard, at its own time, seven seconds less four.
    expect(page.locator("#note-camera")).to_have_value(room.okoro)
    assert page.locator("#note-at").input_value().startswith("00:00:03.0")
    # The draft is kept: the page goes, the text stays.
    expect(page.locator("#draft-said")).to_contain_text("Draft kept")
    page.reload()
    expect(page.locator("#note-text")).to_have_value("He <b>falls</b> here")
    expect(page.locator("#note-camera")).to_have_value(room.okoro)
    page.locator("#note-text").focus()
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "note-allegation"
    page.keyboard.type("1")
    expect(page.locator("#note-allegation")).to_have_value("1")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".room-notes")).to_contain_text("He <b>falls</b> here")
    expect(page.locator(".room-notes")).to_contain_text("Camera 2")
    expect(page.locator(".room-notes")).to_contain_text("allegation 1, B4")
    expect(page.locator('[data-lane="2"] .note')).to_have_count(1)
    expect(page.locator("#note-text")).to_have_value("")
    # Back to it by its time.
    page.get_by_role("link", name="00:00:03.0").press("Enter")
    until(page, "document.querySelectorAll('video')[1].currentTime > 2.9")
    # What can't be kept says why, and nothing typed is lost.
    page.fill("#note-at", "1:00:00")
    page.fill("#note-text", "kept")
    page.locator("#note button").click()
    expect(page.locator("#note-error")).to_contain_text("which ends at 00:00:20")
    expect(page.locator("#note-text")).to_have_value("kept")
    page.get_by_role("button", name="Take back the note at 00:00:03.0").click()
    expect(page.locator('[data-lane="2"] .note')).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keys", exact=True).press("Enter")
    expect(page.get_by_role("dialog", name="Keys").locator("tr")).to_have_count(15)
    assert [text for text in watched.complaints if "422" not in text] == []


@pytest.mark.parametrize("width", [390, 820, 1280, 1920])
def test_the_room_is_accessible_and_fits(
    room: Room, live: Live, sign_in: SignIn, width: int, tmp_path: Path
) -> None:
    pictures = Path(os.environ.get("PICTURES", str(tmp_path)))
    watched = sign_in("lane", width)
    page = watched.page
    for name, query in (
        ("none", ""), ("one", f"?r={room.shah}"), ("two", f"?r={room.shah}&r={room.okoro}"),
    ):  # fmt: skip
        page.goto(room.url + query)
        if query:
            expect(page.locator("#play")).to_be_enabled()
            page.locator("#play").focus()
            play_until(page, 5)
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
        assert found.violations_count == 0, found.generate_report()
        page.screenshot(path=str(pictures / f"room-{name}-{width}.png"), full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, (name, width, wide)
        small = page.evaluate(
            "[...document.querySelectorAll('.room button, .room select, .room textarea, .room input:not([type=checkbox]):not([type=hidden])')]"
            ".filter(e => e.offsetParent && (e.offsetHeight < 43.5 || e.offsetWidth < 43.5)).map(e => e.outerHTML)"
        )
        assert small == []
    assert watched.complaints == []
