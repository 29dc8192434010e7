"""A sample is committed, drawn, reviewed and debriefed; the scrutiny panel sees what its chair chose."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.journeys.test_audit import WIDTHS, checked
from tests.journeys.test_first_light import SignIn, until
from tests.live import Live

pytestmark = pytest.mark.browser

# Shah's footage becomes a stop and search, and the plan's days those on which it was recorded:
# nobody waits for a month here. What this leaves in the proof is said below.
AFTERWARDS = """
from datetime import timedelta
from evidence.recordings.models import Category, Recording
from evidence.sampling.models import Plan
row = Recording.objects.filter(officer__username="shah", media="ready").order_by("happened_at").first()
Recording.objects.filter(pk=row.pk).update(category=Category.objects.get(code="stop-search"))
day = row.happened_at.date()
Plan.objects.update(start=day - timedelta(days=3), end=day + timedelta(days=3))
print(row.reference)
"""


def shot(page: Any, folder: Path, name: str) -> None:
    folder = Path(os.environ.get("BWV_SHOTS", folder))
    page.screenshot(path=str(folder / f"sampling-{name}.png"), full_page=True)


def at_all_widths(page: Any, folder: Path, name: str) -> None:
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        checked(page)
        shot(page, folder, f"{name}-{width}")


@pytest.fixture(scope="module")
def reference(
    docked: Path, live: Live, browser: Any, sessions: dict[str, list[str]],
    tmp_path_factory: Any,
) -> dict[str, str]:  # fmt: skip
    """A plan that Lane committed by keyboard alone and drew."""
    folder = tmp_path_factory.mktemp("plan")
    context = browser.new_context()
    cookie = {"name": "session", "value": sessions["lane"].pop(), "url": live.url}
    context.add_cookies([cookie | {"httpOnly": True}])
    page = context.new_page()
    page.goto(f"{live.url}/samples/")
    at_all_widths(page, folder, "none")
    page.get_by_role("link", name="Commit a new sample").press("Enter")
    page.get_by_role("button", name="Commit").press("Enter")
    expect(page.locator(".govuk-error-summary")).to_contain_text("Enter the first day like")
    at_all_widths(page, folder, "wrong")
    on = timezone.localdate() + timedelta(days=1)
    for field, text in (("title", "Westminster, one day"), ("start", f"{on:%d/%m/%Y}"),
                        ("end", f"{on:%d/%m/%Y}")):  # fmt: skip
        page.locator(f"#{field}").focus()
        page.keyboard.type(text)
    page.get_by_label("Westminster", exact=True).press("Space")
    page.get_by_role("button", name="Commit").press("Enter")
    expect(page.locator("h1")).to_have_text("Westminster, one day")
    expect(page.locator("main")).to_contain_text("The seed is secret until the period is over")
    at_all_widths(page, folder, "committed")
    plan = page.url.rstrip("/").rpartition("/")[2]
    page.goto(f"{page.url}proof/")
    expect(page.locator(".sample-steps")).to_contain_text("It was written before the period began")
    expect(page.locator(".sample-steps .tag-red")).to_have_count(0)
    at_all_widths(page, folder, "proof")
    recording = live.manage("shell", "-v", "0", "-c", AFTERWARDS).split()[-1]
    page.goto(f"{live.url}/samples/{plan}/")
    at_all_widths(page, folder, "due")
    page.get_by_role("button", name="Reveal and draw").press("Enter")
    expect(page.locator(".sample-items")).to_contain_text(recording)
    at_all_widths(page, folder, "drawn")
    # Whoever moves a plan's days in the database is found out, here and by `sample verify`.
    page.goto(f"{page.url}proof/")
    expect(page.locator(".sample-steps li", has_text="The days on this page")).to_contain_text("No")
    expect(
        page.locator(".sample-steps li", has_text="Seed and plan give the commitment")
    ).to_contain_text("Yes")
    context.close()
    return {"plan": plan, "recording": recording}


def test_a_supervisor_reviews_it_and_talks_it_through(
    reference: dict[str, str], live: Live, sign_in: SignIn, tmp_path: Path
) -> None:
    watched = sign_in("hughes", 1280, 900)
    page = watched.page
    page.get_by_role("link", name="Samples").press("Enter")
    page.get_by_role("link", name="Westminster, one day").press("Enter")
    page.get_by_role("link", name=reference["recording"]).press("Enter")
    expect(page.locator("h1")).to_have_text(reference["recording"])
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, "document.getElementById('video').currentTime > 0.2")
    page.get_by_role("button", name="Save and go on").press("Enter")
    expect(page.locator(".govuk-error-summary")).to_contain_text("Answer: Was the whole encounter")
    at_all_widths(page, tmp_path, "item")
    page.set_viewport_size({"width": 1280, "height": 900})
    for question in page.locator(".sample-question").all():
        question.get_by_label("Yes", exact=True).press("Space")
    page.get_by_label("Learning", exact=True).press("Space")
    page.locator("#words").focus()
    page.keyboard.type("Say the power before the search.")
    page.get_by_role("button", name="Save and go on").press("Enter")
    expect(page.locator("[role=status]").first).to_contain_text("Saved.")
    page.goto(f"{live.url}/samples/{reference['plan']}/?show=reviewed")
    at_all_widths(page, tmp_path, "reviewed")
    page.get_by_role("link", name=reference["recording"]).press("Enter")
    page.locator("#on").focus()
    page.keyboard.type(f"{timezone.localdate():%d/%m/%Y}")
    page.get_by_role("button", name="Save the debrief").press("Enter")
    expect(page.locator("main")).to_contain_text("Talked through with the officer on")
    page.goto(f"{live.url}/samples/learning/")
    expect(page.locator(".sample-rows")).to_contain_text("Say the power before the search.")
    at_all_widths(page, tmp_path, "learning")
    assert [text for text in watched.complaints if "422" not in text] == []


def test_the_panel_watches_what_its_chair_chose_until_it_is_closed(
    reference: dict[str, str], live: Live, sign_in: SignIn, tmp_path: Path
) -> None:
    office = sign_in("lane", 1280, 900).page
    office.goto(f"{live.url}/samples/{reference['plan']}/")
    office.get_by_role("link", name="Set a session").press("Enter")
    now = timezone.localtime()
    later = now + timedelta(hours=2)
    for field, text in (
        ("title", "Winter panel"), ("opens_on", f"{now:%d/%m/%Y}"), ("opens_at", "00:00"),
        ("closes_on", f"{later:%d/%m/%Y}"), ("closes_at", f"{later:%H:%M}"),
    ):  # fmt: skip
        office.fill(f"#{field}", text)
    office.get_by_label("Toni Bell", exact=True).press("Space")
    office.get_by_label("Chair: Toni Bell").press("Space")
    at_all_widths(office, tmp_path, "seat")
    office.get_by_role("button", name="Set the session").press("Enter")
    expect(office.locator("h1")).to_have_text("Winter panel")
    at_all_widths(office, tmp_path, "session")

    watched = sign_in("bell", 1280, 900)
    page = watched.page
    assert page.url == f"{live.url}/panel/"
    at_all_widths(page, tmp_path, "panel-home")
    page.get_by_role("link", name="Choose what the panel sees").press("Enter")
    page.locator("input[name=items]").first.press("Space")
    at_all_widths(page, tmp_path, "choose")
    page.get_by_role("button", name="Save").press("Enter")
    page.goto(f"{live.url}/panel/")
    page.get_by_role("link", name="Watch").press("Enter")
    at_all_widths(page, tmp_path, "panel")
    page.locator(".sample-items a").first.press("Enter")
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, "document.getElementById('video').currentTime > 0.2")
    expect(page.locator(".picture > .watermark")).to_contain_text("Toni Bell")
    assert (
        page.evaluate("getComputedStyle(document.getElementById('watermark')).pointerEvents")
        == "none"
    )
    assert reference["recording"] not in page.locator("h1").inner_text()
    expect(page.get_by_text("Download")).to_have_count(0)
    at_all_widths(page, tmp_path, "watch")
    page.set_viewport_size({"width": 1280, "height": 900})
    for question in page.locator(".sample-question").all():
        question.get_by_label("Not seen", exact=True).press("Space")
    page.get_by_label("Good practice", exact=True).press("Space")
    page.locator("#words").fill("Calm and clear.")
    page.get_by_role("button", name="Save", exact=True).press("Enter")
    expect(page.locator(".sample-items")).to_contain_text("You wrote")
    here = page.url
    office.reload()
    expect(office.locator("main")).to_contain_text("Calm and clear.")
    office.get_by_role("button", name="Close the session now").press("Enter")
    expect(office.locator("main")).to_contain_text("Closed by DS 12 Lane")
    answer = page.goto(here)
    assert answer and answer.status == 404
    assert [text for text in watched.complaints if "404" not in text] == []
