"""A complaint from the letter that it came in to the release of its footage: the whole story."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from config.stack.layout import ROOT
from ingest.media import tools
from tests import embedded, factories
from tests.conftest import FOOTAGE
from tests.journeys.conftest import MINT, Watched
from tests.journeys.test_player import name_at, until
from tests.live import Live

SignIn = Callable[..., Watched]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(1500)]
REFERENCE = "PC/1204/26"
SHAH, SECOND, OKORO = "BWC-000211", "BWC-000212", "BWC-000213"
VIDEO = "document.querySelector('video')"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
PICTURES = ROOT / "docs" / "pictures"
ACCOUNT = "The officer pushed me against the wall and told me to shut up. I had done nothing."

# A second investigator, so that two people can have one form open.
INVESTIGATOR = """
from evidence.people.models import Unit, User
User.objects.get_or_create(username="bright", defaults={
    "name": "Sam Bright", "rank": "DI", "collar": "61", "roles": ["professional_standards"],
    "unit": Unit.objects.get(name="Metropolis Police")})
"""
# Whether the store itself holds each original, asked of the store.
LEGAL_HOLDS = """
import json
from botocore.exceptions import ClientError
from evidence.recordings.models import Original
from evidence.store import s3
found = {{}}
for row in Original.objects.filter(recording__reference__in={references}):
    try:
        answer = s3.client().get_object_legal_hold(
            Bucket=s3.bucket("originals"), Key=row.key, VersionId=row.version_id)
        found[row.recording.reference] = answer["LegalHold"]["Status"]
    except ClientError:
        found[row.recording.reference] = "none"
print(json.dumps(found))
"""
# Five weeks go by: from the decision on, each day that somebody entered lies as much further back.
WEEKS = """
from datetime import timedelta
from django.db.models import F
from evidence.complaints import clocks
from evidence.complaints.models import Complaint, Letter, Review, Told
row, ago = Complaint.objects.get(reference="{reference}"), timedelta(weeks=5)
Complaint.objects.filter(pk=row.pk).update(
    decided_on=F("decided_on") - ago, told_on=F("told_on") - ago)
Told.objects.filter(complaint=row).update(on=F("on") - ago)
Letter.objects.filter(complaint=row).update(sent_on=F("sent_on") - ago)
Review.objects.filter(complaint=row).update(
    applied_on=F("applied_on") - ago, decided_on=F("decided_on") - ago)
clocks.keep(Complaint.objects.get(pk=row.pk))
"""
# A year of other complaints, so that charts have something to show.
YEAR = """
import random
from datetime import timedelta
from django.utils import timezone
from evidence.complaints.models import (
    Allegation, Category, Complaint, Finding, Named, Rate, Wording, Work)
from evidence.people.models import User
chance, today = random.Random(7), timezone.localdate()
lane, price = (User.objects.get(username=name) for name in ("lane", "price"))
people = list(User.objects.filter(username__in=["cole", "okoro"]))
words = {{row.code: row for row in Wording.objects.all()}}
kinds = list(Category.objects.filter(scheme="IOPC", code__in=["A1", "B2", "B4", "H1", "H3", "F4"]))
rate = Rate.objects.get(code="investigator")
for number in range(60):
    received = today - timedelta(days=chance.randint(3, 330))
    handling = chance.choice(["outside", "otherwise", "local"])
    took = chance.randint(9, 120)
    told = received + timedelta(days=took)
    over = told < today
    row = Complaint.objects.create(
        reference=f"PC/{{8000 + number}}/25", received=received, complainant="A member of the public",
        account="An account.", source=chance.choice(["letter", "online", "phone"]),
        start=timezone.now() - timedelta(days=400), end=timezone.now() - timedelta(days=399),
        handling=handling, handler=lane, authority=price, recorded_by=lane, status="closed",
        decided_on=told if over else None, told_on=told if over else None,
        closed_on=told if over else today)
    Named.objects.create(complaint=row, officer=chance.choice(people))
    made = Allegation.objects.create(
        complaint=row, number=1, category=chance.choice(kinds), words="Something")
    wording = chance.choice(["resolved", "not_resolved"] if handling == "outside" else
                            ["acceptable", "not_acceptable", "not_determined"])
    Finding.objects.create(allegation=made, wording=words[wording], reasons="Because.",
                           proposed_by=lane, decided_by=price, decided_at=timezone.now())
    minutes = chance.randint(60, 900)
    Work.objects.create(complaint=row, rate=rate, on=received, minutes=minutes,
                        pence=minutes * rate.pence // 60, words="Interviews", entered_by=lane)
"""


def local(moment: datetime) -> str:
    """As a browser's field of day and time has it."""
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M:%S}"


