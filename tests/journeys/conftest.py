"""A running system and a browser for the stories."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests import live as system

QUIET = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip


@pytest.fixture(scope="session")
def live() -> Iterator[system.Live]:
    """The whole system, for all journeys of this run."""
    yield from system.running()


@pytest.fixture(scope="session")
def passwords(live: system.Live) -> dict[str, str]:
    """The demonstration force's passwords."""
    return dict(json.loads(live.manage("demo", "passwords").splitlines()[-1]))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The distribution's Chromium."""
    path: str | None = next(
        (where for name in ("chromium", "chromium-browser", "google-chrome")
         if (where := shutil.which(name))), None,
    )  # fmt: skip
    assert path, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield found
        found.close()


class Watched:
    """A page that remembers what a browser complains of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))


@pytest.fixture
def sign_in(browser: Browser, live: system.Live, passwords: dict[str, str]) -> Iterator[object]:
    """Sign somebody in: a page of their own, at a width."""
    contexts = []

    def enter(name: str, width: int = 1280, height: int = 900) -> Watched:
        context = browser.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        watched = Watched(context.new_page())
        watched.page.goto(f"{live.url}/sign-in/")
        watched.page.fill("#id_username", name)
        watched.page.fill("#id_password", passwords[name])
        watched.page.keyboard.press("Enter")
        watched.page.wait_for_url(lambda url: "/sign-in/" not in url)
        return watched

    yield enter
    for context in contexts:
        context.close()
