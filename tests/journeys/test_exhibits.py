"""A case officer clips footage in the player, produces it, plays the clip and makes the papers."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.ingest.clips import films
from tests.journeys.conftest import say_why
from tests.journeys.test_player import SignIn, name_at, until
from tests.live import Live

pytestmark = pytest.mark.browser
BEGAN = datetime(2026, 9, 25, 20, 0, tzinfo=UTC)
OPEN = """
from evidence.cases.models import Case, CaseLink
from evidence.people.models import User
from evidence.recordings.models import Original
cole = User.objects.get(username="cole")
it = Original.objects.get(file_name="{name}").recording
case = Case.objects.create(urn="01AB/77001/26", title="R v Marsh", officer_in_case=cole)
CaseLink.objects.create(case=case, recording=it, reason="At the scene", linked_by=cole)
print(it.reference)
"""


@pytest.fixture(scope="module")
def footage(live: Live, tmp_path_factory: Any) -> str:
    """A film that numbers its frames, of PC Shah's, linked to a case of DC Cole's."""
    folder: Path = tmp_path_factory.mktemp("exhibits")
    bay, state = folder / "bay", folder / "state"
    bay.mkdir()
    live.enrol(state, "EXH-01")
    name = name_at(BEGAN)
    (bay / name).write_bytes(films.numbered(seconds=8))
    (bay / "camera.json").write_text('{"serial": "BWC-000101", "clock_error_seconds": -16}')
    live.dock(state, bay)
    live.wait(live.playable, "the viewing copy")
    return live.manage("shell", "-v", "0", "-c", OPEN.format(name=name)).split()[-1]


def shot(page: Page, name: str) -> None:
    if os.environ.get("SHOTS"):
        size = page.viewport_size or {"width": 1280, "height": 900}
        for width in (1280, 820):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{os.environ['SHOTS']}/{name}-{width}.png", full_page=True)
        page.set_viewport_size(size)


def accessible(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []


def test_footage_is_clipped_produced_played_and_put_on_paper(
    live: Live, sign_in: SignIn, footage: str
) -> None:
    watched = sign_in("cole")
    page = watched.page
    page.goto(f"{live.url}/footage/{footage}/")
    say_why(page, "Case 01AB/77001/26")
    page.get_by_role("link", name="Clip or produce").click()
    expect(page.get_by_label("Exhibit mark")).to_have_value("AC/1")
    expect(page.get_by_label("Case", exact=True)).to_have_value("01AB/77001/26")

    # In and out by the playhead, to the frame.
    page.fill("#goto-time", "2")
    page.locator("#goto button").click()
    until(page, "document.getElementById('frame').textContent.startsWith('Frame 51 of 200')")
    page.get_by_role("button", name="Frame on").or_(
        page.locator('[data-do="frame-on"]')
    ).first.click()
    until(page, "document.getElementById('frame').textContent.startsWith('Frame 52 of 200')")
    page.get_by_role("button", name="Set from here").click()
    expect(page.locator("#from")).to_have_value("00:00:02.060")
    page.fill("#to", "4")
    page.get_by_role("button", name="Play the range").click()
    until(page, "!document.getElementById('video').paused")
    page.locator('[data-do="play"]').click()
    shot(page, "produce")
    accessible(page)

    # What is wrong is said where it is; then it is produced.
    page.fill("#description", "The arrest in Villiers Street")
    page.fill("#to", "1")
    page.get_by_role("button", name="Produce", exact=True).click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("The end must be after the start")
    shot(page, "produce-error")
    accessible(page)
    page.fill("#to", "4")
    page.get_by_role("button", name="Produce", exact=True).click()
    expect(page.get_by_role("heading", name="AC/1", exact=True)).to_be_visible()
    shot(page, "waiting")

    # The worker cuts it; the page shows it by itself.
    expect(page.locator("#player")).to_be_visible(timeout=60_000)
    expect(page.locator(".stage-label")).to_have_text(f"CLIP of {footage}")
    page.locator('[data-do="play"]').click()
    until(page, "document.getElementById('video').currentTime > 0.2")
    page.locator('[data-do="play"]').click()
    until(page, "document.getElementById('frame').textContent.includes('of 50')")
    shot(page, "exhibit")
    accessible(page)
    expect(page.get_by_text("50 frames, sound kept")).to_be_visible()
    page.get_by_role("link", name="Exhibits of 01AB/77001/26").click()
    shot(page, "exhibits")
    accessible(page)

    # Decide, and make the papers.
    page.goto(f"{live.url}/cases/01AB-77001-26/papers/")
    shot(page, "papers")
    accessible(page)
    page.get_by_role("link", name=f"Decide about {footage}").click()
    page.get_by_label("Relevant", exact=True).check()
    page.get_by_label("What it shows, with key times").fill("The street; 00:00:02 an arrest")
    page.get_by_label("Why you decide so").fill("Shows the street")
    shot(page, "decide")
    accessible(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Relevant, unused").first).to_be_visible()
    for name in ("Exhibit labels", "Producing paragraphs for the MG11", "Exhibit list (MG12)",
                 "Non-sensitive unused material (MG6C)"):  # fmt: skip
        with page.expect_download() as waiting:
            page.get_by_role("button", name=f"Make {name} as PDF").click()
        body = Path(waiting.value.path()).read_bytes()
        assert body.startswith(b"%PDF")
        if os.environ.get("SHOTS"):
            Path(f"{os.environ['SHOTS']}/{name[:12]}.pdf").write_bytes(body)
    with page.expect_download() as waiting:
        page.goto(f"{live.url}/cases/01AB-77001-26/exhibits/AC-1/")
        page.get_by_role("button", name="Download AC/1").click()
    assert waiting.value.suggested_filename.startswith("AC_1-")
    shot(page, "exhibit-again")
    page.goto(f"{live.url}/cases/01AB-77001-26/")
    shot(page, "case")
    expect(page.get_by_role("link", name="Exhibits", exact=True)).to_be_visible()
    # The wrong range above was answered with 422, and a browser says so.
    assert [one for one in watched.complaints if "422" not in one] == []
