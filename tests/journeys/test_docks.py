"""A dock's screen and the team's page, live, in a browser."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests import factories
from tests.journeys.conftest import Watched
from tests.live import Live

SignIn = Callable[..., Watched]
pytestmark = pytest.mark.browser
DOCK = "LE-01"


class Station:
    """A docking station with two bays and the real agent, with a slow line."""

    def __init__(self, live: Live, folder: Path) -> None:
        self.live, self.state = live, folder / "state"
        self.bays = [folder / "bay1", folder / "bay2"]
        for bay in self.bays:
            bay.mkdir()
        live.enrol(self.state, DOCK)
        self.agent: subprocess.Popen[str] | None = None

    def start(self, megabits: float) -> None:
        bays = [word for bay in self.bays for word in ("--bay", str(bay))]
        self.agent = self.live.agent(self.state, "run", *bays, "--parts", "1",
                                     "--limit", str(megabits))  # fmt: skip

    def put_in(self, bay: int, serial: str, *files: bytes) -> None:
        folder = self.bays[bay - 1]
        for number, data in enumerate(files):
            (folder / f"{serial}_20261120_2200{number:02}.MP4").write_bytes(data)
        (folder / "camera.json").write_text(json.dumps({"serial": serial}))

    def stop(self) -> None:
        if self.agent is not None and self.agent.poll() is None:
            self.agent.send_signal(signal.SIGTERM)
            try:
                self.agent.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                self.agent.kill()
                self.agent.communicate()


@pytest.fixture
def station(live: Live, tmp_path: Path) -> Iterator[Station]:
    made = Station(live, tmp_path)
    yield made
    made.stop()


@pytest.fixture
def screens(browser: Browser) -> Iterator[Callable[..., Watched]]:
    contexts = []

    def make(width: int = 1920, height: int = 1080) -> Watched:
        context = browser.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        return Watched(context.new_page())

    yield make
    for context in contexts:
        context.close()


def screen_code(live: Live, dock: str) -> str:
    return live.manage("dock", "screen", dock).split()[-1]


def open_screen(live: Live, page: Page, dock: str = DOCK) -> None:
    page.goto(f"{live.url}/docks/open/")
    page.get_by_label("Screen code").fill(screen_code(live, dock))
    page.get_by_role("button", name="Sign this screen in").click()
    page.wait_for_url("**/screen/")


def axe(page: Page) -> list[str]:
    return [item["id"] for item in Axe().run(page).response["violations"]]


def picture(page: Page, name: str) -> None:
    """Kept only for somebody who asks for pictures."""
    if folder := os.environ.get("BWV_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def letter(page: Page, where: str) -> float:
    size: Any = page.locator(where).first.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    return float(size)


def test_a_camera_is_copied_before_ones_eyes_and_then_ready(
    live: Live, station: Station, screens: Callable[..., Watched], sign_in: SignIn
) -> None:
    watched = screens()
    page = watched.page
    open_screen(live, page)
    expect(page.locator("main .kiosk-stale")).to_contain_text("NOT UP TO DATE")  # no agent yet
    station.put_in(1, "BWC-000102", factories.film(2) + os.urandom(56_000_000))
    station.put_in(2, "BWC-000117")
    station.start(megabits=20)
    first, second = page.locator(".bay").nth(0), page.locator(".bay").nth(1)
    expect(first).to_contain_text("5530 OKORO", timeout=30_000)
    expect(first).to_contain_text("DO NOT REMOVE", timeout=30_000)
    expect(second).to_contain_text("4127 SHAH")
    expect(second).to_contain_text("READY TO TAKE", timeout=30_000)
    expect(page.locator(".kiosk-sum")).to_contain_text("1 ready · 1 copying · 0 need you")
    # The speed is measured from what arrives.
    expect(first).to_contain_text("1 min", timeout=60_000)
    assert first.locator("progress").evaluate("e => e.value") < 100
    assert axe(page) == []
    picture(page, "dock-copying")
    # Its officer sees the same on their own page.
    officer = sign_in("okoro").page
    officer.goto(f"{live.url}/footage/on-its-way/")
    expect(officer.locator("body")).to_contain_text(f"On its way from {DOCK}: 1 file")
    expect(first).to_contain_text("READY TO TAKE", timeout=90_000)
    # Other stories may have docked files of this camera.
    assert {row["state"] for row in live.uploads() if row["camera"] == "BWC-000102"} == {"sealed"}
    picture(page, "dock-ready")
    page.set_viewport_size({"width": 820, "height": 1180})
    assert axe(page) == []
    picture(page, "dock-820")
    assert watched.complaints == []


def test_without_news_for_ten_seconds_the_whole_screen_says_so(
    live: Live, station: Station, screens: Callable[..., Watched]
) -> None:
    watched = screens()
    page = watched.page
    open_screen(live, page)
    station.put_in(1, "BWC-000102", os.urandom(100_000))
    station.start(megabits=0)
    expect(page.locator(".bay").first).to_contain_text("READY TO TAKE", timeout=60_000)
    cover = page.locator("body > .kiosk-stale")
    expect(cover).to_be_hidden()
    page.context.set_offline(True)
    expect(cover).to_be_visible(timeout=30_000)
    expect(cover).to_contain_text("NOT UP TO DATE.Leave cameras in.")
    box = cover.bounding_box()
    assert box
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 1920, 1080)
    picture(page, "dock-stale")
    page.context.set_offline(False)
    expect(cover).to_be_hidden(timeout=30_000)
    # The dock itself falls silent: the server says so, in the same words.
    station.stop()
    with live.database() as database:
        database.execute(
            "UPDATE devices_dock SET last_seen = last_seen - interval '31 s' WHERE name = %s",
            [DOCK],
        )
    expect(page.locator("main .kiosk-stale")).to_contain_text(f"{DOCK} has not reported since")
    assert axe(page) == []
    picture(page, "dock-silent")
    # Another code signs this screen out.
    screen_code(live, DOCK)
    page.wait_for_url("**/sign-in/**", timeout=30_000)


@pytest.mark.parametrize("size", [40, 60])
def test_letters_are_as_high_as_the_docks_setting_says(
    live: Live, screens: Callable[..., Watched], size: int
) -> None:
    name = f"SIZE-{size}"
    live.manage("dock", "code", name)
    bays = [
        {"bay": str(n), "camera": f"BWC-0000{n}", "state": state, "left": 0, "done": 10**9,
         "total": 10**10, "rate": 10.0**6, "file": "NO20260101-120000-000001F.MP4", "why": ""}
        for n, state in enumerate(["copying"] * 4 + ["ready"] * 6 + ["keep"] * 4, 1)
    ]  # fmt: skip
    with live.database() as database:
        database.execute(
            "UPDATE devices_dock SET screen_size = %s, bays = %s, site = 'Charing Cross', "
            "last_seen = now() + interval '5 min' WHERE name = %s",
            [size, json.dumps(bays), name],
        )
    page = screens().page
    open_screen(live, page, name)
    for where in (".bay-who", ".bay-state", ".kiosk-top h1", ".kiosk-sum"):
        assert letter(page, where) == size
    # Everything of a page is on the screen, without scrolling.
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # The page with the faults comes round, and is the first.
    expect(page.locator(".bay").first).to_contain_text("KEEP IN DOCK", timeout=40_000)
    expect(page.locator(".kiosk-sum")).to_contain_text("Page 1 of 2")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    lines = page.locator(".bay").evaluate_all("all => all.map(e => e.clientHeight)")
    assert max(lines) < 2 * size, "a bay takes two lines"
    picture(page, f"dock-{size}")
    assert axe(page) == []


def test_the_team_page(docked: Path, live: Live, sign_in: SignIn) -> None:
    watched = sign_in("hughes", 390, 900)
    page = watched.page
    page.wait_for_url("**/team/")
    for width in (390, 820, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        heading = page.get_by_role("heading", name="Footage that needs a category")
        expect(heading).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert axe(page) == []
        picture(page, f"team-{width}")
    assert watched.complaints == []