def film(name: str) -> bytes:
    """Twenty seconds of a street or a corridor, where the clips lie beside the project."""
    clip = FOOTAGE / "real" / name
    if not clip.is_file():
        return factories.film(20)
    return subprocess.run(
        [tools.path("ffmpeg"), "-v", "error", "-stream_loop", "3", "-i", str(clip),
         "-t", "20", "-r", "25", "-an", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt",
         "yuv420p", "-movflags", "frag_keyframe+empty_moov", "-f", "mp4", "-"],
        check=True, capture_output=True,
    ).stdout  # fmt: skip


@dataclass
class Story:
    """What stays the same through the chapters."""

    live: Live
    folder: Path
    began: datetime
    page: Page = field(init=False)
    watched: Watched = field(init=False)
    work: str = ""

    @property
    def day(self) -> str:
        return f"{timezone.localdate():%Y-%m-%d}"

    def card(self, serial: str, moment: datetime, made: bytes) -> Path:
        bay = self.folder / serial
        bay.mkdir()
        (bay / "camera.json").write_text(json.dumps({"serial": serial, "clock_error_seconds": 0}))
        (bay / name_at(moment)).write_bytes(made + serial.encode())
        return bay

    def reference(self, serial: str) -> str:
        [found] = [row for row in self.live.recordings() if row["camera"] == serial]
        return str(found["recording"])

    def step(self, title: str) -> None:
        self.page.goto(self.work)
        # The whole page, before anything counts what is on it: a busy server sends it in pieces.
        with self.page.expect_navigation():
            self.page.locator(".tasks").get_by_role("link", name=title, exact=True).click()

    def said(self, words: str | re.Pattern[str]) -> None:
        expect(self.page.locator("body")).to_contain_text(words)

    def press(self, verb: str) -> None:
        self.page.get_by_role("button", name=verb, exact=True).first.click()

    def refused(self, *words: str) -> None:
        for one in words:
            expect(self.page.get_by_role("alert").first).to_contain_text(one)


@pytest.fixture(scope="module")
def story(live: Live, tmp_path_factory: Any, sessions: dict[str, list[str]]) -> Story:
    """Three cameras of a night two months ago: Shah's is docked, her second and Okoro's are not.

    The letter has lain about: what it wants is overdue when it is recorded.
    """
    folder: Path = tmp_path_factory.mktemp("complaint")
    night = timezone.localtime() - timedelta(days=60)
    began = night.replace(hour=22, minute=14, second=0, microsecond=0)
    for serial, collar in ((SHAH, "4127"), (SECOND, "4127"), (OKORO, "5530")):
        live.manage("camera", "add", serial, "--issued-to", collar,
                    "--from", "2020-01-01T00:00:00Z")  # fmt: skip
    live.manage("shell", "-v0", "-c", INVESTIGATOR)
    mint = MINT.replace("User.objects.all()", "User.objects.filter(username='bright')")
    sessions.update(json.loads(live.manage("shell", "-v", "0", "-c", mint).splitlines()[-1]))
    live.enrol(folder / "state", "STORY-01")
    return Story(live, folder, began)


def option(select: Locator, words: str) -> None:
    """Choose by what it says."""
    value = select.locator("option", has_text=words).first.get_attribute("value")
    assert value, words
    select.select_option(value)


