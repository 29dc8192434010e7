"""A court orders that footage is kept: what is here, what still comes, and how two people end it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.journeys.conftest import say_why
from tests.journeys.keeping import (
    Keeping,
    SignIn,
    ago,
    cameras,
    looked_at,
    people,
    picture,
    press,
    refused,
    sent,
    told,
)
from tests.journeys.test_complaint_story import LEGAL_HOLDS
from tests.live import Live

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
HELD = "BWC-000315"
ORDER = "T20267311"
REASON = "Keep everything of the arrest in Cut Street"


@pytest.fixture(scope="module")
def story(live: Live, tmp_path_factory: Any, sessions: dict[str, list[str]]) -> Keeping:
    """An officer's camera, of which one film is here and one is not."""
    people(live, sessions)
    cameras(live, HELD)
    made = Keeping(live, tmp_path_factory.mktemp("holds"))
    live.enrol(made.folder / "state", "STORY-03")
    return made


def store_says(story: Keeping, references: list[str]) -> set[str]:
    """What the store itself answers of these originals."""
    out = story.run(LEGAL_HOLDS.format(references=references))
    return set(json.loads(out.splitlines()[-1]).values())


def test_a_court_order_from_the_search_to_the_second_person(
    story: Keeping, live: Live, sign_in: SignIn
) -> None:
    began = ago(20, 13)
    [here] = story.card(HELD, [began])
    own = sign_in("finch").page
    path = story.url(f"/footage/{here}/")
    own.goto(path)
    sent(own, path)  # what looking itself leaves in a history is there before
    before = sent(own, path)
    assert before.startswith("200\n")
    reed, price = sign_in("reed"), sign_in("price")
    page, other = reed.page, price.page

    hold_it(story, page, here)
    live.wait(lambda: store_says(story, [here]) == {"ON"}, "the store")
    assert sent(own, path) == before
    why(story, page, here, "(court order)", held=True)
    [late] = story.card(HELD, [began + timedelta(minutes=30)])
    live.wait(lambda: store_says(story, [here, late]) == {"ON"}, "the store, of what came later")
    why(story, page, late, "when it arrived (court order)", held=True)
    caught(story, page, late)

    release = ask(story, page)
    assert store_says(story, [here, late]) == {"ON"}
    agree(story, other, release, [here, late])
    live.wait(lambda: store_says(story, [here, late]) == {"OFF"}, "the store lets go")
    why(story, page, here, "(court order)", held=False)
    assert sent(own, path) == before
    for watched in (reed, price):
        assert [text for text in watched.complaints if "422" not in text] == []


def hold_it(story: Keeping, page: Page, here: str) -> None:
    """By officer and time: nothing is held before it was seen what that would be."""
    page.goto(story.url("/admin/"))
    page.get_by_role("link", name="Holds", exact=True).click()
    looked_at(page, "40-holds")
    page.get_by_role("button", name="Hold footage").press("Enter")
    page.locator("#kind-court").focus()
    page.keyboard.press("Space")
    page.locator("[name=reason]").fill(REASON)
    page.locator("[name=officers]").fill("6120 99999")
    page.keyboard.press("Enter")
    refused(page, "Enter the reference of the request or the order", "99999", "Enter when it began")
    looked_at(page, "41-hold-refused")
    assert page.locator("[name=reason]").input_value() == REASON
    page.locator("[name=reference]").fill(ORDER)
    page.locator("[name=officers]").fill("6120")
    page.locator("[name=start]").fill(f"{ago(20, 12):%Y-%m-%dT%H:%M}")
    page.locator("[name=end]").fill(f"{ago(20, 15):%Y-%m-%dT%H:%M}")
    page.locator("[name=end]").press("Enter")
    told(page, "It would hold 1 recording", here)
    assert story.one("SELECT count(*) FROM retention_hold WHERE reference = %s", ORDER) == 0
    looked_at(page, "42-hold-found")
    picture(page, "hold", 900)
    press(page, "Hold")
    told(page, f"1 recording held for {ORDER}. What arrives later is held as well.")
    looked_at(page, "43-watch")


def caught(story: Keeping, page: Page, late: str) -> None:
    """The watch says what it caught; the lists have all of it."""
    page.goto(story.url("/retention/holds/?show=coming"))
    looked_at(page, "44-coming")
    page.get_by_role("link", name=ORDER).press("Enter")
    told(page, late)
    looked_at(page, "45-watch-caught")
    page.goto(story.url("/retention/holds/?show=all"))
    row = page.locator("tr", has_text=late)
    expect(row).to_contain_text(ORDER)
    looked_at(page, "46-all-holds")
    row.get_by_role("link").press("Enter")
    told(page, "Legal hold on every file", REASON)
    looked_at(page, "47-hold")
    page.get_by_role("button", name=re.compile("Change")).first.press("Enter")
    looked_at(page, "48-hold-change")


def ask(story: Keeping, page: Page) -> str:
    """Released by nobody alone: the one who asks can only take it back."""
    page.goto(story.url("/retention/holds/?show=coming"))
    page.get_by_role("link", name=ORDER).press("Enter")
    page.get_by_role("button", name="Release").press("Enter")
    page.locator("#which-all").focus()
    page.keyboard.press("Space")
    press(page, "Ask for the release")
    refused(page, "Enter why")
    looked_at(page, "49-ask")
    page.locator("#reason").fill("The court lifted it on Monday")
    press(page, "Ask for the release")
    told(page, "Asked for. A different person has to approve this.", "You asked for it.")
    assert page.get_by_role("button", name="Approve").count() == 0
    looked_at(page, "50-asked")
    return page.url


def agree(story: Keeping, page: Page, release: str, references: list[str]) -> None:
    """The second person comes by their own first page."""
    page.goto(story.url("/admin/"))
    page.get_by_role("link", name=re.compile("Releases that wait for a second person")).click()
    looked_at(page, "51-releases")
    page.get_by_role("link", name=f"Release of all holds of {ORDER}").press("Enter")
    assert page.url == release
    told(page, "The court lifted it on Monday", "2 holds", *references)
    looked_at(page, "52-decide")
    picture(page, "release", 800)
    page.locator("#reason").fill("Read the order")
    press(page, "Approve")
    told(page, "Released: 2 holds.")
    looked_at(page, "53-released")


def why(story: Keeping, page: Page, reference: str, words: str, *, held: bool) -> None:
    """The recording's page says so to whoever may know, as long as it is so."""
    page.goto(story.url(f"/footage/{reference}/"))
    say_why(page)
    kept = page.locator("section", has=page.locator("#kept"))
    if held:
        expect(kept).to_contain_text(words)
        expect(kept).to_contain_text(REASON)
        looked_at(page, "54-why-held")
    else:
        expect(kept).not_to_contain_text(words)
        until = timezone.localtime() + timedelta(days=11)
        expect(kept).to_contain_text(f"{until:%-d %b}")
