"""An officer after a shift: ten recordings categorised with the keyboard, many at once, undo."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from config.stack.layout import ROOT
from tests import factories
from tests.conftest import FOOTAGE
from tests.journeys.conftest import Watched
from tests.live import Live

SignIn = Callable[..., Watched]
pytestmark = pytest.mark.browser
PICTURES = ROOT / "docs" / "pictures"
# A road, a car park, a face, where the clips lie beside the project.
CLIPS = (
    "canon-dash-mjpeg.AVI", "gopro-hero5-trimmed.mp4", "face-man-mp3.mp4", "android-rot90-a.mp4",
    "gopro-max-heromode.mp4",
)  # fmt: skip
OUTING, EARLIER = 10, 3


@pytest.fixture(scope="package")
def shift(live: Live, tmp_path_factory: Any) -> Path:
    """DC Cole's card: an outing of ten, an earlier one of three, and a file that is no footage."""
    folder: Path = tmp_path_factory.mktemp("shift")
    bay = folder / "bay"
    bay.mkdir()
    live.manage(
        "camera", "add", "BWC-000119", "--issued-to", "733", "--from", "2020-01-01T00:00:00Z"
    )
    (bay / "camera.json").write_text(
        json.dumps({"serial": "BWC-000119", "clock_error_seconds": -16})
    )
    now = time.time()
    for number in range(OUTING + EARLIER):
        ago = 1800 + 360 * number + (7200 if number >= OUTING else 0)
        clip = FOOTAGE / "real" / CLIPS[number] if number < len(CLIPS) else None
        ends = clip.suffix.upper() if clip and clip.is_file() else ".MP4"
        name = time.strftime("BWC-000119_%Y%m%d_%H%M%S", time.gmtime(now - ago))
        target = bay / f"{name}{ends}"
        if clip and clip.is_file():
            shutil.copyfile(clip, target)
            target.chmod(0o644)
        else:
            target.write_bytes(factories.film(2 + number))
    (bay / "SETTINGS.TXT").write_text("night mode on")
    state = folder / "state"
    live.enrol(state, "CH-05")
    live.dock(state, bay)
    live.wait(live.playable, "the viewing copies", 240)
    return folder


def reset(live: Live) -> None:
    """As if nothing had been said of the shift."""
    live.manage("shell", "-v0", "-c", (
        "from evidence.recordings.models import Recording, Undo;"
        "Undo.objects.all().delete();"
        "Recording.objects.filter(camera='BWC-000119').update("
        "category=None, categorised_at=None, incident=None, crime_reference='', note='')"
    ))  # fmt: skip


def focused(page: Page) -> str:
    return str(page.evaluate(
        "document.activeElement.getAttribute('aria-label') || document.activeElement.innerText"
    ))  # fmt: skip