def looked_at(page: Page, name: str) -> None:
    """axe finds nothing at two widths, nothing is too wide; a picture where one is asked for."""
    folder = os.environ.get("BWV_PICTURES", "")
    for width in (820, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(100)
        found = Axe().run(page, options=RULES)
        if folder:
            page.screenshot(path=str(Path(folder) / f"{name}-{width}.png"), full_page=True)
        wrong = [
            (item["id"], [node["html"][:200] for node in item["nodes"]])
            for item in found.response["violations"]
        ]
        assert wrong == [], (name, width)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, (name, width, wide)


def picture(page: Page, name: str) -> None:
    """The picture of the documentation, where the tests are asked for it."""
    if FOOTAGE.is_dir():
        page.wait_for_timeout(600)
        page.screenshot(path=str(PICTURES / f"{name}.png"))


def pdf_of(page: Page, verb: str) -> str:
    """The text of a PDF that a button downloads."""
    with page.expect_download() as coming:
        page.get_by_role("button", name=verb, exact=True).click()
    reader = PdfReader(coming.value.path())
    return "\n".join(one.extract_text() for one in reader.pages)


def flat(text: str) -> str:
    """Without what differs where a line is broken."""
    return " ".join(text.split())


# --- Shah's own pages ---
# What no two answers have alike: signed addresses, signed sittings, and her own look at the page.
VARIES = (
    r"X-Amz-Date=\w+", r'"(look|sitting)": "[^"]*"',
    r"<li><time [^>]*>[^<]*</time> <span>Page opened by PC 4127 Shah</span>.*?</li>",
)  # fmt: skip
OWN = ("/footage/", "/search/?q=shah", "/search/?q=PC%2F1204%2F26", "/cases/", "/notices/",
       "/footage/{ref}/", "/footage/on-its-way/", "/team/")  # fmt: skip


def own_pages(page: Page, url: str, reference: str) -> dict[str, str]:
    """Her pages as they are sent, without what differs between any two answers."""
    found = {}
    for path in OWN:
        answer = page.context.request.get(url + path.format(ref=reference))
        text = re.sub(r"\b[A-Za-z0-9]{64}\b", "TOKEN", answer.text())
        for varies in VARIES:
            text = re.sub(varies, "", text)
        found[path] = f"{answer.status}\n{text}"
    return found


# --- the story ---
def test_a_complaint_from_the_letter_to_the_release(
    story: Story, live: Live, sign_in: SignIn
) -> None:
    shah_a, copying = dock_what_is_there(story)
    own = sign_in("shah").page
    own_pages(own, live.url, shah_a)  # what looking itself leaves in a history is there before
    before = own_pages(own, live.url, shah_a)
    story.watched = sign_in("lane")
    story.page = story.watched.page
    record_it(story)
    after = own_pages(own, live.url, shah_a)
    for path in OWN:
        assert after[path] == before[path], path
    dock_what_was_not(story, copying)
    allege(story)
    close_too_early(story)
    hand_and_refer(story)
    two_at_once(story, sign_in)
    review(story, shah_a)
    write(story)
    findings(story, sign_in)
    tell(story)
    serve(story, sign_in)
    review_period(story)
    costs(story)
    report(story, shah_a)
    end(story, shah_a)
    refused = [t for t in story.watched.complaints if "422" not in t and "409" not in t]
    assert refused == []


def dock_what_is_there(story: Story) -> tuple[str, Any]:
    """One camera is docked; another's file is on its way and does not arrive yet."""
    live, utc = story.live, story.began.astimezone(UTC)
    live.dock(story.folder / "state", story.card(SHAH, utc, film("street-bikes-scope.mp4")))
    live.wait(live.playable, "the viewing copy")
    embedded.stop(live.processes["ingest"])
    bay = story.card(SECOND, utc + timedelta(minutes=10), factories.film(4))
    copying = live.agent(story.folder / "state", "run", "--bay", str(bay), "--once")

    def on_its_way() -> bool:
        rows = [row for row in live.uploads() if row.get("camera") == SECOND]
        return any(row["state"] == "verifying" for row in rows)

    live.wait(on_its_way, "the second camera's file")
    return story.reference(SHAH), copying


def record_it(story: Story) -> None:
    """A wrong date and an unknown officer first: plain words, and nothing typed is lost."""
    page, began = story.page, story.began
    page.goto(f"{story.live.url}/admin/complaints/complaint/add/")
    page.fill("[name=reference]", "pc/1204/26")
    page.fill("[name=received]", f"{began - timedelta(days=2):%Y-%m-%d}")
    page.select_option("[name=source]", "letter")
    page.fill("[name=complainant]", "Jordan Ellis")
    page.select_option("[name=standing]", "subject")
    page.fill("[name=contact]", "14 Mill Lane\nLondon NW6")
    page.fill("[name=account]", ACCOUNT)
    page.fill("[name=about]", "99999")
    page.fill("[name=present]", "5530")
    page.fill("[name=start]", local(began - timedelta(minutes=10)))
    page.fill("[name=end]", local(began + timedelta(minutes=20)))
    page.fill("[name=place]", "Villiers Street, London WC2")
    page.fill("[name=latitude]", "51.5081")
    page.fill("[name=longitude]", "-0.1238")
    page.select_option("[name=severity]", "misconduct")
    looked_at(page, "01-add")
    story.press("Record and hold")
    story.said("Nobody here has the collar number 99999. Check it.")
    story.said("It can't have come in before it began")
    looked_at(page, "02-add-wrong")
    assert page.input_value("[name=account]") == ACCOUNT
    assert page.input_value("[name=end]") == local(began + timedelta(minutes=20))[:16]
    assert page.input_value("[name=latitude]") == "51.5081"
    page.fill("[name=received]", f"{began + timedelta(days=1):%Y-%m-%d}")
    page.fill("[name=about]", "4127")
    story.press("Record and hold")
    story.said("Recorded. 1 held, 1 still in cameras. Not docked since:")
    story.said(OKORO)
    story.said("Tell the complainant how it goes")
    story.said(re.compile(r"\d+ days overdue"))
    story.work = page.url
    looked_at(page, "03-recorded")


def dock_what_was_not(story: Story, copying: Any) -> None:
    """What was on its way, and what is docked afterwards, is held when it arrives."""
    live, page = story.live, story.page
    live.start("ingest")
    out, _ = copying.communicate(timeout=120)
    assert copying.returncode == 0, out
    page.goto(story.work)
    story.said("2 held.")
    moment = story.began.astimezone(UTC) + timedelta(seconds=4)
    live.dock(story.folder / "state", story.card(OKORO, moment, film("corridor-persons-139s.mp4")))
    live.wait(live.playable, "the viewing copies")
    page.goto(story.work)
    story.said("3 held.")
    references = [story.reference(serial) for serial in (SHAH, SECOND, OKORO)]
    live.wait(lambda: set(holds(live, references).values()) == {"ON"}, "the store's own hold")
    story.step("Footage held")
    story.said("which is open. Close it first.")
    for reference in references:
        story.said(reference)
    looked_at(page, "04-holds")


def holds(live: Live, references: list[str]) -> dict[str, str]:
    """What the store itself says of each original."""
    script = LEGAL_HOLDS.format(references=references)
    return dict(json.loads(live.manage("shell", "-v", "0", "-c", script).splitlines()[-1]))


def allege(story: Story) -> None:
    """Two allegations, by scheme, code and version."""
    story.step("Allegations")
    page = story.page
    for code, words in (("B4", "He pushed me against the wall"), ("H1", "He told me to shut up")):
        option(page.locator("[name=allege-category]"), code)
        page.fill("[name=allege-words]", words)
        page.get_by_label("Shah").check()
        story.press("Enter")
    story.said("Entered as allegation 2.")
    looked_at(page, "05-allegations")


def close_too_early(story: Story) -> None:
    """The list of what is missing, in sentences."""
    story.step("Close")
    story.press("Close")
    story.refused(
        "Answer the referral checklist: 7 questions need an answer.", "Say who handles it.",
        "Enter a finding of allegation 1.", "Enter a finding of allegation 2.",
        "Choose the review body.", "Tell the complainant the outcome.",
    )  # fmt: skip
    looked_at(story.page, "06-close-refused")


def hand_and_refer(story: Story) -> None:
    """Who handles and who decides, the checklist, and who would review it and why."""
    page = story.page
    story.step("Who handles it, and how")
    option(page.locator("[name=hand-handler]"), "Lane")
    option(page.locator("[name=hand-authority]"), "Price")
    offered = page.locator("[name=hand-handler] option").all_text_contents()
    assert not [words for words in offered if "Shah" in words or "Hughes" in words]
    page.select_option("[name=hand-handling]", "local")
    page.select_option("[name=hand-severity]", "misconduct")
    looked_at(page, "07-handling")
    story.press("Save")
    story.said("Being handled")
    story.step("Referral to the IOPC")
    for no in page.locator("input[type=radio][value=no]").all():
        no.check()
    looked_at(page, "08-referral")
    story.press("Save")
    story.said("Every question is answered.")
    story.step("Review body")
    for no in page.locator("input[type=radio][value=no]").all():
        no.check()
    story.press("Work it out")
    story.said("No rule sends it to the IOPC, so it is the local policing body")
    story.step("Review body")
    looked_at(page, "09-body")


def two_at_once(story: Story, sign_in: SignIn) -> None:
    """Another investigator saves while the form is open: both versions, nothing lost."""
    page = story.page
    story.step("Record")
    other = sign_in("bright").page
    other.goto(page.url)
    other.fill("[name=record-place]", "Villiers Street, by the station")
    other.get_by_role("button", name="Save").click()
    expect(other.locator("body")).to_contain_text("Saved.")
    page.fill("[name=record-place]", "Villiers Street, London WC2N")
    page.fill("[name=record-contact]", "14 Mill Lane\nLondon NW6 1AB")
    story.press("Save")
    story.refused("DI 61 Bright saved this", "Compare and choose.",
                  "Villiers Street, by the station", "Villiers Street, London WC2N")  # fmt: skip
    assert page.input_value("[name=record-contact]") == "14 Mill Lane\nLondon NW6 1AB"
    looked_at(page, "10-two-at-once")
    story.press("Save")
    story.said("Villiers Street, London WC2N")


def review(story: Story, shah_a: str) -> None:
    """The room by the keyboard alone: play, note, allegation; what was played counts."""
    page, okoro = story.page, story.reference(OKORO)
    story.step("Review the footage")
    expect(page.locator("#allegations")).to_be_visible()
    looked_at(page, "11-room-empty")
    for reference in (shah_a, okoro):
        page.locator(f"#r-{reference}").focus()
        page.keyboard.press("Space")
    page.get_by_role("button", name="Show", exact=True).press("Enter")
    expect(page.locator("#play")).to_be_enabled()
    page.locator("#play").focus()
    page.keyboard.press("k")
    until(page, f"{VIDEO}.currentTime > 7")
    page.keyboard.press("k")
    until(page, f"{VIDEO}.paused")
    page.keyboard.press("n")
    page.keyboard.type("His hand is on the complainant's chest")
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "note-allegation"
    page.keyboard.type("1")
    expect(page.locator("#note-allegation")).to_have_value("1")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".room-notes")).to_contain_text("His hand is on the complainant's chest")
    expect(page.locator(".room-notes")).to_contain_text("allegation 1, B4")
    expect(page.locator(".charges li").first).to_contain_text("1 note")
    # On at twice the speed to the end: it counts.
    page.locator("#speed").select_option("2")
    page.locator("#play").focus()
    page.keyboard.press("u")
    page.keyboard.press("k")
    until(page, f"{VIDEO}.currentTime > 15", 60)
    page.keyboard.press("k")
    until(page, f"{VIDEO}.paused")
    until(page, "parseInt(document.querySelector('.bar .layer-name').textContent.slice(4)) > 60")
    page.set_viewport_size({"width": 1280, "height": 1000})
    picture(page, "review")
    looked_at(page, "12-room")
    assert len(page.locator("[data-lane] .note").all()) == 1


