"""A running system and a browser for the stories."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests import factories
from tests import live as system
from tests.live import Live

QUIET = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip


@pytest.fixture(scope="package")
def live() -> Iterator[system.Live]:
    """The whole system, for all journeys of this run."""
    yield from system.running()


@pytest.fixture(scope="package")
def passwords(live: system.Live) -> dict[str, str]:
    """The demonstration force's passwords."""
    return dict(json.loads(live.manage("demo", "passwords").splitlines()[-1]))


@pytest.fixture(scope="package")
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


@pytest.fixture(scope="package")
def docked(live: Live, tmp_path_factory: Any) -> Path:
    """One card of PC Shah's, docked by the agent and rendered."""
    folder: Path = tmp_path_factory.mktemp("dock")
    bay = folder / "bay"
    bay.mkdir()
    name = bay / "BWC-000101_20260922_220000.MP4"
    name.write_bytes(factories.film(8))
    (bay / "camera.json").write_text('{"serial": "BWC-000101", "clock_error_seconds": -16}')
    state = folder / "state"
    live.enrol(state, "CH-02")
    out = live.dock(state, bay)
    assert "stored, checked, wiped" in out
    assert sorted(path.name for path in bay.iterdir()) == ["camera.json"]
    live.wait(live.playable, "the viewing copy")
    return folder


class Watched:
    """A page that remembers what a browser complains of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))


# Makes sessions like those of people who have just signed in with a passkey. The real ceremony
# has stories of its own (test_sign_in.py): a code works once in half a minute.
MINT = """
import json, time
from django.contrib.sessions.backends.db import SessionStore
from evidence.people.models import User
made = {}
for user in User.objects.all():
    made[user.username] = []
    for _ in range(60):
        store, now = SessionStore(), time.time()
        store.update({
            "_auth_user_id": str(user.pk),
            "_auth_user_backend": "evidence.people.backend.TableBackend",
            "_auth_user_hash": user.get_session_auth_hash(),
            "began": now, "seen": now + 36000, "account_authentication_methods_user": str(user.pk),
            "account_authentication_methods": [
                {"method": "password", "at": now + 36000, "username": user.username},
                {"method": "mfa", "at": now + 36000, "type": "webauthn", "id": 0},
            ],
        })
        store.create()
        made[user.username].append(store.session_key)
print(json.dumps(made))
"""


@pytest.fixture(scope="package")
def sessions(live: system.Live, passwords: dict[str, str]) -> dict[str, list[str]]:
    """Sessions to use up, by user name. After the passwords: a new one ends every session."""
    return dict(json.loads(live.manage("shell", "-v", "0", "-c", MINT).splitlines()[-1]))


@pytest.fixture
def sign_in(
    browser: Browser, live: system.Live, sessions: dict[str, list[str]]
) -> Iterator[object]:
    """A page of somebody who is signed in, at a width; where their work begins."""
    contexts = []

    def enter(name: str, width: int = 1280, height: int = 900) -> Watched:
        context = browser.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        context.add_cookies(
            [{"name": "session", "value": sessions[name].pop(), "url": live.url, "httpOnly": True}]
        )
        watched = Watched(context.new_page())
        watched.page.goto(f"{live.url}/")
        return watched

    yield enter
    for context in contexts:
        context.close()


def say_why(page: Page, why: str = "Reviewing complaint PC/12/26") -> None:
    """Answer the page that asks why somebody looks at others' footage, where it stands."""
    if page.locator("#why").count():
        page.fill("#why", why)
        page.get_by_role("button", name="Go on").click()
