"""First sign-in as a newcomer: password, app code, passkey; why somebody looks; the administrator."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys.conftest import Watched
from tests.live import Live

pytestmark = pytest.mark.browser
SignIn = Callable[..., Watched]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    found = browser.new_context(viewport={"width": 820, "height": 1180})
    yield found
    found.close()


def with_key(page: Page) -> None:
    """A platform authenticator that always says yes, as Chromium offers it to tests."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
                     "hasUserVerification": True, "isUserVerified": True}},
    )  # fmt: skip


def clean(page: Page) -> None:
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def password(page: Page, live: Live, name: str, secret: str) -> None:
    page.goto(f"{live.url}/sign-in/")
    page.fill("#id_username", name)
    page.fill("#id_password", secret)
    page.keyboard.press("Enter")


def test_password_and_code_then_a_passkey_alone(
    context: BrowserContext, live: Live, passwords: dict[str, str]
) -> None:
    """What `make run` prints works; then the officer adds a passkey and needs no password."""
    watched = Watched(context.new_page())
    page = watched.page
    with_key(page)
    page.goto(f"{live.url}/footage/")
    clean(page)
    password(page, live, "cole", "wrong entirely")
    expect(page.get_by_role("alert")).to_contain_text("not right")
    clean(page)
    password(page, live, "cole", passwords["cole"])
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    clean(page)
    page.fill("#id_code", live.manage("demo", "code", "cole").strip())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="My footage")).to_be_visible()
    page.goto(f"{live.url}/account/")
    clean(page)
    page.goto(f"{live.url}/account/passkeys/add/")
    if page.get_by_label("Password").count():  # changing sign-in asks again
        page.fill("#id_password", passwords["cole"])
        page.get_by_role("button", name="Go on").click()
    page.fill("#id_name", "Work tablet")
    clean(page)
    page.get_by_role("button", name="Add this passkey").click()
    page.wait_for_url(lambda url: "/add/" not in url)
    page.goto(f"{live.url}/account/passkeys/")
    expect(page.locator("main")).to_contain_text("Work tablet")
    clean(page)
    page.goto(f"{live.url}/account/")
    page.get_by_role("button", name=re.compile("Sign out")).click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="My footage")).to_be_visible()
    complaints = [text for text in watched.complaints if "404" not in text]
    assert complaints == []


def test_a_newcomer_sets_everything_up_from_the_link(
    context: BrowserContext, live: Live, sign_in: SignIn
) -> None:
    """An administrator makes an account and sends a link; the person sets a password, a passkey
    and keeps recovery codes; nobody else learnt any of it."""
    office = sign_in("admin").page
    office.goto(f"{live.url}/admin/people/user/add/")
    office.fill("#id_username", "newcomer")
    office.fill("#id_name", "Nia Newcomer")
    office.fill("#id_email", "newcomer@metropolis.example")
    office.get_by_label("Officer", exact=True).check()
    office.get_by_role("button", name="Save", exact=True).click()
    office.wait_for_url(re.compile("/admin/people/user/$"))
    office.get_by_role("link", name="newcomer").first.click()
    office.get_by_role("link", name="Send sign-in link").click()
    office.fill("#reason", "New in the team")
    office.get_by_role("button", name="Send").click()
    expect(office.locator("body")).to_contain_text("The link was sent")
    link = mailed_link(live)
    page = context.new_page()
    with_key(page)
    page.goto(link)
    clean(page)
    for field in ("#id_password1", "#id_password2"):
        page.fill(field, "a sentence that only she knows")
    page.get_by_role("button", name="Set it").click()
    password(page, live, "newcomer", "a sentence that only she knows")
    expect(page.locator("main")).to_contain_text("Everybody here signs in with a second factor")
    clean(page)
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("button", name="Add this passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert page.locator(".codes code").count() == 10
    clean(page)
    page.get_by_role("button", name="I have kept them. Go on").click()
    expect(page.get_by_role("heading", name="My footage")).to_be_visible()


def mailed_link(live: Live) -> str:
    found = ""
    for path in sorted(
        (live.layout.data / "mail").glob("*"), key=lambda item: item.stat().st_mtime
    ):
        match = re.search(r"http://localhost:\d+/sign-in/set/\S+", path.read_text())
        found = match.group(0) if match else found
    assert found
    return found


def test_who_looks_at_others_footage_says_why_first(
    docked: Any, live: Live, sign_in: SignIn
) -> None:
    reference = next(row["recording"] for row in live.recordings() if row["officer"] == "4127")
    page = sign_in("lane", 820, 1180).page
    page.goto(f"{live.url}/footage/{reference}/")
    expect(page.get_by_role("heading", name=re.compile("Why do you look"))).to_be_visible()
    assert "4127" not in page.locator("main").inner_text()
    clean(page)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter why")
    page.fill("#why", "Reviewing complaint PC/12/26")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=reference)).to_be_visible()
    own = sign_in("shah", 820, 1180).page
    own.goto(f"{live.url}/footage/{reference}/")
    expect(own.get_by_role("heading", name=reference)).to_be_visible()