def keep_letter(story: Story, name: str, change: Callable[[str], str]) -> None:
    """Write one from its template, edited, and keep it."""
    page = story.page
    story.step("Letters, and what was told")
    page.get_by_role("link", name=name).click()
    page.fill("#body", change(page.input_value("#body")))
    story.press("Keep it, word for word")


def sent(story: Story, *words: str) -> None:
    """Download it, look into it, and enter that it was sent."""
    page = story.page
    story.said("Kept, word for word.")
    text = flat(pdf_of(page, "Download (PDF)"))
    for one in (REFERENCE, "SHA-256 of the text", *words):
        assert one in text, (one, text)
    story.press("It was sent")
    story.said("Entered as sent.")


def write(story: Story) -> None:
    """The acknowledgement with the copy of the record; the letter of every four weeks."""
    keep_letter(story, "Acknowledgement", lambda body: body)
    looked_at(story.page, "13-letter")
    sent(story, ACCOUNT, "1. He pushed me against the wall", "2. He told me to shut up")
    keep_letter(story, "Progress, every four weeks", lambda body: body)
    story.refused("something in place of “[Say what was done since the last letter.]”")
    listed = story.page.locator("section", has=story.page.locator("#needs"))
    expect(listed).to_contain_text("something in place of “[Say what comes next")
    looked_at(story.page, "14-letter-refused")

    def filled(body: str) -> str:
        body = body.replace("[Say what was done since the last letter.]",
                            "We have watched the cameras of both officers.")  # fmt: skip
        return body.replace("[Say what comes next, and when it is expected to end.]",
                            "We write down what we found, in the next two weeks.")  # fmt: skip

    story.page.fill("#body", filled(story.page.input_value("#body")))
    story.press("Keep it, word for word")
    again = timezone.localdate() + timedelta(weeks=4)
    sent(story, "We have watched the cameras", f"{again:%-d %B %Y}")
    looked_at(story.page, "15-letters")


