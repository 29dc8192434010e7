"""The back office under the strict policy: what the theme does by script still works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import say_why
from tests.journeys.test_first_light import SignIn
from tests.live import Live

pytestmark = pytest.mark.browser


def test_the_list_of_recordings_is_filtered(docked: Path, live: Live, sign_in: SignIn) -> None:
    watched = sign_in("lane")
    page = watched.page
    answer = page.goto(f"{live.url}/admin/recordings/recording/")
    assert answer
    assert "unsafe" not in answer.headers["content-security-policy"]
    panel = page.locator("#changelist-filter")
    expect(panel).to_be_hidden()
    page.locator("a", has_text="Filters").first.click()
    expect(panel).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    page.locator("a", has_text="Filters").first.click()
    panel.get_by_text("Ready to play").or_(panel.get_by_text("ready")).first.click()
    page.wait_for_url(re.compile("media"))
    expect(page.locator("#result_list")).to_contain_text("BWC-000101")
    assert watched.complaints == []


def test_the_side_bar_folds_and_remembers(docked: Path, live: Live, sign_in: SignIn) -> None:
    watched = sign_in("lane")
    page = watched.page
    page.goto(f"{live.url}/admin/")
    bar = page.locator("#nav-sidebar")
    fold = page.locator("span.material-symbols-outlined", has_text="dock_to_right").first
    expect(bar).to_be_visible()
    fold.click()
    expect(bar).to_be_hidden()
    page.reload()
    expect(bar).to_be_hidden()
    fold.click()
    expect(bar).to_be_visible()
    menu = page.get_by_role("button", name="Log out").or_(page.get_by_text("Log out"))
    expect(menu.first).to_be_hidden()
    page.locator("#nav-sidebar").get_by_text("lane", exact=True).click()
    expect(menu.first).to_be_visible()
    assert watched.complaints == []


def test_on_a_tablet_the_side_bar_opens_over_the_page(
    docked: Path, live: Live, sign_in: SignIn
) -> None:
    watched = sign_in("lane", 820, 1180)
    page = watched.page
    page.goto(f"{live.url}/admin/")
    bar = page.locator("#nav-sidebar")
    expect(bar).to_be_hidden()
    page.locator("span.material-symbols-outlined", has_text="dock_to_right").last.click()
    expect(bar).to_be_visible()
    assert watched.complaints == []


def test_a_form_says_what_is_wrong_and_its_calendar_opens(
    docked: Path, live: Live, sign_in: SignIn
) -> None:
    watched = sign_in("price")
    page = watched.page
    page.goto(f"{live.url}/admin/recordings/grant/add/")
    page.fill("#id_reason", "Counsel asked")
    page.locator(".datetimeshortcuts a").last.click()
    expect(page.locator(".clockbox, .calendarbox").locator("visible=true").first).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#id_reason")).to_have_value("Counsel asked")
    expect(page.locator(".errorlist, .errornote, .errors").first).to_be_visible()
    assert watched.complaints == []


def test_a_change_form_and_its_actions(docked: Path, live: Live, sign_in: SignIn) -> None:
    watched = sign_in("lane")
    page = watched.page
    page.goto(f"{live.url}/admin/recordings/recording/")
    page.get_by_role("link", name=re.compile("^R-")).first.click()
    say_why(page)
    expect(page.get_by_role("link", name="Custody history").first).to_be_visible()
    watched = sign_in("admin")
    page = watched.page
    page.goto(f"{live.url}/admin/people/user/")
    page.get_by_role("link", name="shah", exact=True).first.click()
    expect(page.locator("#content form").first).to_be_visible()
    expect(page.locator("#content form").first).to_have_attribute(
        "action", re.compile("/admin/people/user/")
    )
    assert watched.complaints == []
