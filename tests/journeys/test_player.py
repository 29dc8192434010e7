"""The player in a browser: frames, loop, speed, keys, marks, files as one, cameras together."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests import factories
from tests.ingest.media import gpmf_film
from tests.journeys.conftest import Watched
from tests.live import Live

SignIn = Callable[..., Watched]
pytestmark = pytest.mark.browser
BEGAN = datetime(2026, 9, 24, 21, 0, tzinfo=UTC)
VIDEO = "document.getElementById('video')"


def until(page: Page, expression: str, seconds: float = 30) -> None:
    """Wait for an expression to hold. (Playwright's own waiting needs eval, which we forbid.)"""
    deadline = time.monotonic() + seconds
    while not page.evaluate(expression):
        said = page.evaluate(
            "[...document.querySelectorAll('#frame, #clock, #said, #waiting, .stage-error, .camera-words')].map(e => e.textContent)"
        )
        assert time.monotonic() < deadline, (expression, said)
        page.wait_for_timeout(40)


def name_at(moment: datetime) -> str:
    return f"CLIP_{moment:%Y%m%d_%H%M%S}.MP4"


@pytest.fixture(scope="module")
def films(live: Live, tmp_path_factory: Any) -> dict[str, str]:
    """What PC Shah's and PC Okoro's cameras took that evening, by what is told of it below.

    Shah: two files of one press of the button, 1.2 s apart, with positions; and Okoro four
    seconds later. The recordings' references.
    """
    folder: Path = tmp_path_factory.mktemp("player")
    state = folder / "state"
    live.enrol(state, "PLAY-01")
    walk = [gpmf_film.packet([(51.5079 + n / 5000, -0.1281 + n / 9000, 1.4)]) for n in range(10)]
    cards = {
        "BWC-000101": {
            BEGAN: gpmf_film.with_telemetry(factories.film(10), walk),
            BEGAN + timedelta(seconds=11.2): factories.film(6),
        },
        "BWC-000102": {BEGAN + timedelta(seconds=4): factories.film(12)},
    }
    for serial, made in cards.items():
        bay = folder / serial
        bay.mkdir()
        (bay / "camera.json").write_text(json.dumps({"serial": serial, "clock_error_seconds": -16}))
        for moment, film in made.items():
            # Names carry whole seconds; the second file's 0.2 s are in its neighbour's length.
            (bay / name_at(moment)).write_bytes(film + moment.isoformat().encode())
        live.dock(state, bay)
    live.wait(live.playable, "the viewing copies")
    rows = [row for row in live.recordings() if row["camera"] in cards]
    found: dict[str, str] = {}
    for row in rows:
        if any(file["file_id"] == name_at(BEGAN) for file in row["files"]):
            found["shah"] = row["recording"]
        if any(file["file_id"] == name_at(BEGAN + timedelta(seconds=4)) for file in row["files"]):
            found["okoro"] = row["recording"]
    return found


@pytest.fixture
def watch(films: dict[str, str], live: Live, sign_in: SignIn) -> Callable[..., Watched]:
    """PC Shah's recording, open."""

    def show(width: int = 1280, query: str = "") -> Watched:
        watched = sign_in("shah", width)
        watched.page.goto(f"{live.url}/footage/{films['shah']}/{query}")
        return watched

    return show


def said(page: Page) -> str:
    return str(page.locator("#said").text_content())


def frame(page: Page) -> int:
    found = re.match(r"Frame ([\d,]+) of ([\d,]+)", str(page.locator("#frame").text_content()))
    assert found, page.locator("#frame").text_content()
    return int(found[1].replace(",", ""))


def loaded(page: Page) -> None:
    """Played for a moment and stopped: the picture is there, the log has its event."""
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, f"{VIDEO}.currentTime > 0.2")
    page.keyboard.press("k")
    until(page, f"{VIDEO}.paused && !{VIDEO}.seeking")


def test_nothing_is_fetched_before_play_and_the_first_picture_comes_after(
    watch: Callable[..., Watched], live: Live
) -> None:
    watched = watch()
    page, asked = watched.page, list[str]()
    page.on("request", lambda request: asked.append(request.url))
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    page.get_by_role("button", name="Play", exact=True).hover()
    page.get_by_role("button", name="Play", exact=True).focus()
    page.wait_for_timeout(300)
    assert [url for url in asked if "proxy" in url or "/play/" in url] == []
    page.evaluate(
        f"{VIDEO}.requestVideoFrameCallback(() => {{ document.body.dataset.shown = '1' }})"
    )
    page.keyboard.press("Enter")
    until(page, "document.body.dataset.shown === '1'")
    posts = [url for url in asked if url.endswith("/play/")]
    assert len(posts) == 1
    assert watched.complaints == []


