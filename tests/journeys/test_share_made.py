"""A case officer shares a clip and a recording, by keyboard, and looks after the share."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.ingest.clips import films
from tests.journeys.test_first_light import SignIn
from tests.journeys.test_player import name_at
from tests.live import Live

pytestmark = pytest.mark.browser
BEGAN = datetime(2026, 9, 26, 20, 41, tzinfo=UTC)
OPEN = """
from evidence.cases.models import Case, CaseLink
from evidence.exhibits import actions
from evidence.exhibits.actions import Wish
from evidence.people.models import User
from evidence.recordings import markers
from evidence.recordings.models import Original, Recording
from evidence.sharing.models import Domain
cole = User.objects.get(username="cole")
Domain.objects.get_or_create(name="cps.example", defaults={{"organisation": "CPS London"}})
it = Original.objects.get(file_name="{name}").recording
case = Case.objects.create(urn="01AB/77003/26", title="R v Sand", officer_in_case=cole)
CaseLink.objects.create(case=case, recording=it, reason="At the scene", linked_by=cole)
markers.add(by=cole, reference=it.reference, at_ms=2000, text="detained")
actions.produce(by=cole, case=case, reference=it.reference,
                wish=Wish("AC/1", "The arrest in Villiers Street", (2000, 4000)))
print(it.reference)
"""
READY = """
from evidence.exhibits.models import Clip
print(Clip.objects.filter(recording__reference="{ref}", state="ready").count())
"""
WRITE = """
from evidence.sharing.models import Message, Share
share = Share.objects.get(reference="{share}")
Message.objects.create(share=share, item=share.items.get(number=1), at_ms=1500,
                       text="Who is the man in the red coat?")
"""
RESTRICT = """
from datetime import timedelta
from django.utils import timezone
from evidence.people.models import User
from evidence.recordings.models import Grant, Recording
it = Recording.objects.get(reference="{ref}")
Recording.objects.filter(pk=it.pk).update(restricted="sexual_offence")
lane = User.objects.get(username="lane")
for name in ("cole", "lane"):
    Grant.objects.create(recording=it, person=User.objects.get(username=name), reason="x",
                         granted_by=lane, until=timezone.now() + timedelta(days=1))