def findings(story: Story, sign_in: SignIn) -> None:
    """Lane proposes, and can't decide; Price decides."""
    page = story.page
    story.step("Findings")
    for number, words, reasons in (
        ("1", "not acceptable", "The footage shows a push that nothing called for."),
        ("2", "was acceptable", "He raised his voice; the words are not heard on either camera."),
    ):  # fmt: skip
        option(page.locator("[name=propose-allegation]"), f"{number}")
        option(page.locator("[name=propose-wording]"), words)
        page.fill("[name=propose-reasons]", reasons)
        page.fill("[name=propose-learning]", "Say what is going to happen before touching.")
        story.press("Enter")
        story.said("Entered. The authority decides it.")
    looked_at(page, "16-findings")
    page.goto(story.work)
    page.set_viewport_size({"width": 1280, "height": 1000})
    picture(page, "complaint")
    story.step("Findings")
    assert page.get_by_role("button", name="Decide").count() == 0
    story.step("Outcome")
    story.said("The authority has to decide the finding of allegation 1.")
    looked_at(page, "17-outcome")
    price = sign_in("price")
    other = price.page
    for number in ("1", "2"):
        other.goto(f"{story.work.removesuffix('change/')}findings/")
        option(other.locator("[name=decide-finding]"), f"{number}:")
        other.select_option("[name=decide-agree]", "yes")
        if number == "1":
            looked_at(other, "18-decide")
        other.get_by_role("button", name="Decide").click()
        expect(other.locator("body")).to_contain_text("The finding stands.")
    other.goto(f"{story.work.removesuffix('change/')}outcome/")
    other.get_by_role("button", name="Decide").click()
    expect(other.locator("body")).to_contain_text("Decided. Tell the complainant within five")
    assert price.complaints == []


