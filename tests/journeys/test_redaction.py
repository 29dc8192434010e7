"""A case officer covers three parts of the picture, two by mouse and one by keys, silences a
time, waits for the copy, watches it and vouches for it; then the copy's own pixels are looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ingest.clips.covering import Cover
from tests.ingest.clips import films
from tests.ingest.clips.test_covering import (
    BLACK,
    brightest,
    only_what_it_may_hold,
    pictures,
    sound_of,
)
from tests.journeys.conftest import say_why
from tests.journeys.test_exhibits import OPEN, accessible, shot
from tests.journeys.test_player import SignIn, name_at, until
from tests.live import Live

pytestmark = pytest.mark.browser
BEGAN = datetime(2026, 9, 26, 20, 0, tzinfo=UTC)
WIDTH, HEIGHT = films.BITS * films.COLUMN, films.HEIGHT
SIDES = ("left", "top", "width", "height")


@pytest.fixture(scope="module")
def footage(live: Live, tmp_path_factory: Any) -> str:
    """A film that numbers its frames, linked to a case of DC Cole's."""
    folder: Path = tmp_path_factory.mktemp("redaction")
    bay, state = folder / "bay", folder / "state"
    bay.mkdir()
    live.enrol(state, "RED-01")
    name = name_at(BEGAN)
    (bay / name).write_bytes(films.numbered(seconds=8))
    (bay / "camera.json").write_text('{"serial": "BWC-000101", "clock_error_seconds": -16}')
    live.dock(state, bay)
    live.wait(live.playable, "the viewing copy")
    opening = OPEN.format(name=name).replace("01AB/77001/26", "01AB/77002/26")
    return live.manage("shell", "-v", "0", "-c", opening).split()[-1]


def go_to(page: Page, seconds: str, frame: int) -> None:
    page.fill("#goto-time", seconds)
    page.locator("#goto button").click()
    until(page, f"document.getElementById('frame').textContent.startsWith('Frame {frame} of 200')")


def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """A point of the picture, in per cent, as a point of the page."""
    box = page.locator("#video").bounding_box()
    assert box
    scale = min(box["width"] / WIDTH, box["height"] / HEIGHT)
    wide, high = WIDTH * scale, HEIGHT * scale
    return (
        box["x"] + (box["width"] - wide) / 2 + wide * x / 100,
        box["y"] + (box["height"] - high) / 2 + high * y / 100,
    )


def settled(page: Page) -> None:
    """The picture stays where it is: what comes late (the storyboard) has moved the page."""
    before = None
    while (now := page.locator("#video").bounding_box()) != before:
        before = now
        page.wait_for_timeout(300)


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    settled(page)
    page.mouse.move(*place(page, *start))
    page.mouse.down()
    page.mouse.move(*place(page, *((a + b) / 2 for a, b in zip(start, end, strict=True))))
    page.mouse.move(*place(page, *end))
    page.mouse.up()


def typed(page: Page, number: int) -> dict[str, float]:
    return {side: float(page.input_value(f"#cover-{number}-{side}")) for side in SIDES}


def near(found: dict[str, float], *sides: float) -> bool:
    return all(abs(found[side] - value) < 0.6 for side, value in zip(SIDES, sides, strict=True))


