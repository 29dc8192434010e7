"""A person outside is asked for footage, sends it from a telephone, and it plays once accepted."""

from __future__ import annotations

import hashlib
import os
import re
import struct
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests import factories
from tests.journeys.conftest import Watched, say_why
from tests.journeys.test_exhibits import accessible, shot
from tests.journeys.test_first_light import _mailed
from tests.journeys.test_player import SignIn, until
from tests.live import Live

pytestmark = pytest.mark.browser
OPEN = """
from evidence.cases.models import Case
from evidence.people.models import User
cole = User.objects.get(username="cole")
Case.objects.create(urn="01AB/88001/26", title="R v Door", officer_in_case=cole)
"""
MIB = 2**20


def padded(film: bytes, size: int) -> bytes:
    """A film that plays, with room behind it that says nothing (ISO 14496-12: `free`)."""
    left = size - len(film)
    return film + struct.pack(">I", left) + b"free" + bytes(left - 8)


@pytest.fixture(scope="module")
def films(tmp_path_factory: Any) -> tuple[Path, Path]:
    """Two real films: a small one, and one of three parts."""
    folder: Path = tmp_path_factory.mktemp("door")
    small, large = folder / "stairs.mp4", folder / "front door <1>.mp4"
    small.write_bytes(factories.film(4))
    large.write_bytes(padded(factories.film(6), 40 * MIB))
    return small, large


def fits(page: Page, name: str = "") -> None:
    if name and os.environ.get("SHOTS"):
        page.screenshot(path=f"{os.environ['SHOTS']}/{name}-390.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    accessible(page)


def test_footage_is_asked_for_sent_accepted_and_played(
    live: Live, sign_in: SignIn, browser: Any, films: tuple[Path, Path]
) -> None:
    live.manage("shell", "-v", "0", "-c", OPEN)
    staff = sign_in("cole")
    page = staff.page
    page.goto(f"{live.url}/cases/01AB-88001-26/")
    page.goto(f"{live.url}/requests/")
    shot(page, "requests-none")
    page.get_by_role("button", name="Ask for footage").click()
    page.get_by_role("button", name="Send the link").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("Enter the name of the person")
    shot(page, "request-errors")
    page.get_by_label("Name", exact=True).fill("Jordan Ellis")
    page.get_by_label("E-mail address").fill("jordan.ellis@example.org")
    page.get_by_label("What you ask for, and why").fill(
        "The film of your front door on 22 November, from 10pm to 11pm. A car was hit outside."
    )
    page.get_by_label("Case", exact=True).fill("01AB/88001/26")
    page.get_by_role("button", name="Send the link").click()
    expect(page.locator("main")).to_contain_text("Link sent to jordan.ellis@example.org")
    detail = page.url

    # The telephone.
    link = _mailed(live, r"http\S+/give/open#\S+")
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    outside = Watched(context.new_page())
    phone = outside.page
    phone.on("dialog", lambda dialog: dialog.accept())
    sent: list[str] = []
    phone.on("request", lambda one: sent.append(one.url) if one.method == "PUT" else None)
    phone.goto(link)
    expect(phone.get_by_role("heading", name="Show that it is you")).to_be_visible()
    assert "#" not in phone.url
    fits(phone)
    phone.get_by_role("button", name="Send code").click()
    phone.fill("#code", _mailed(live, r"Your code is (\d{6})"))
    fits(phone, "give-code")
    phone.get_by_role("button", name="Go on").click()
    expect(phone.locator("main")).to_contain_text("A car was hit outside")
    assert "88001" not in phone.content()
    fits(phone, "give-empty")

    # The large film stops in its second part; the page is loaded anew.
    held: list[Route] = []
    context.route(re.compile("partNumber=2"), lambda route: held.append(route))
    small, large = films
    phone.set_input_files("#choose", [large])
    expect(phone.locator(".give-state")).to_contain_text("Sending", timeout=60_000)
    live.wait(lambda: phone.evaluate("1") and bool(held), "the second part", 60)
    fits(phone, "give-sending")
    phone.get_by_role("button", name="Pause front door").click()
    expect(phone.locator(".give-state")).to_have_text("Paused.")
    context.unroute(re.compile("partNumber=2"))
    phone.reload()
    expect(phone.locator(".give-state")).to_have_text(
        "Not here whole. Choose this file again to go on."
    )
    fits(phone, "give-reloaded")
    phone.get_by_role("button", name="Send", exact=True).click()
    expect(phone.locator(".govuk-error-summary")).to_contain_text("1 file is not here whole")
    expect(phone.locator(".give-file")).to_have_count(1)

    # Chosen again it goes on, with the parts that are missing; and another film.
    sent.clear()
    phone.set_input_files("#choose", [large, small])
    expect(phone.locator(".give-state").nth(0)).to_contain_text("Received", timeout=90_000)
    expect(phone.locator(".give-state").nth(1)).to_contain_text("Received", timeout=90_000)
    expect(phone.locator(".give-file")).to_have_count(2)
    numbers = sorted(found[0] for url in sent if (found := re.findall(r"partNumber=(\d+)", url)))
    assert numbers == ["1", "2", "3"]  # the small film's one, and two of the large film's three
    expect(phone.locator(".give-state").nth(0)).to_have_text(
        "Received and checked.", timeout=60_000
    )
    expect(phone.locator(".give-state").nth(1)).to_have_text(
        "Received and checked.", timeout=60_000
    )
    fits(phone, "give-done")
    phone.get_by_role("button", name="Send", exact=True).click()
    expect(phone.get_by_role("heading", name="We have received your 2 files")).to_be_visible()
    for film in films:
        digest = hashlib.sha256(film.read_bytes()).hexdigest()
        expect(phone.locator("main")).to_contain_text(digest)
        expect(phone.locator("main")).to_contain_text(film.name)
    fits(phone, "give-received")
    # The link is dead: once.
    phone.goto(link)
    expect(phone.locator("main")).to_contain_text("This link can't be opened")
    fits(phone)
    assert [one for one in outside.complaints if "422" not in one and "404" not in one] == []

    # Staff: in quarantine, accepted, played.
    live.wait(live.playable, "the viewing copies")
    page.goto(detail)
    expect(page.locator(".tag", has_text="Quarantined")).to_have_count(2)
    shot(page, "request-quarantined")
    accessible(page)
    row = page.locator(".row", has_text="front door")
    row.get_by_label("What you found").fill("The street, a car; nothing odd")
    row.get_by_role("button", name="Accept").click()
    row = page.locator(".row", has_text="front door")
    expect(row).to_contain_text("Linked to 01AB/88001/26")
    shot(page, "request-accepted")
    row.get_by_role("link", name=re.compile("^R-")).click()
    say_why(page, "Case 01AB/88001/26")
    page.locator('[data-do="play"]').click()
    until(page, "document.getElementById('video').currentTime > 0.3")
    shot(page, "request-plays")
    page.goto(f"{live.url}/cases/01AB-88001-26/")
    expect(page.locator("main")).to_contain_text("Requests for footage")
    shot(page, "request-case")
    assert [one for one in staff.complaints if "422" not in one] == []


def test_without_script_the_page_says_what_is_needed(live: Live, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    phone = context.new_page()
    phone.goto(f"{live.url}/give/open#secret")
    expect(phone.get_by_label("Your link")).to_be_visible()
    context.close()