def tell(story: Story) -> None:
    """The outcome: without the review body and the last day it is not kept."""
    page = story.page
    last = f"{timezone.localdate() + timedelta(days=28):%-d %B %Y}"
    body = "Local Policing Body (demonstration)"
    keep_letter(story, "Outcome, with the right to a review",
                lambda text: text.replace(body, "them").replace(last, "then"))  # fmt: skip
    story.refused("the name and address of the review body (SI 2020/2 reg 34(4))",
                  "the last day for asking for a review")  # fmt: skip
    assert "them" in page.input_value("#body")
    keep_letter(story, "Outcome, with the right to a review", lambda text: text)
    sent(story, body, "1 Example Street", last, "right to a review",
         "The service provided was not acceptable", "The service provided was acceptable",
         "The footage shows a push that nothing called for.",
         "Say what is going to happen before touching.")  # fmt: skip
    page.goto(story.work)
    story.said("Outcome told, review period")
    story.step("What followed")
    page.select_option("[name=measure-kind]", "reflective")
    option(page.locator("[name=measure-officer]"), "Shah")
    page.fill("[name=measure-words]", "Watch it together with her sergeant.")
    page.fill("[name=measure-footage]", story.reference(SHAH))
    page.locator("form", has=page.locator("[name=measure-words]")).get_by_role(
        "button", name="Enter").click()  # fmt: skip
    story.said("Entered.")
    looked_at(page, "19-measures")