def tab_to(page: Page, pattern: str, most: int = 40) -> None:
    """Press Tab until the focus is on something of that name."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if re.search(pattern, focused(page)):
            return
    raise AssertionError(f"no {pattern!r} within {most} tabs; at {focused(page)!r}")


def test_ten_are_categorised_by_keys_alone(live: Live, shift: Path, sign_in: SignIn) -> None:
    reset(live)
    watched = sign_in("cole", 820, 1180)
    page = watched.page
    expect(page.locator("#left")).to_have_text("13 left to do")
    page.evaluate("""() => { window.spoken = []; new MutationObserver(() => window.spoken.push(
        document.getElementById('said').textContent)).observe(
        document.getElementById('said'), {childList: true, characterData: true, subtree: true}); }""")
    page.locator("#main").focus()
    for number in range(10):
        tab_to(page, r"^Non-evidential, R-")
        name = focused(page)
        reference = name.rpartition(" ")[2]
        page.keyboard.press("Enter")
        expect(page.locator(f"#row-{reference}")).to_contain_text("Saved as Non-evidential")
        expect(page.locator("#left")).to_have_text(f"{12 - number} left to do")
        # The focus stays in the row: on what takes it back.
        expect(page.get_by_label(f"Undo Non-evidential for {reference}")).to_be_focused()
        seen = page.evaluate(
            "getComputedStyle(document.activeElement).outlineStyle + "
            "getComputedStyle(document.activeElement).boxShadow"
        )
        assert "rgb(255, 221, 0)" in seen
    spoken = page.evaluate("window.spoken")
    assert len([words for words in spoken if words]) == 10  # each was spoken once
    assert page.locator('[role="status"]').count() == 1
    # And back, by the same keys.
    page.keyboard.press("Enter")
    expect(page.locator("#left")).to_have_text("4 left to do")
    expect(page.locator(f"#row-{reference}")).to_contain_text("Needs category")
    expect(page.get_by_label(f"Arrest, {reference}")).to_be_focused()
    assert watched.complaints == []


def test_a_reference_is_added_in_the_row_and_carried_on(
    live: Live, shift: Path, sign_in: SignIn
) -> None:
    reset(live)
    watched = sign_in("cole", 820, 1180)
    page = watched.page
    row = page.locator(".row").nth(1)
    row.get_by_role("button", name=re.compile("^Arrest")).click()
    expect(row).to_contain_text("Saved as Arrest")
    row.get_by_label("Crime reference").fill("nonsense")
    row.get_by_label("Note").fill("Shoplifter detained outside")
    row.get_by_role("button", name=re.compile("^Save what")).click()
    expect(row).to_contain_text("Enter a crime reference like 01AB/12345/26")
    expect(row.get_by_label("Crime reference")).to_be_focused()
    expect(row.get_by_label("Note")).to_have_value("Shoplifter detained outside")
    row.get_by_label("Crime reference").fill("01ab/12345/26")
    row.get_by_label("Incident type").select_option(label="Theft, burglary or robbery")
    row.get_by_role("button", name=re.compile("^Save what")).click()
    expect(row).to_contain_text("Saved as Arrest, Theft, burglary or robbery, 01AB/12345/26")
    carry = row.get_by_role("button", name="Use 01AB/12345/26 for the 9 others of this group")
    picture(page, "footage")
    carry.click()
    notice = page.locator("#notice")
    expect(notice).to_contain_text("01AB/12345/26 is used for 9 more.")
    expect(notice).to_be_focused()
    notice.get_by_role("button", name="Undo").click()
    expect(notice).to_contain_text("Undone for 9.")
    # One tap later all of it is as it was before.
    page.get_by_text("Done today").click()
    done = page.locator(".folded .row").first
    done.get_by_role("button", name=re.compile("^Undo")).click()
    expect(page.locator("#left")).to_have_text("13 left to do")
    assert [text for text in watched.complaints if "422" not in text] == []


def test_a_group_is_categorised_at_once_and_undone(
    live: Live, shift: Path, sign_in: SignIn
) -> None:
    reset(live)
    watched = sign_in("cole", 820, 1180)
    page = watched.page
    bar = page.locator(".bulk")
    expect(bar).to_be_hidden()
    group = page.locator(".group").nth(1)
    group.get_by_label(re.compile("^Select group")).check()
    expect(bar).to_contain_text("3 chosen")
    bar.get_by_role("button", name="Categorise").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Categorise 3 recordings")
    page.get_by_role("button", name="Categorise").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("Select a category")
    page.get_by_label("Stop and search").check()
    field = page.locator("#crime_reference_stop-search")
    expect(field).to_be_visible()
    expect(page.locator("#crime_reference_arrest")).to_be_hidden()
    field.fill("01AB/77/26")
    page.get_by_role("button", name="Categorise").click()
    expect(page.locator("#notice")).to_contain_text("3 saved as Stop and search.")
    expect(page.locator("#left")).to_have_text("10 left to do")
    page.locator("#notice").get_by_role("button", name="Undo").click()
    expect(page.locator("#notice")).to_contain_text("Undone for 3.")
    expect(page.locator("#left")).to_have_text("13 left to do")
    assert [text for text in watched.complaints if "422" not in text] == []


def test_without_script_everything_works(
    live: Live, shift: Path, sessions: dict[str, list[str]], browser: Any
) -> None:
    reset(live)
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    context.add_cookies(
        [{"name": "session", "value": sessions["cole"].pop(), "url": live.url, "httpOnly": True}]
    )
    page = context.new_page()
    page.goto(f"{live.url}/footage/")
    page.get_by_role("button", name=re.compile("^Arrest")).first.click()
    expect(page.locator("#notice")).to_contain_text("saved as Arrest.")
    page.locator("#notice").get_by_role("button", name="Undo").click()
    expect(page.locator("#left")).to_have_text("13 left to do")
    # The group's box stands for its rows.
    page.get_by_label(re.compile("^Select group")).nth(1).check()
    page.locator(".bulk").get_by_role("button", name="Categorise").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Categorise 3 recordings")
    context.close()


def test_the_recordings_page_says_what_it_is_and_why_it_is_kept(
    live: Live, shift: Path, sign_in: SignIn
) -> None:
    reset(live)
    watched = sign_in("cole", 1280, 1600)
    page = watched.page
    page.locator(".row-name").first.click()
    expect(page.locator("#kept + p")).to_contain_text("Shown to you until")
    page.get_by_label("Arrest").check()
    page.locator("#crime_reference_arrest").fill("01AB/12345/26")
    page.get_by_role("button", name="Categorise").click()
    expect(page.locator("#notice")).to_contain_text("saved as Arrest, 01AB/12345/26.")
    facts = page.locator("main")
    expect(facts).to_contain_text("Arrest: kept by its case; without a case 31 days")
    expect(facts).to_contain_text("CH-05")
    expect(facts).to_contain_text(re.compile(r"DC 733 Cole, from 1 Jan 2020 00:00 GMT, still out"))
    expect(facts).to_contain_text(re.compile(r"Picture: (H\.264|Motion JPEG)"))
    page.get_by_text(re.compile(r"\d made from it")).click()
    expect(page.locator(".made .badge").first).to_have_text("VIEWING COPY")
    expect(page.locator(".badge-original")).to_have_text("ORIGINAL")
    page.locator(".file-made > summary").click()
    picture(page, "recording", whole=True)
    assert watched.complaints == []


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_every_page_is_accessible_and_fits(
    live: Live, shift: Path, sign_in: SignIn, width: int
) -> None:
    watched = sign_in("cole", width, 900)
    page = watched.page
    page.locator(".row").first.get_by_role(
        "button", name=re.compile("^(Arrest|Undo)")
    ).first.click()
    page.wait_for_timeout(400)
    looked_at(page, width)
    names = page.locator(".row-name").first.get_attribute("href")
    reference = str(names).strip("/").rpartition("/")[2]
    for path in (
        "/footage/?show=all", f"/footage/{reference}/",
        f"/footage/categorise/?pick={reference}",
    ):  # fmt: skip
        page.goto(live.url + path)
        looked_at(page, width)
    page.get_by_role("button", name="Categorise").click()
    if page.locator(".govuk-error-summary").count():
        looked_at(page, width)
    assert [text for text in watched.complaints if "422" not in text] == []


def looked_at(page: Page, width: int) -> None:
    """axe finds nothing, nothing is too wide, every target is 44 px high but links in words."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert found.violations_count == 0, found.generate_report()
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, (page.url, width, wide)
    small = page.evaluate("""() => [...document.querySelectorAll('main button, main summary')]
        .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 43.5)
        .map((one) => one.outerHTML.slice(0, 120))""")
    assert small == []


def picture(page: Page, name: str, whole: bool = False) -> None:
    """The picture of the documentation, where the tests are asked for it."""
    if FOOTAGE.is_dir():
        page.wait_for_timeout(600)
        page.screenshot(path=str(PICTURES / f"{name}.png"), full_page=whole)