def test_frames_are_stepped_by_their_own_times(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page = watched.page
    loaded(page)
    # From a place that was asked for: what was shown last of the playing may be told late.
    page.fill("#goto-time", "0.3")
    page.get_by_role("button", name="Go", exact=True).click()
    until(page, "/^Frame 8 of/.test(document.getElementById('frame').textContent)")
    page.locator("#player").focus()
    before = shown = frame(page)
    # A browser confirms what it shows; the number is that of the picture, not a guess.
    for key, count in ((".", 3), (",", 2), (".", 1)):
        for _ in range(count):
            shown += 1 if key == "." else -1
            page.keyboard.press(key)
            until(page, f"/^Frame {shown} of/.test(document.getElementById('frame').textContent)")
    until(page, f"/^Frame {before + 2} of/.test(document.getElementById('frame').textContent)")
    at = page.evaluate(f"{VIDEO}.currentTime")
    number = before + 1  # counted from nought
    assert number / 25 < at < (number + 1) / 25
    page.get_by_role("button", name="On one frame").click()
    until(page, f"/^Frame {before + 3} of/.test(document.getElementById('frame').textContent)")
    # 10 and 6 seconds of 25 a second: the frames of both files.
    assert "of 400" in str(page.locator("#frame").text_content())
    # At the end of the first file the next one begins.
    page.fill("#goto-time", "9.97")
    page.get_by_role("button", name="Go", exact=True).click()
    until(page, "/^Frame 250 of/.test(document.getElementById('frame').textContent)")
    page.get_by_role("button", name="On one frame").click()
    until(page, "/^Frame 251 of/.test(document.getElementById('frame').textContent)")
    page.get_by_role("button", name="Back one frame").click()
    until(page, "/^Frame 250 of/.test(document.getElementById('frame').textContent)")
    assert watched.complaints == []


def test_a_loop_by_keys_and_by_typing(watch: Callable[..., Watched]) -> None:
    page = watch().page
    loaded(page)
    page.get_by_role("button", name="Loop", exact=True).click()
    page.fill("#loop-from", "2")
    page.fill("#loop-to", "2.6")
    page.keyboard.press("Tab")
    expect(page.locator("#said")).to_have_text("Loops from 00:00:02.000 to 00:00:02.600")
    page.fill("#goto-time", "2.1")
    page.keyboard.press("Enter")
    until(page, f"Math.abs({VIDEO}.currentTime - 2.1) < 0.1")
    page.evaluate(
        f"{VIDEO}.addEventListener('seeking', () => {{ if (Math.abs({VIDEO}.currentTime - 2) < 0.05) "
        "document.body.dataset.looped = Number(document.body.dataset.looped || 0) + 1 })"
    )
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, "Number(document.body.dataset.looped) >= 2")
    page.keyboard.press("\\")
    expect(page.locator("#said")).to_have_text("The loop is cleared.")
    until(page, f"{VIDEO}.currentTime > 3")
    page.keyboard.press("k")
    page.keyboard.press("[")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("]")
    until(page, "/^Loops from/.test(document.getElementById('said').textContent)")
    page.fill("#loop-to", "1")
    page.keyboard.press("Tab")
    expect(page.locator("#said")).to_contain_text("The loop's end must be after its start")


def test_speed_says_when_it_does_not_count(watch: Callable[..., Watched]) -> None:
    page = watch().page
    loaded(page)
    for _ in range(3):
        page.keyboard.press("Shift+>")
    until(page, f"{VIDEO}.playbackRate === 4")
    expect(page.locator("#speed-note")).to_be_visible()
    expect(page.get_by_label("Speed")).to_have_value("4")
    page.keyboard.press("Shift+<")
    expect(page.locator("#speed-note")).to_be_hidden()
    page.get_by_label("Speed").select_option("0.25")
    until(page, f"{VIDEO}.playbackRate === 0.25")