"""


@pytest.fixture(scope="module")
def footage(live: Live, passwords: dict[str, str], tmp_path_factory: Any) -> str:
    """A recording of PC Shah's in a case of DC Cole's, with a clip of it that is cut."""
    folder: Path = tmp_path_factory.mktemp("shares")
    bay, state = folder / "bay", folder / "state"
    bay.mkdir()
    live.enrol(state, "SHA-01")
    name = name_at(BEGAN)
    (bay / name).write_bytes(films.numbered(seconds=8))
    (bay / "camera.json").write_text('{"serial": "BWC-000101", "clock_error_seconds": -16}')
    live.dock(state, bay)
    live.wait(live.playable, "the viewing copy")
    found = live.manage("shell", "-v", "0", "-c", OPEN.format(name=name)).split()[-1]

    def ready() -> bool:
        said = live.manage("shell", "-v", "0", "-c", READY.format(ref=found))
        return said.split()[-1] == "1"

    live.wait(ready, "the clip")
    return found


def shot(page: Page, name: str) -> None:
    if os.environ.get("SHOTS"):
        size = page.viewport_size or {"width": 1280, "height": 900}
        for width in (1280, 820):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{os.environ['SHOTS']}/{name}-{width}.png", full_page=True)
        page.set_viewport_size(size)


def fine(page: Page) -> None:
    """Accessible, and no wider than the screen."""
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, (page.url, wide)


def press(page: Page, name: str, key: str = "Enter") -> None:
    """A button or link by keyboard alone, up to the page that it leads to."""
    button = page.get_by_role("button", name=name, exact=True)
    found = button.or_(page.get_by_role("link", name=name, exact=True)).first
    found.focus()
    with page.expect_navigation():
        page.keyboard.press(key)


def tick(page: Page, label: str | re.Pattern[str]) -> None:
    page.get_by_label(label).first.focus()
    page.keyboard.press("Space")


def typed(page: Page, label: str, text: str) -> None:
    page.get_by_label(label, exact=True).focus()
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


@pytest.mark.parametrize("width", [1280, 820])
def test_a_share_is_made_and_looked_after_by_keyboard(
    live: Live, sign_in: SignIn, footage: str, width: int
) -> None:
    watched = sign_in("cole", width)
    page = watched.page
    page.goto(f"{live.url}/cases/01AB-77003-26/")
    press(page, "Share")
    expect(page.get_by_role("heading", name="Share evidence")).to_be_visible()
    fine(page)
    # Something is missing: it is said, and nothing typed is lost.
    typed(page, "Name", "J Marlow")
    typed(page, "Organisation", "CPS London")
    typed(page, "E-mail", "j.marlow@elsewhere.example")
    tick(page, re.compile("Charging advice"))
    typed(page, "What they need it for", "Charging decision")
    typed(page, "What the case is", "An arrest in Villiers Street on 26 September")
    more = page.locator(f"#title-{footage.lower()}")
    expect(more).to_be_hidden()
    tick(page, re.compile("^AC/1"))
    tick(page, re.compile(f"^{footage}"))
    expect(more).to_be_visible()
    tick(page, re.compile("detained"))
    tick(page, re.compile("Keep them in the address book"))
    shot(page, f"share-new-{width}")
    press(page, "Go on and check")
    expect(page.locator(".govuk-error-summary")).to_contain_text("elsewhere.example is not one of")
    fine(page)
    shot(page, f"share-error-{width}")
    typed(page, "E-mail", "j.marlow@cps.example")
    press(page, "Go on and check")
    expect(page.get_by_role("heading", name="Check, then send")).to_be_visible()
    expect(page.locator(".sharing-preview")).to_contain_text("The arrest in Villiers Street")
    fine(page)
    shot(page, f"share-check-{width}")
    press(page, "Change what they may do")
    tick(page, "View and download")
    press(page, "Go on and check")
    expect(page.locator("main")).to_contain_text("View and download")
    press(page, "Send the link")
    expect(page.locator(".alert-success")).to_contain_text("Link sent to j.marlow@cps.example")
    reference = page.get_by_role("heading", level=1).inner_text()
    fine(page)

    # The table; and what was written from outside.
    live.manage("shell", "-v", "0", "-c", WRITE.format(share=reference))
    press(page, "Shares")
    row = page.get_by_role("row").filter(has_text=reference)
    expect(row).to_contain_text("Never opened")
    expect(row).to_contain_text("AC/1")
    fine(page)
    shot(page, f"share-table-{width}")
    press(page, reference)
    expect(page.locator(".sharing-talk")).to_contain_text("On AC/1 at 00:00:01.500")
    page.get_by_label("Write to J Marlow").focus()
    page.keyboard.type("He is a witness.")
    press(page, "Send", "Enter")
    expect(page.locator(".sharing-talk")).to_contain_text("He is a witness.")

    # Longer, to another day; less; none.
    press(page, "Extend to another day" if "another day" in page.inner_text("main") else "Extend")
    fine(page)
    shot(page, f"share-extend-{width}")
    day = timezone.now() + timedelta(days=30)
    page.get_by_label("Until").fill(day.strftime("%Y-%m-%d"))
    press(page, "Extend")
    expect(page.locator(".identity")).to_contain_text(f"{day:%-d %b %Y}")
    press(page, f"Narrow: take out {footage}")
    fine(page)
    shot(page, f"share-narrow-{width}")
    press(page, "Narrow")
    expect(page.locator(".govuk-error-summary")).to_contain_text("Enter why it is taken out")
    typed(page, "Reason", "The clip is enough")
    press(page, "Narrow")
    expect(page.locator("main")).to_contain_text(f"Taken out: {footage}")
    # The line is numbered a moment after the act.
    for _ in range(20):
        if "Taken out of the share" in page.locator(".history").last.inner_text():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.locator(".history").last).to_contain_text("Taken out of the share")
    fine(page)
    shot(page, f"share-one-{width}")
    press(page, "Revoke")
    fine(page)
    shot(page, f"share-revoke-{width}")
    typed(page, "Reason", "The wrong person")
    press(page, "Revoke")
    expect(page.locator(".identity")).to_contain_text("Revoked")
    # A wrong answer is a 422, and a browser says so.
    assert [one for one in watched.complaints if "422" not in one] == []


def test_the_address_book_fills_the_form_and_a_passphrase_is_shown_once(
    live: Live, sign_in: SignIn, footage: str
) -> None:
    watched = sign_in("cole")
    page = watched.page
    page.goto(f"{live.url}/shares/people/new/")
    fine(page)
    typed(page, "Name", "R Okafor")
    typed(page, "Organisation", "CPS London")
    typed(page, "E-mail", "r.okafor@cps.example")
    press(page, "Save")
    expect(page.get_by_role("cell", name="r.okafor@cps.example")).to_be_visible()
    fine(page)
    shot(page, "share-people")
    page.goto(f"{live.url}/shares/new/?case=01AB-77003-26")
    page.fill("#contact", "R Okafor, CPS London, r.okafor@cps.example")
    expect(page.locator("#email")).to_have_value("r.okafor@cps.example")
    tick(page, re.compile("Charging advice"))
    typed(page, "What they need it for", "Charging decision")
    tick(page, re.compile("^AC/1"))
    tick(page, re.compile("A passphrase that you tell them"))
    press(page, "Go on and check")
    press(page, "Send the link")
    phrase = page.locator("#passphrase").inner_text()
    assert re.fullmatch(r"([a-z]{4}-){3}[a-z]{4}", phrase)
    fine(page)
    shot(page, "share-passphrase")
    press(page, "I have told them, or noted it down")
    expect(page.get_by_role("heading", level=1)).to_contain_text("S-")
    assert phrase not in page.content()
    assert watched.complaints == []


def test_a_second_person_approves_what_is_restricted(
    live: Live, sign_in: SignIn, footage: str
) -> None:
    live.manage("shell", "-v", "0", "-c", RESTRICT.format(ref=footage))
    watched = sign_in("cole")
    page = watched.page
    page.goto(f"{live.url}/shares/new/?case=01AB-77003-26")
    typed(page, "Name", "J Marlow")
    typed(page, "Organisation", "CPS London")
    typed(page, "E-mail", "j.marlow@cps.example")
    tick(page, re.compile("Charging advice"))
    typed(page, "What they need it for", "Charging decision")
    tick(page, re.compile("^AC/1"))
    press(page, "Go on and check")
    fine(page)
    press(page, "Ask for approval")
    expect(page.locator(".identity")).to_contain_text("Waits for approval")
    fine(page)
    shot(page, "share-waiting")
    reference = page.get_by_role("heading", level=1).inner_text()
    second = sign_in("lane")
    other = second.page
    other.goto(f"{live.url}/shares/?show=waiting")
    press(other, reference)
    press(other, "Approve or refuse")
    fine(other)
    shot(other, "share-decide")
    tick(other, "Approve")
    typed(other, "Why", "Counsel asked for it")
    press(other, "Save")
    expect(other.locator(".alert-success")).to_contain_text("Link sent to j.marlow@cps.example")
    expect(other.locator(".identity")).to_contain_text("Live")
    fine(other)
    assert watched.complaints == []
    assert second.complaints == []
