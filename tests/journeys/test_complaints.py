"""A complaint in the back office, in a browser: recorded, its steps, two people at once."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.journeys.test_first_light import SignIn
from tests.live import Live

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("BWV_PICTURES", "")


def picture(page: Page, name: str) -> None:
    """For looking at, where somebody asks for it."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def local(days_ago: float) -> str:
    return f"{timezone.localtime() - timedelta(days=days_ago):%Y-%m-%dT%H:%M:%S}"


@pytest.mark.parametrize("width", [1280, 820])
def test_a_complaint_from_recording_to_a_notice(
    docked: Path, live: Live, sign_in: SignIn, width: int
) -> None:
    watched = sign_in("lane", width, 1000)
    page = watched.page
    reference = f"PC/{width}/26"
    page.goto(f"{live.url}/admin/complaints/complaint/add/")
    page.fill("[name=reference]", reference)
    page.fill("[name=received]", f"{timezone.localdate():%Y-%m-%d}")
    page.select_option("[name=source]", "phone")
    page.fill("[name=complainant]", "Alex Marsh")
    page.select_option("[name=standing]", "subject")
    page.select_option("[name=severity]", "misconduct")
    page.fill("[name=account]", "He pushed me and swore.")
    page.fill("[name=about]", "99999")
    page.fill("[name=start]", local(3))
    page.fill("[name=end]", local(0.01))
    picture(page, f"complaint-add-{width}")
    page.get_by_role("button", name="Record and hold").click()
    expect(page.locator("body")).to_contain_text("Nobody here has the collar number 99999")
    picture(page, f"complaint-add-wrong-{width}")
    assert page.input_value("[name=account]") == "He pushed me and swore."
    page.fill("[name=about]", "4127")
    page.get_by_role("button", name="Record and hold").click()
    expect(page.locator("body")).to_contain_text("Recorded.")
    expect(page.locator(".tasks")).to_contain_text("No handler yet")
    picture(page, f"complaint-work-{width}")
    work = page.url

    page.get_by_role("link", name="Allegations").click()
    page.select_option("[name=allege-category]", index=1)
    page.fill("[name=allege-words]", "Pushed him")
    picture(page, f"complaint-allegations-{width}")
    page.get_by_role("button", name="Enter", exact=True).click()
    expect(page.locator("body")).to_contain_text("Entered as allegation 1.")

    page.goto(work)
    with page.expect_navigation():
        page.get_by_role("link", name="Referral to the IOPC").click()
    picture(page, f"complaint-referral-{width}")
    for group in page.locator("input[type=radio][value=no]").all():
        group.check()
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator("body")).to_contain_text("Every question is answered.")

    page.goto(work)
    page.get_by_role("link", name="Close").click()
    picture(page, f"complaint-close-{width}")
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("alert")).to_contain_text("Say who handles it.")
    picture(page, f"complaint-refused-{width}")

    # Somebody else saves while this form is open.
    page.goto(work)
    page.get_by_role("link", name="Record", exact=True).first.click()
    other = page.context.new_page()
    other.goto(page.url)
    other.fill("[name=record-place]", "Strand")
    other.get_by_role("button", name="Save").click()
    expect(other.locator("body")).to_contain_text("Saved.")
    other.close()
    page.fill("[name=record-place]", "Trafalgar Square")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Compare and choose.")
    assert page.input_value("[name=record-place]") == "Trafalgar Square"
    picture(page, f"complaint-conflict-{width}")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("body")).to_contain_text("Trafalgar Square")

    page.goto(work)
    page.get_by_role("link", name="Officers", exact=True).click()
    page.select_option("[name=serve-named]", index=1)
    page.fill("[name=serve-on]", f"{timezone.localdate():%Y-%m-%d}")
    page.fill("[name=serve-notice]", "It is alleged that you pushed somebody.")
    picture(page, f"complaint-officers-{width}")
    page.get_by_role("button", name="Serve").click()
    expect(page.locator("body")).to_contain_text("Served.")
    page.goto(f"{live.url}/admin/complaints/complaint/")
    expect(page.locator("#result_list")).to_contain_text(reference)
    picture(page, f"complaint-list-{width}")
    assert [text for text in watched.complaints if "422" not in text and "409" not in text] == []

    officer = sign_in("shah", width, 1000)
    officer.page.goto(f"{live.url}/footage/")
    officer.page.get_by_role("link", name="Notices").click()
    officer.page.get_by_role("link", name="Notice of").first.click()
    expect(officer.page.locator("main")).to_contain_text("It is alleged that you pushed somebody.")
    assert "Marsh" not in officer.page.content()
    picture(officer.page, f"notice-{width}")
    assert officer.complaints == []