def test_the_times_run_beside_the_picture(watch: Callable[..., Watched]) -> None:
    page = watch(query="?t=00:00:04.5").page
    expect(page.locator("#clock")).to_have_text(
        "Camera said 22:00:04 · corrected 22:00:20 BST · within 2 s · 00:00:04.500 in"
    )
    slider = page.get_by_role("slider")
    expect(slider).to_have_attribute("aria-valuetext", "4 seconds, 22:00:20")
    slider.focus()
    page.keyboard.press("End")
    until(
        page,
        f"{VIDEO}.readyState > 1 && document.getElementById('clock').textContent.includes('00:00:15')",
    )
    page.keyboard.press("Home")
    until(page, "document.getElementById('clock').textContent.includes('00:00:00.000 in')")
    page.keyboard.press("ArrowUp")
    until(page, "document.getElementById('clock').textContent.includes('00:00:01.000 in')")
    page.get_by_role("button", name="Copy the times").click()
    until(page, "/Copied|Selected/.test(document.getElementById('said').textContent)")


def test_the_keys_can_be_turned_off_and_never_act_in_a_field(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page = watched.page
    loaded(page)
    page.locator("#goto-time").focus()
    page.keyboard.type("1kjl")
    expect(page.locator("#goto-time")).to_have_value("1kjl")
    assert page.evaluate(f"{VIDEO}.paused")
    page.get_by_role("button", name="Keys", exact=True).focus()
    page.keyboard.press("Shift+?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    expect(dialog.locator("tr")).to_have_count(22)
    dialog.get_by_label("Single-key shortcuts").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    at = page.evaluate(f"{VIDEO}.currentTime")
    for key in ("k", "l", ".", "ArrowRight", "m"):
        page.keyboard.press(key)
    assert page.evaluate(f"{VIDEO}.currentTime") == at
    page.reload()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    page.get_by_role("button", name="Play", exact=True).focus()
    page.keyboard.press("k")
    page.wait_for_timeout(200)
    assert page.evaluate(f"{VIDEO}.paused")
    page.get_by_role("slider").focus()  # a slider's own keys stay
    page.keyboard.press("ArrowRight")
    until(page, f"{VIDEO}.currentTime > 0.9")
    page.locator("#player").get_by_role("button", name="Keys", exact=True).click()
    page.get_by_label("Single-key shortcuts").check()
    # Outside the player nothing listens.
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("k")
    assert page.evaluate(f"{VIDEO}.paused")
    assert watched.complaints == []


def test_marks_and_notes_by_keyboard_alone(watch: Callable[..., Watched], live: Live) -> None:
    watched = watch()
    page = watched.page
    loaded(page)
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("m")
    expect(page.locator("#said")).to_contain_text("Marked at 00:00:01")
    expect(page.locator("#lane-markers path")).to_have_count(1)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("n")
    assert page.evaluate("document.activeElement.id") == "mark-text"
    page.keyboard.type("He says <b>he</b> is detained")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#markers")).to_contain_text("He says <b>he</b> is detained")
    expect(page.locator("#lane-notes path")).to_have_count(1)
    assert page.evaluate("document.activeElement.id") == "mark-text"
    page.get_by_role("button", name="Markers as a list").press("Enter")
    page.locator("#list-markers button").press("Enter")
    until(page, f"Math.abs({VIDEO}.currentTime - 1) < 0.5")
    # Taken back, and put back.
    page.get_by_role("button", name=re.compile("Remove the mark at 00:00:01")).press("Enter")
    expect(page.locator("#lane-markers path")).to_have_count(0)
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.locator("#lane-markers path")).to_have_count(1)
    page.reload()
    expect(page.locator("#lane-notes path")).to_have_count(1)
    expect(page.locator(".history")).to_contain_text("He says <b>he</b> is detained")
    page.fill("#mark-at", "later")
    page.fill("#mark-text", "kept")
    page.get_by_role("button", name="Mark", exact=True).click()
    expect(page.locator("#mark-error")).to_contain_text("Enter a time like 00:02:16.480")
    expect(page.locator("#mark-text")).to_have_value("kept")
    assert [text for text in watched.complaints if "422" not in text] == []


def test_two_files_play_as_one_over_their_gap(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page = watched.page
    expect(page.locator("#lane-files")).to_contain_text("1.0 s not recorded")
    widths = page.evaluate(
        "[...document.querySelectorAll('#lane-files rect.file')].map(e => parseFloat(e.getAttribute('width')))"
    )
    assert widths == pytest.approx([1000 / 17, 600 / 17], abs=0.5)  # 10, a gap of 1, 6: to scale
    loaded(page)
    page.fill("#goto-time", "9.2")
    page.keyboard.press("Enter")
    until(page, f"{VIDEO}.currentTime > 9")
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, "document.getElementById('clock').textContent.includes('00:00:11')")
    assert page.evaluate(f"{VIDEO}.currentTime") < 3  # in the second file now
    assert not page.evaluate(f"{VIDEO}.paused")
    # Over the gap the clock jumped: eleven seconds in are twelve on the clock.
    page.keyboard.press("k")
    page.fill("#goto-time", "11.5")
    page.keyboard.press("Enter")
    until(page, "document.getElementById('clock').textContent.includes('22:00:28 BST')")
    page.get_by_role("button", name="Files as a list").click()
    expect(page.locator("#list-files")).to_contain_text("1.0 s not recorded")
    assert watched.complaints == []


def test_what_was_not_played_is_found(watch: Callable[..., Watched], live: Live) -> None:
    with live.database() as database:  # earlier stories played parts of it
        database.execute("DELETE FROM recordings_coverage")
    page = watch().page
    loaded(page)
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, f"{VIDEO}.currentTime > 1.6")
    page.keyboard.press("k")
    expect(page.locator("#lane-played rect")).to_have_count(1)
    page.get_by_role("slider").focus()
    page.keyboard.press("Home")
    page.keyboard.press("u")
    until(page, f"{VIDEO}.currentTime > 1.4 && {VIDEO}.currentTime < 3")
    expect(page.locator("#said")).to_contain_text("Not played yet: from 00:00:0")