def hide(page: Page, footage: str) -> list[Cover]:
    """Draw, type, and say why; what the copy is to cover, by frames."""
    page.get_by_label("A redacted copy").check()
    expect(page.get_by_role("heading", name="What the redacted copy leaves out")).to_be_visible()
    page.fill("#from", "1")
    page.fill("#to", "6")
    go_to(page, "2", 51)
    page.get_by_role("button", name="Draw on the picture").click()
    page.locator("#video").scroll_into_view_if_needed()
    drag(page, (10, 10), (35, 60))
    assert near(typed(page, 1), 10, 10, 25, 50), typed(page, 1)
    drag(page, (60, 20), (50, 90))
    assert near(typed(page, 2), 50, 20, 10, 70), typed(page, 2)
    # By mouse again: moved, then sized by its corner.
    drag(page, (55, 50), (65, 55))
    assert near(typed(page, 2), 60, 25, 10, 70), typed(page, 2)
    drag(page, (70, 95), (80, 85))
    assert near(typed(page, 2), 60, 25, 20, 60), typed(page, 2)
    shot(page, f"redact-draw-{page.viewport_size['width'] if page.viewport_size else 0}")
    page.get_by_role("button", name="Draw on the picture").click()

    # By keys alone: added, moved, sized; then its times.
    page.locator("#cover-add").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".cover:focus")).to_have_attribute("aria-label", "Part 3: left 40 %, top "
        "40 %, width 20 %, height 20 %. Arrows move it, Shift and arrows size it.")  # fmt: skip
    for key in ["ArrowLeft"] * 5 + ["ArrowDown"] * 3 + ["Shift+ArrowRight"] * 4 + ["Shift+ArrowUp"]:
        page.keyboard.press(key)
    assert near(typed(page, 3), 35, 43, 24, 19), typed(page, 3)
    # The player did not jump meanwhile.
    expect(page.locator("#frame")).to_contain_text("Frame 51 of 200")
    page.keyboard.press("Enter")
    expect(page.locator("#cover-3-from")).to_be_focused()
    page.fill("#cover-3-from", "4")
    page.fill("#cover-3-to", "4.5")
    page.fill("#cover-1-to", "2.48")
    page.fill("#cover-2-from", "1")
    page.fill("#cover-2-to", "6")
    for number, why in ((1, "Third party's face"), (2, "Number plate"), (3, "Screen")):
        page.select_option(f"#cover-{number}-reason", label=why)
    page.get_by_role("button", name="Add a silence").click()
    page.fill("#silence-1-from", "3")
    page.fill("#silence-1-to", "3.5")
    page.select_option("#silence-1-reason", label="Address")

    # The preview: at 2 s the first two, at 4 s the last two, nothing that was not said.
    page.locator("#description").focus()
    for seconds, frame, shown in (("2", 51, 2), ("3.2", 81, 1), ("4.2", 106, 2)):
        go_to(page, seconds, frame)
        expect(page.locator(".cover:not(.away)")).to_have_count(shown)
    frames = [(49, 63), (25, 150), (99, 113)]
    return [
        Cover(
            first, last, round(box["left"] * 10), round(box["top"] * 10),
            round((box["left"] + box["width"]) * 10), round((box["top"] + box["height"]) * 10),
        )
        for (first, last), box in zip(frames, (typed(page, at) for at in (1, 2, 3)), strict=True)
    ]  # fmt: skip


@pytest.mark.parametrize("width", [1280, 820])
def test_parts_are_covered_and_nothing_of_them_is_in_the_copy(
    live: Live, sign_in: SignIn, footage: str, tmp_path: Path, width: int
) -> None:
    watched = sign_in("cole", width)
    page = watched.page
    page.goto(f"{live.url}/footage/{footage}/")
    say_why(page, "Case 01AB/77002/26")
    page.get_by_role("link", name="Clip or produce").click()
    mark = page.get_by_label("Exhibit mark").input_value()
    until(page, "document.querySelector('[data-do=play]').disabled === false")
    covers = hide(page, footage)
    shot(page, f"redact-{width}")
    accessible(page)

    # Somebody forgot to say why, and nothing typed is lost.
    page.select_option("#cover-3-reason", "")
    page.fill("#description", "The arrest, for the defence")
    page.get_by_role("button", name="Produce", exact=True).click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("Select why part 3 is covered")
    page.locator(".govuk-error-summary a").click()
    expect(page.locator("#cover-3-reason")).to_be_focused()
    assert near(typed(page, 3), 35, 43, 24, 19)
    shot(page, f"redact-error-{width}")
    accessible(page)
    page.select_option("#cover-3-reason", label="Screen")
    page.get_by_role("button", name="Produce", exact=True).click()
    expect(page.get_by_role("heading", name=mark, exact=True)).to_be_visible()
    shot(page, f"redact-waits-{width}")

    # Nothing is said to be done before it is.
    expect(page.locator("#player")).to_be_visible(timeout=60_000)
    expect(page.locator(".stage-label")).to_have_text(f"REDACTED COPY of {footage}")
    expect(page.get_by_text("3 parts covered, 1 silenced")).to_be_visible()
    expect(page.get_by_text("It can't be shared until")).to_be_visible()
    page.locator('[data-do="play"]').click()
    until(page, "document.getElementById('video').currentTime > 0.2")
    page.locator('[data-do="play"]').click()
    shot(page, f"redacted-{width}")
    accessible(page)
    page.get_by_role("button", name="I have watched it: nothing shows that should not").click()
    expect(page.get_by_text("watched it on")).to_be_visible()
    shot(page, f"redacted-checked-{width}")

    with page.expect_download() as waiting:
        page.get_by_role("button", name=f"Download {mark}").click()
    film = tmp_path / "copy.mp4"
    waiting.value.save_as(film)
    only_what_it_may_hold(film)
    shown = pictures(film, WIDTH, HEIGHT)
    assert len(shown) == 126
    for at, picture in enumerate(shown, start=25):
        for one in covers:
            if one.first_frame <= at <= one.last_frame:
                assert brightest(picture, WIDTH, HEIGHT, one) <= BLACK, (at, one)
    samples, rate = sound_of(film)
    assert not any(samples[2 * rate : round(2.5 * rate)])
    assert any(samples[:rate])
    # The wrong form above was answered with 422, and a browser says so.
    assert [one for one in watched.complaints if "422" not in one] == []