def serve(story: Story, sign_in: SignIn) -> None:
    """From the notice on, and not before, Shah has it."""
    shah = sign_in("shah")
    shah.page.goto(f"{story.live.url}/notices/")
    expect(shah.page.locator("main")).to_contain_text("Nothing was served on you.")
    page = story.page
    story.step("Officers")
    option(page.locator("[name=serve-named]"), "Shah")
    page.fill("[name=serve-on]", story.day)
    page.fill("[name=serve-notice]", "It is alleged that you pushed somebody against a wall.")
    looked_at(page, "20-serve")
    story.press("Serve")
    story.said("Served.")
    shah.page.goto(f"{story.live.url}/footage/")
    shah.page.get_by_role("link", name="Notices").click()
    looked_at(shah.page, "21-notices")
    shah.page.get_by_role("link", name="Notice of").first.click()
    expect(shah.page.locator("main")).to_contain_text("you pushed somebody against a wall")
    expect(shah.page.locator("main")).to_contain_text(REFERENCE)
    assert "Ellis" not in shah.page.content()
    looked_at(shah.page, "22-notice")
    assert shah.complaints == []


def review_period(story: Story) -> None:
    """Somebody asks for a review, the body decides, the complainant hears of it."""
    page = story.page
    story.step("Review period")
    expect(page.locator("[name=review-body]")).to_have_value("lpb")
    page.fill("[name=review-applied_on]", story.day)
    page.fill("[name=review-grounds]", "The second allegation was not looked into.")
    page.locator("form", has=page.locator("[name=review-grounds]")).get_by_role(
        "button", name="Enter").click()  # fmt: skip
    story.said("Entered. The complaint is at review")
    looked_at(page, "23-review")
    option(page.locator("[name=reviewed-review]"), "Asked for")
    page.select_option("[name=reviewed-decision]", "stands")
    page.fill("[name=reviewed-decided_on]", story.day)
    page.fill("[name=reviewed-recommendations]", "Explain how the sound was listened to.")
    page.locator("form", has=page.locator("[name=reviewed-decision]")).get_by_role(
        "button", name="Enter").click()  # fmt: skip
    story.said("Entered.")
    keep_letter(story, "What came of the review", lambda text: text)
    sent(story, "The outcome was reasonable and proportionate",
         "Explain how the sound was listened to.")  # fmt: skip


def costs(story: Story) -> None:
    """An hour and a half of an investigator, and four letters that count themselves."""
    page = story.page
    story.step("Cost")
    page.fill("#minutes", "90")
    page.fill("#words", "Interview with PC Shah")
    story.press("Enter")
    story.said("£101.00 so far")  # 90 minutes of £58.00, and four letters of £3.50
    looked_at(page, "24-costs")