def test_the_plan_follows_and_leads(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page = watched.page
    expect(page.locator("#plan")).to_be_visible()
    expect(page.locator("#plan-words")).to_contain_text("Starts at 51.50790, -0.12810")
    x = "Number(document.querySelector('.plan-now').getAttribute('cx'))"
    before = page.evaluate(x)
    loaded(page)
    page.fill("#goto-time", "8")
    page.keyboard.press("Enter")
    until(page, f"{x} > {before} + 5")
    page.get_by_role("button", name="Positions as a list").click()
    page.locator("#plan-list button").nth(2).click()
    until(page, f"Math.abs({VIDEO}.currentTime - 2) < 0.2")
    assert watched.complaints == []


def test_sound_and_stills_asks_for_no_picture(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page, asked = watched.page, list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_label("Picture").select_option("sound")
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, f"{VIDEO}.currentTime > 0.5")
    assert any("/sound-" in url for url in asked)
    assert not any("/proxy-" in url for url in asked)
    expect(page.locator("#stills")).to_be_visible()
    assert "storyboard" in page.evaluate("document.getElementById('stills').style.backgroundImage")
    page.get_by_label("Picture").select_option("auto")
    until(page, f"{VIDEO}.videoWidth > 0")
    assert watched.complaints == []


def test_a_browser_of_2021_opens_the_keys_and_leaves_full_screen_be(
    films: dict[str, str], live: Live, sign_in: SignIn
) -> None:
    """No dialogs, no full screen: Firefox 94 and Safari 15 on a phone."""
    watched = sign_in("shah")
    page = watched.page
    page.add_init_script(
        "delete HTMLDialogElement.prototype.showModal; delete Element.prototype.requestFullscreen;"
        "delete Element.prototype.webkitRequestFullscreen; delete Element.prototype.webkitRequestFullScreen;"
        "delete HTMLVideoElement.prototype.webkitEnterFullscreen;"
    )
    page.goto(f"{live.url}/footage/{films['shah']}/")
    at = page.url
    page.get_by_role("button", name="Keys").click()
    expect(page.locator("#keys")).to_be_visible()
    expect(page.locator("#keys button")).to_be_focused()
    page.locator("#keys button").click()
    expect(page.locator("#keys")).to_be_hidden()
    expect(page.get_by_role("button", name="Keys")).to_be_focused()
    assert page.url == at
    page.get_by_role("button", name="Full screen").click()
    expect(page.locator("#said")).to_have_text("Full screen is not allowed here.")
    assert watched.complaints == []


PICK = """(value) => {
  const video = document.getElementById("video"), select = document.querySelector("[data-do=quality]");
  window.left = video.currentTime;
  window.landed = null;
  video.addEventListener("loadedmetadata", () => video.addEventListener("seeked",
    () => { window.landed = video.currentTime; }, { once: true }), { once: true });
  select.value = value;
  select.dispatchEvent(new Event("change"));
}"""


def test_low_plays_the_small_picture_from_where_it_is(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page = watched.page
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, f"{VIDEO}.currentTime > 0.5")
    page.get_by_label("Speed").select_option("0.25")
    page.get_by_label("Picture").select_option("low")
    assert said(page) == "The small picture is being made. Until then the usual one plays."
    assert "/proxy-" in page.evaluate(f"{VIDEO}.currentSrc")
    until(page, f"{VIDEO}.currentSrc.includes('/small-') && {VIDEO}.readyState > 2", 120)
    assert said(page) == "The small picture plays."
    # It is there now: to and fro while it plays, it goes on where it was, as it was.
    for value, name in (("auto", "proxy"), ("low", "small")):
        page.evaluate(PICK, value)
        until(page, f"window.landed !== null && {VIDEO}.currentSrc.includes('/{name}-')")
        left, landed = page.evaluate("[window.left, window.landed]")
        assert abs(left - landed) < 0.2
        until(page, f"!{VIDEO}.paused && {VIDEO}.currentTime > {landed}")
        assert page.evaluate(f"{VIDEO}.playbackRate") == 0.25
    # Frame steps are those of the usual picture, and confirmed.
    page.keyboard.press("k")
    page.get_by_role("button", name="On one frame").click()
    until(page, "/^Frame /.test(document.getElementById('frame').textContent)")
    before = frame(page)
    page.get_by_role("button", name="On one frame").click()
    until(page, f"/^Frame {before + 1} of 400/.test(document.getElementById('frame').textContent)")
    # Paused it stays paused.
    page.evaluate(PICK, "auto")
    until(page, f"window.landed !== null && {VIDEO}.currentSrc.includes('/proxy-')")
    assert page.evaluate(f"{VIDEO}.paused")
    until(page, f"/^Frame {before + 1} of 400/.test(document.getElementById('frame').textContent)")
    assert watched.complaints == []


def test_automatic_takes_the_small_picture_on_a_thin_line(
    watch: Callable[..., Watched], live: Live, films: dict[str, str]
) -> None:
    watched = watch()
    page, slow = watched.page, "The line is slow: the small picture plays."
    page.get_by_label("Picture").select_option("low")  # asked for, in case nobody has
    until(page, "document.getElementById('said').textContent === 'The small picture plays.'", 120)
    # It stood still twice.
    page.reload()
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, f"{VIDEO}.currentTime > 0.2 && {VIDEO}.currentSrc.includes('/proxy-')")
    page.get_by_label("Speed").select_option("0.25")
    for _ in range(2):
        page.evaluate(f"{VIDEO}.dispatchEvent(new Event('waiting'))")
        page.wait_for_timeout(2500)
    until(page, f"document.getElementById('said').textContent.startsWith('{slow}')")
    until(page, f"{VIDEO}.currentSrc.includes('/small-') && !{VIDEO}.paused")
    # And somebody who wants the usual one keeps it.
    page.get_by_label("Picture").select_option("low")
    page.get_by_label("Picture").select_option("auto")
    until(page, f"{VIDEO}.currentSrc.includes('/proxy-')")
    # The browser says so before anything stood still.
    page.add_init_script(
        "Object.defineProperty(navigator, 'connection', { value: { saveData: true } })"
    )
    page.reload()
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, f"{VIDEO}.currentSrc.includes('/small-') && {VIDEO}.currentTime > 0.2")
    assert said(page).startswith(slow)
    assert watched.complaints == []


