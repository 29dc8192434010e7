"""An auditor answers who looked, what somebody looked at, and explains an unusual look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.journeys.conftest import say_why
from tests.journeys.test_first_light import SignIn, until
from tests.live import Live

pytestmark = pytest.mark.browser
WIDTHS = ((390, 844), (820, 1180), (1280, 900))
SMALL = """() => [...document.querySelectorAll('main a, main button, main input, main select, main summary, main textarea')]
  .filter(item => item.type !== 'hidden' && item.getClientRects().length)
  .filter(item => !item.closest('.look') && !item.closest('.govuk-error-summary'))
  .map(item => [item.outerHTML.slice(0, 80), item.getBoundingClientRect()])
  .filter(([, box]) => box.height < 43.5).map(([html, box]) => `${html} ${box.height}`)"""
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def checked(page: Any) -> None:
    """As WCAG 2.2 A and AA ask, nothing too small to hit, nothing sideways."""
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert found.response["violations"] == [], found.generate_report()
    assert page.evaluate(SMALL) == []
    assert not page.evaluate(WIDE), page.url


def shot(page: Any, folder: Path, name: str) -> None:
    page.screenshot(path=str(folder / f"audit-{name}.png"), full_page=True)


@pytest.fixture(scope="module")
def looked(docked: Path, live: Live, browser: Any, sessions: dict[str, list[str]]) -> str:
    """Shah's recording, which PS Hughes opened and played; five wrong passwords in Okoro's name."""
    reference = str(next(row["recording"] for row in live.recordings() if row["officer"] == "4127"))
    context = browser.new_context()
    cookie = {"name": "session", "value": sessions["hughes"].pop(), "url": live.url}
    context.add_cookies([cookie | {"httpOnly": True}])
    page = context.new_page()
    page.goto(f"{live.url}/footage/{reference}/")
    say_why(page)
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, "document.getElementById('video').currentTime > 0.2")
    context.clear_cookies()
    for _ in range(5):
        page.goto(f"{live.url}/sign-in/")
        page.fill("#id_username", "okoro")
        page.fill("#id_password", "a wrong password")
        page.keyboard.press("Enter")
        expect(page.locator(".govuk-error-summary, [role=alert]").first).to_be_visible()
    context.close()
    return reference


@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_an_auditor_answers_who_looked_by_keyboard(
    looked: str, live: Live, sign_in: SignIn, tmp_path: Path, width: int, height: int
) -> None:
    watched = sign_in("audit", width, height)
    page = watched.page
    page.goto(f"{live.url}/audit/recordings/")
    checked(page)
    page.keyboard.press("Tab")
    page.locator("#reference").focus()
    page.keyboard.press("Enter")  # nothing typed
    expect(page.locator(".govuk-error-summary")).to_contain_text("Enter a reference")
    checked(page)
    page.locator("#reference").focus()
    page.keyboard.type(looked.lower())
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(f"Who looked at {looked}")
    expect(page.locator(".looks").first).to_contain_text(f"PS 88 Hughes played {looked}")
    expect(page.locator(".looks").first).to_contain_text("Reason: Reviewing complaint PC/12/26")
    expect(page.locator(".looks").first).to_contain_text("Supervisor · 127.0.0.1")
    checked(page)
    shot(page, tmp_path, f"who-{width}")

    page.locator(".filter summary").focus()
    page.keyboard.press("Enter")
    page.locator("#kind").select_option("seen")
    page.locator("#kind").focus()
    checked(page)
    page.get_by_role("button", name="Narrow").press("Enter")
    page.wait_for_url("**kind=seen**")
    with page.expect_download() as file:
        page.get_by_role("button", name="Download as CSV").press("Enter")
    file.value.save_as(tmp_path / "looks.csv")
    rows = (tmp_path / "looks.csv").read_text(encoding="utf-8-sig").splitlines()
    assert any("PS 88 Hughes" in row and "evidence.played" in row for row in rows)
    page.goto(f"{live.url}/audit/recordings/{looked}/?kind=audit")
    expect(page.locator(".looks").first).to_contain_text("Auditor took away who looked")
    page.goto(f"{live.url}/audit/recordings/{looked}/")
    expect(page.locator(".looks").first).not_to_contain_text("who looked")

    assert page.locator("main img, main video").count() == 0
    links = page.eval_on_selector_all("main a", "all => all.map(a => a.getAttribute('href'))")
    assert not [link for link in links if "/footage/" in link]
    page.get_by_role("link", name="PS 88 Hughes").first.press("Enter")
    expect(page.locator("h1")).to_have_text("What PS 88 Hughes looked at")
    expect(page.locator(".audit-counts")).to_be_visible()
    assert "Hughes" not in page.title() and "ughes" not in page.url
    checked(page)
    shot(page, tmp_path, f"person-{width}")
    assert watched.complaints == [] or all("422" in text for text in watched.complaints)


def test_an_auditor_finds_a_person_and_explains_an_unusual_look(
    looked: str, live: Live, sign_in: SignIn, tmp_path: Path
) -> None:
    live.manage("audit", "scan")
    watched = sign_in("audit", 1280, 900)
    page = watched.page
    page.goto(f"{live.url}/audit/people/")
    page.locator("#person").focus()
    page.keyboard.type("5530")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("What PC 5530 Okoro looked at")
    expect(page.locator(".looks").first).to_contain_text(
        "Somebody tried to sign in as PC 5530 Okoro"
    )
    expect(page.locator(".looks").first).to_contain_text("Refused")

    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{live.url}/audit/")
        row = page.locator(".audit-rows li", has_text="Refused tries")
        expect(row).to_contain_text("PC 5530 Okoro: refused 5 times within an hour")
        checked(page)
        shot(page, tmp_path, f"unusual-{width}")
    row.get_by_role("link", name="Explain").press("Enter")
    expect(page.locator("h1")).to_have_text("Refused tries")
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        checked(page)
        shot(page, tmp_path, f"one-{width}")
    page.get_by_role("button", name="Explain").press("Enter")
    expect(page.locator("#note-error")).to_have_text("Enter what you found out.")
    checked(page)
    page.locator("#note").focus()
    page.keyboard.type("Forgot the new pass phrase after leave; spoke to PC Okoro.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("[role=status]").first).to_contain_text("Explained.")
    expect(page.locator("main")).not_to_contain_text("PC 5530 Okoro: refused")
    page.goto(f"{live.url}/audit/unusual/?show=explained")
    expect(page.locator(".audit-note")).to_contain_text("spoke to PC Okoro")
    checked(page)
    assert [text for text in watched.complaints if "422" not in text] == []


def test_nobody_else_finds_the_room(looked: str, live: Live, sign_in: SignIn) -> None:
    for name in ("shah", "hughes", "lane", "admin"):
        page = sign_in(name).page
        answer = page.goto(f"{live.url}/audit/recordings/{looked}/")
        assert answer
        assert answer.status == 404, name
        expect(page.locator("main")).to_contain_text("There is nothing here that you can see")