def report(story: Story, shah_a: str) -> None:
    """The report, opened: all of it is there."""
    page = story.page
    story.step("Report")
    looked_at(page, "25-report")
    text = pdf_of(page, "Make the report")
    words = flat(text)
    for one in (
        f"Report of complaint {REFERENCE}", "Made by DS 12 Lane", "Jordan Ellis", ACCOUNT,
        "PC 4127 Shah", "PC 5530 Okoro", "Notice served", "1. He pushed me against the wall",
        "2. He told me to shut up", "(IOPC 2021-01)", "The service provided was not acceptable",
        "Proposed by DS 12 Lane", "decided by Supt 301 Price", "Chronology", "Received: letter",
        "The complainant told", "Review asked for", "Reflective practice review",
        "Footage held for this complaint", "Held since", "lines in the custody log", "£101.00",
        "How to check this",
    ):  # fmt: skip
        assert one in words, (one, words)
    assert re.search(r"Page 1 of \d+", words) or re.search(r"1 of \d+", words), words[-300:]
    tight = re.sub(r"\s", "", text)
    for serial in (SHAH, SECOND, OKORO):
        assert story.reference(serial) in words
        with story.live.database() as database:
            rows = database.execute(
                "SELECT o.sha256 FROM recordings_original o JOIN recordings_recording r"
                " ON r.id = o.recording_id WHERE r.camera = %s", [serial],
            ).fetchall()  # fmt: skip
        for (sha256,) in rows:
            assert sha256 in tight
            assert sha256[:8] + " " + sha256[8:16] in words
    played = re.search(r"DS 12 Lane: (\d+)%, last on", words[words.index(shah_a) :])
    assert played, words
    assert int(played[1]) > 60
    assert "Nobody has played any of it for this complaint." in words  # the second camera's


def end(story: Story, shah_a: str) -> None:
    """Closed when the review period is over, and not before; then somebody lets the footage go."""
    page, live = story.page, story.live
    story.step("Close")
    story.press("Close")
    story.refused("Wait for the review period: it runs to the end of")
    live.manage("shell", "-v0", "-c", WEEKS.format(reference=REFERENCE))
    page.goto(story.work)
    looked_at(page, "26-work")
    story.step("Close")
    story.press("Close")
    page.goto(story.work)
    story.said("Closed")
    story.said("3 held.")
    references = [story.reference(serial) for serial in (SHAH, SECOND, OKORO)]
    assert set(holds(live, references).values()) == {"ON"}
    story.step("Footage held")
    looked_at(page, "27-release")
    story.press("Release")
    story.said("Enter why it need not be kept any more")
    page.fill("[name=release-reason]", "Closed, reviewed, nothing is open")
    story.press("Release")
    page.goto(story.work)
    story.said("0 held.")
    live.wait(lambda: "ON" not in holds(live, references).values(), "the store lets go")
    looked_at(page, "28-closed")


def test_figures_and_their_files(story: Story, live: Live, sign_in: SignIn) -> None:
    """A year of complaints as charts, each with its table and its file."""
    live.manage("shell", "-v0", "-c", YEAR.format())
    watched = sign_in("lane")
    page = watched.page
    page.goto(f"{live.url}/admin/")
    page.get_by_role("link", name="Statistics").first.click()
    expect(page.locator("h1, h2").filter(has_text="Statistics").first).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 1000})
    picture(page, "statistics")
    looked_at(page, "30-statistics")
    charts = page.locator("svg.drawn").count()
    assert charts >= 5
    for button in page.get_by_role("button", name=re.compile("^Download")).all():
        with page.expect_download() as coming:
            button.click()
        rows = list(csv.reader(io.StringIO(Path(coming.value.path()).read_text("utf-8-sig"))))
        assert len(rows) > 2
        assert len(rows[0]) > 1
        table = button.locator("xpath=ancestor::section[1]").locator("thead th")
        assert rows[0] == table.all_text_contents()
    page.goto(f"{live.url}/admin/complaints/complaint/")
    looked_at(page, "31-list")
    assert watched.complaints == []