def test_two_cameras_on_one_clock(films: dict[str, str], live: Live, sign_in: SignIn) -> None:
    watched = sign_in("lane")
    page = watched.page
    for name in ("shah", "okoro"):
        page.goto(f"{live.url}/footage/{films[name]}/")
        if page.locator("#why").count():
            page.fill("#why", "Reviewing complaint PC/12/26")
            page.get_by_role("button", name="Go on").click()
    page.goto(f"{live.url}/footage/{films['shah']}/")
    expect(page.locator("#else")).to_contain_text("PC 5530 Okoro")
    page.get_by_role("button", name="Watch side by side").click()
    expect(page.locator(".camera")).to_have_count(2)
    one, two = (f"document.querySelector('[data-camera=\"{n}\"] video')" for n in (1, 2))
    late = "document.querySelector('[data-camera=\"2\"] .camera-words')"
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, f"{one}.currentTime > 0.5")
    assert page.evaluate(f"{late}.textContent") == "Not recording until 22:00:20"
    assert page.evaluate(f"{two}.paused")
    page.get_by_role("slider").focus()
    page.keyboard.press("Home")
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    until(page, f"{late}.hidden && {two}.currentTime > 2 && !{two}.paused && !{one}.paused")
    until(page, f"Math.abs({one}.currentTime - {two}.currentTime - 4) < 0.12")
    assert page.evaluate(f"[{one}.muted, {two}.muted]") == [False, True]
    page.keyboard.press("2")
    assert page.evaluate(f"[{one}.muted, {two}.muted]") == [True, False]
    # One stalls: the clock waits, and the one is named.
    page.evaluate(
        f"Object.defineProperty({two}, 'readyState', {{ configurable: true, get: () => 1 }})"
    )
    expect(page.locator("#waiting")).to_have_text(f"Waiting for {films['okoro']}")
    until(page, f"{one}.paused")
    page.evaluate(f"delete {two}.readyState")
    expect(page.locator("#waiting")).to_have_text("")
    until(page, f"!{one}.paused && !{two}.paused")
    page.keyboard.press("k")
    until(page, f"{one}.paused && {two}.paused")
    # Moved by hand, with a reason: kept, and told.
    page.fill("[name=seconds]", "0.5")
    until(page, f"Math.abs({one}.currentTime - {two}.currentTime - 4.5) < 0.12")
    page.get_by_role("button", name="Save the move").click()
    expect(page.locator("#move-error")).to_contain_text("Enter what you saw")
    page.fill("[name=reason]", "The same door shuts")
    page.get_by_role("button", name="Save the move").click()
    expect(page.locator(".camera").nth(1)).to_contain_text(
        "Moved by +0.500 s by DS 12 Lane: The same door shuts"
    )
    page.goto(f"{live.url}/footage/{films['okoro']}/")
    history = page.locator(".history")
    expect(history).to_contain_text("Moved by 500 ms against the others' clock by DS 12 Lane")
    expect(history).to_contain_text("Played by DS 12 Lane")
    assert [text for text in watched.complaints if "422" not in text] == []


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_the_pages_are_accessible_and_fit(
    films: dict[str, str], live: Live, sign_in: SignIn, width: int, tmp_path: Path
) -> None:
    import os

    pictures = Path(os.environ.get("PICTURES", str(tmp_path)))
    watched = sign_in("lane", width)
    page = watched.page
    for name in films.values():
        page.goto(f"{live.url}/footage/{name}/")
        if page.locator("#why").count():
            page.fill("#why", "Reviewing complaint PC/12/26")
            page.get_by_role("button", name="Go on").click()
    together = f"/together/?r={films['shah']}&r={films['okoro']}"
    for path in (f"/footage/{films['shah']}/?t=6", together, "/together/"):
        page.goto(live.url + path)
        if page.locator("video").count():
            play = page.get_by_role("button", name="Play", exact=True)
            play.click()
            until(page, "document.querySelector('video').currentTime > 0.3")
            page.keyboard.press("k")
        for button in page.locator(".layer-more, [data-do=loop]").all():
            button.click()
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
        assert found.violations_count == 0, found.generate_report()
        for button in page.locator(".layer-more").all():
            button.click()
        page.screenshot(
            path=str(
                pictures
                / f"{path.strip('/').split('/')[0]}{'-none' if path == '/together/' else ''}-{width}.png"
            ),
            full_page=True,
        )
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, (path, width, wide)
        small = page.evaluate(
            "[...document.querySelectorAll('.stage button, .stage select, .stage input:not([type=checkbox])')]"
            ".filter(e => e.offsetParent && (e.offsetHeight < 43.5 || e.offsetWidth < 43.5)).map(e => e.outerHTML)"
        )
        assert small == []
    assert watched.complaints == []
