"""A case from its opening to the disclosure papers: every page looked at, every paper opened."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from ingest.media import tools
from tests import factories
from tests.conftest import FOOTAGE
from tests.ingest.clips import films
from tests.journeys.conftest import Watched, say_why
from tests.journeys.test_officer import looked_at, picture
from tests.journeys.test_player import until
from tests.live import Live

SignIn = Callable[..., Watched]
pytestmark = pytest.mark.browser

URN, SLUG, CRIME = "01AB/55123/26", "01AB-55123-26", "01AB/98765/26"
WHY = f"Evidence in {URN}"
STRIP = (films.BITS * films.COLUMN, films.HEIGHT)
# The clip: from frame 51 to frame 100, counted from 0 as the film says it.
FIRST, LAST = 51, 100
UNUSED = "The street before the arrest; 00:00:03 a bus"
SENSITIVE = "A door, with its number; 00:00:01 somebody opens"
DANGER = "It shows where a witness lives"
PAPERS = {
    "labels": "Exhibit labels",
    "mg11": "Producing paragraphs for the MG11",
    "mg12": "Exhibit list (MG12)",
    "mg6c": "Non-sensitive unused material (MG6C)",
    "mg6d": "Sensitive material (MG6D)",
}


def scene(seconds: int) -> bytes:
    """People in a corridor where the footage lies beside the project; each frame says its number
    in a strip on top."""
    real = FOOTAGE / "real" / "corridor-persons-139s.mp4"
    source = ["-ss", "20", "-i", str(real)] if real.is_file() else [
        "-f", "lavfi", "-i", "testsrc2=s=960x540:r=25"
    ]  # fmt: skip
    strip = f"color=black:s={STRIP[0]}x{STRIP[1]}:r=25,format=yuv420p,{films.PICTURE}"
    with TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        subprocess.run(
            [tools.path("ffmpeg"), "-v", "error", *source, "-f", "lavfi", "-i", strip, "-f",
             "lavfi", "-i", "sine=f=440:r=48000", "-filter_complex",
             "[0:v]fps=25,scale=960:540[scene];[scene][1:v]overlay=0:0[v]", "-map", "[v]", "-map",
             "2:a", "-t", str(seconds), "-c:v", "libx264", "-g", "50", "-pix_fmt", "yuv420p",
             "-c:a", "aac", str(film)], check=True,
        )  # fmt: skip
        return film.read_bytes()


def numbers(film: Path, folder: Path) -> list[int]:
    """What the frames of a film say of themselves."""
    strip = folder / "strip.mkv"
    subprocess.run(
        [tools.path("ffmpeg"), "-v", "error", "-y", "-i", str(film), "-an", "-vf",
         f"crop={STRIP[0]}:{STRIP[1]}:0:0", "-fps_mode", "passthrough", "-c:v", "ffv1",
         str(strip)], check=True,
    )  # fmt: skip
    return films.numbers(strip)


@dataclass
class Story:
    """Whom and what the story is about."""

    live: Live
    enter: SignIn
    folder: Path
    # References by what the recording is: street, arrest, door, stranger.
    footage: dict[str, str]
    people: dict[str, Watched] = field(default_factory=dict)

    def page(self, name: str) -> Page:
        """That person's browser; the same throughout."""
        if name not in self.people:
            self.people[name] = self.enter(name)
        return self.people[name].page

    def go(self, name: str, path: str) -> Page:
        """An address, in that person's browser."""
        page = self.page(name)
        page.goto(f"{self.live.url}{path}")
        return page


@pytest.fixture(scope="module")
def footage(docked: Path, live: Live, tmp_path_factory: Any) -> dict[str, str]:
    """That evening: two films of PC Shah's, one of them docked before, and two of PC Okoro's."""
    folder: Path = tmp_path_factory.mktemp("case")
    state = folder / "state"
    live.enrol(state, "CASE-01")
    cards = {
        "BWC-000101": {"20260922_220100": scene(8)},
        "BWC-000102": {"20260922_220030": factories.film(4), "20260922_220200": factories.film(3)},
    }
    for serial, made in cards.items():
        bay = folder / serial
        bay.mkdir()
        (bay / "camera.json").write_text(f'{{"serial": "{serial}", "clock_error_seconds": -16}}')
        for moment, film in made.items():
            (bay / f"{serial}_{moment}.MP4").write_bytes(film)
        live.dock(state, bay)
    live.wait(live.playable, "the viewing copies")
    rows = {file["file_id"]: row["recording"] for row in live.recordings() for file in row["files"]}
    return {
        "street": rows["BWC-000101_20260922_220000.MP4"],
        "arrest": rows["BWC-000101_20260922_220100.MP4"],
        "door": rows["BWC-000102_20260922_220030.MP4"],
        "stranger": rows["BWC-000102_20260922_220200.MP4"],
    }


def seen(page: Page, name: str) -> None:
    """The page as it stands, at both widths: axe, nothing too wide, targets; for looking at."""
    before = page.viewport_size or {"width": 1280, "height": 900}
    for width in (820, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        if folder := os.environ.get("SHOTS"):
            page.wait_for_timeout(200)
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
        looked_at(page, width)
    page.set_viewport_size({"width": before["width"], "height": before["height"]})


def tab_to(page: Page, name: str, most: int = 80) -> None:
    """Tab until the focus is on what has this id, or these words."""
    for _ in range(most):
        page.keyboard.press("Tab")
        at = page.evaluate(
            "[document.activeElement.id, document.activeElement.getAttribute('aria-label'),"
            " document.activeElement.innerText]"
        )
        if name in at:
            return
    raise AssertionError(f"no {name!r} within {most} tabs")


# Twenty pages at two widths: on a busy machine longer than others may take.
@pytest.mark.timeout(900)
def test_a_case_from_its_opening_to_its_papers(
    live: Live, sign_in: SignIn, footage: dict[str, str], tmp_path: Path
) -> None:
    story = Story(live, sign_in, tmp_path, footage)
    open_the_case(story)
    say_when_and_who(story)
    nothing_is_open_yet(story)
    find_and_link(story)
    it_is_open_to_the_team(story)
    produce(story)
    unlink(story)
    decide(story)
    papers(story)
    two_editors(story)
    for name, watched in story.people.items():
        # What was refused on purpose: wrong forms, closed doors, the older of two versions.
        left = [one for one in watched.complaints if not re.search("40[49]|422", one)]
        assert left == [], name


def open_the_case(story: Story) -> None:
    """A wrong reference first: the error shows a good one, and nothing typed is lost."""
    page = story.go("cole", "/cases/")
    seen(page, "cases-before")
    page.get_by_role("button", name="Open a case").click()
    page.get_by_label("URN").fill(URN)
    page.get_by_label("Title").fill("R v Marlow")
    page.get_by_label("Crime reference").fill("nonsense")
    page.get_by_label("Offence").fill("Burglary, Theft Act 1968 s.9")
    page.get_by_label("Officer in the case").fill("733")
    page.get_by_role("button", name="Open the case").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text(
        "Enter a crime reference like 01AB/12345/26"
    )
    expect(page.get_by_label("Title")).to_have_value("R v Marlow")
    seen(page, "open-wrong")
    page.get_by_label("Crime reference").fill(CRIME.lower())
    page.get_by_role("button", name="Open the case").click()
    expect(page.locator("h1")).to_have_text(URN)
    expect(page.locator(".identity")).to_contain_text(
        f"R v Marlow · Burglary, Theft Act 1968 s.9 · crime {CRIME}"
    )
    expect(page.locator("main")).to_contain_text("DC 733 Cole")
    seen(page, "case-empty")


def say_when_and_who(story: Story) -> None:
    """A day in court, and DC Cole's disclosure officer."""
    page = story.go("cole", f"/cases/{SLUG}/")
    page.get_by_role("button", name="Days in court").click()
    day = timezone.localdate() + timedelta(days=40)
    page.get_by_label("Date").fill(f"{day:%Y-%m-%d}")
    page.get_by_label("Court", exact=True).fill("Southwark Crown Court")
    page.get_by_label("What for").fill("plea and trial preparation")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("main table")).to_contain_text(f"{day:%-d %b %Y}")
    seen(page, "court")
    page.get_by_role("link", name=f"Back to {URN}").click()
    expect(page.locator(".lead")).to_contain_text(f"Next in court on {day:%A %-d %B %Y}")
    page.get_by_role("button", name="Team", exact=True).click()
    page.get_by_label("Collar number").fill("9999")
    page.get_by_label("What they do in the case").select_option(label="Disclosure officer")
    page.get_by_label("Reason").fill("Schedules for the trial")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".govuk-error-summary")).to_be_visible()
    seen(page, "team-wrong")
    page.get_by_label("Collar number").fill("2214")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("main table")).to_contain_text("2214 Marsh")
    seen(page, "team")


def nothing_is_open_yet(story: Story) -> None:
    """Footage of others is not there for them, whoever they are in a case."""
    for name in ("cole", "marsh"):
        page = story.page(name)
        answer = page.goto(f"{story.live.url}/footage/{story.footage['arrest']}/")
        assert answer and answer.status == 404, name


def find_and_link(story: Story) -> None:
    """By time and officer, then by time: who, when and where, and no way in."""
    page = story.go("cole", f"/cases/{SLUG}/")
    page.get_by_role("button", name="Find more footage").click()
    seen(page, "find-before")
    page.get_by_label("From").fill("2026-09-22T22:50")
    page.get_by_label("To", exact=True).fill("2026-09-22T22:40")
    page.get_by_role("button", name="Find").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("The end must be after the start")
    page.get_by_label("To", exact=True).fill("2026-09-22T23:30")
    page.get_by_label("Officers").fill("4127")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("#found")).to_have_text("2 were recording")
    rows = page.locator(".worklist")
    expect(rows).to_contain_text(story.footage["street"])
    expect(rows).not_to_contain_text(story.footage["door"])
    # Who, when, where: no way to the footage, and no picture of it.
    assert rows.locator("a, img, video").count() == 0
    seen(page, "found")
    for name in ("street", "arrest"):
        page.locator(f"#pick-{story.footage[name]}").check()
    page.get_by_label("Why it belongs to this case").fill("PC Shah made the arrest")
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.locator("#footage ~ .scroll")).to_contain_text("PC Shah made the arrest")

    page.get_by_role("button", name="Find more footage").click()
    page.get_by_label("From").fill("2026-09-22T22:50")
    page.get_by_label("To", exact=True).fill("2026-09-22T23:30")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("#found")).to_have_text("4 were recording")
    for name in ("door", "stranger"):
        page.locator(f"#pick-{story.footage[name]}").check()
    # Without a reason nothing is linked, and what was ticked stays so.
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.locator(".govuk-error-summary")).to_be_visible()
    seen(page, "link-why")
    page.get_by_label("Why it belongs to the case").fill("PC Okoro stood at the corner")
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.locator("h1")).to_have_text(URN)
    expect(page.locator("#state-footage")).to_have_text("4 recordings")


def it_is_open_to_the_team(story: Story) -> None:
    """What could not be opened before can be, by the case; with the reason for looking."""
    for name in ("cole", "marsh"):
        page = story.go(name, f"/cases/{SLUG}/")
        page.locator("table").get_by_role("link", name=story.footage["arrest"], exact=True).click()
        say_why(page, WHY)
        expect(page.locator("h1")).to_contain_text(story.footage["arrest"])
        page.locator('[data-do="play"]').click()
        until(page, "document.getElementById('video').currentTime > 0.2")
        page.locator('[data-do="play"]').click()


def produce(story: Story) -> None:
    """The recording as an exhibit; then a clip of it, its range set by keys alone."""
    page = story.go("cole", f"/footage/{story.footage['arrest']}/")
    page.get_by_role("link", name="Clip or produce").click()
    page.get_by_label("All of it, the original").check()
    expect(page.locator("#from")).to_be_hidden()
    page.get_by_label("What it shows").fill("A man in the corridor")
    page.get_by_role("button", name="Produce", exact=True).click()
    expect(page.get_by_role("heading", name="AC/1", exact=True)).to_be_visible()
    expect(page.locator(".identity .badge")).to_have_text("ORIGINAL")
    seen(page, "exhibit-whole")

    story.go("cole", f"/footage/{story.footage['arrest']}/clip/")
    expect(page.get_by_label("Exhibit mark")).to_have_value("AC/2")
    expect(page.get_by_label("Case", exact=True)).to_have_value(URN)
    keys = page.keyboard
    page.locator("#main").focus()
    set_by_keys(page, "2", FIRST - 1, ".")  # one frame on from 2 s
    tab_to(page, "Set from here")
    keys.press("Enter")
    expect(page.locator("#from")).to_have_value("00:00:02.060")
    page.locator("#main").focus()
    set_by_keys(page, "4", LAST, "")
    tab_to(page, "Set to here")
    keys.press("Enter")
    expect(page.locator("#to")).to_have_value(re.compile(r"00:00:04\.0\d0"))
    tab_to(page, "description")
    keys.type("He walks to the table")
    seen(page, "clip-form")
    tab_to(page, "Produce")
    keys.press("Enter")
    expect(page.get_by_role("heading", name="AC/2", exact=True)).to_be_visible()

    # The worker cuts it, and the page shows it by itself; it plays, and every frame is there.
    expect(page.locator("#player")).to_be_visible(timeout=90_000)
    expect(page.locator(".stage-label")).to_have_text("CLIP of AC/1")
    page.locator('[data-do="play"]').click()
    until(page, "document.getElementById('video').currentTime > 0.4")
    page.locator('[data-do="play"]').click()
    expect(page.get_by_text(f"{LAST - FIRST + 1} frames, sound kept")).to_be_visible()
    seen(page, "exhibit-clip")
    page.reload()
    page.set_viewport_size({"width": 1280, "height": 1240})
    page.locator('[data-do="play"]').click()
    until(page, "document.getElementById('video').currentTime > 0.4")
    page.locator('[data-do="play"]').click()
    page.fill("#goto-time", "1.9")
    page.locator("#goto button").click()
    until(page, at_frame(48))
    picture(page, "exhibit")
    page.set_viewport_size({"width": 1280, "height": 900})
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download AC/2").click()
    clip = story.folder / "clip.mp4"
    waiting.value.save_as(clip)
    assert numbers(clip, story.folder) == list(range(FIRST, LAST + 1))
    page = story.go("cole", f"/cases/{SLUG}/exhibits/")
    seen(page, "exhibits")


def set_by_keys(page: Page, seconds: str, frame: int, key: str) -> None:
    """Go to a time, wait for its frame, and step on from the player's head.

    A busy browser may not confirm which frame it shows; the player then says "About". What is cut
    goes by the time in either case, and is read from the clip's pictures below.
    """
    tab_to(page, "goto-time")
    page.keyboard.press("Control+A")
    page.keyboard.type(seconds)
    page.keyboard.press("Enter")
    until(page, at_frame(frame + 1))
    if key:
        tab_to(page, "head")
        page.keyboard.press(key)
        until(page, at_frame(frame + 2))


def at_frame(number: int) -> str:
    return f"/^(About f|F)rame {number} of/.test(document.getElementById('frame').textContent)"


def unlink(story: Story) -> None:
    """An exhibit stays in its case; of the other it is said first until when it is kept."""
    page = story.go("cole", f"/cases/{SLUG}/unlink/{story.footage['arrest']}/")
    expect(page.locator("main")).to_contain_text(
        f"It is exhibit AC/1 in {URN}. Withdraw that first."
    )
    expect(page.get_by_role("button", name="Unlink")).to_have_count(0)
    seen(page, "unlink-refused")
    page = story.go("cole", f"/cases/{SLUG}/")
    page.get_by_role("link", name=f"Unlink {story.footage['stranger']}").click()
    expect(page.locator("#after")).to_contain_text(re.compile(r"After this it goes on \d+ \w+ 20"))
    page.get_by_role("button", name="Unlink").click()
    expect(page.locator(".govuk-error-summary")).to_be_visible()
    seen(page, "unlink")
    page.get_by_label("Why it does not belong to the case").fill("Another stop, of somebody else")
    page.get_by_role("button", name="Unlink").click()
    expect(page.locator("main")).to_contain_text(f"{story.footage['stranger']} is unlinked")
    expect(page.locator("#state-footage")).to_have_text("3 recordings")
    answer = page.goto(f"{story.live.url}/footage/{story.footage['stranger']}/")
    assert answer and answer.status == 404


def decide(story: Story) -> None:
    """The disclosure officer: unused, and sensitive; each with its reason."""
    page = story.go("marsh", f"/cases/{SLUG}/")
    seen(page, "case-marsh")
    expect(page.get_by_role("button", name="Find more footage")).to_have_count(0)
    page.get_by_role("link", name="Disclosure and papers").click()
    seen(page, "papers-before")
    page.get_by_role("link", name=f"Decide about {story.footage['street']}").click()
    page.get_by_label("Relevant", exact=True).check()
    page.get_by_label("What it shows, with key times").fill(UNUSED)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("Enter why, in a few words")
    expect(page.get_by_label("What it shows, with key times")).to_have_value(UNUSED)
    seen(page, "decide-wrong")
    page.get_by_label("Why you decide so").fill("Shows the street beforehand")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name=f"Decide about {story.footage['door']}").click()
    page.get_by_label("Relevant", exact=True).check()
    page.get_by_label("Sensitive").check()
    page.get_by_label("Do not disclose").check()
    page.get_by_label("What it shows, with key times").fill(SENSITIVE)
    page.get_by_label("Why you decide so").fill(DANGER)
    page.get_by_role("button", name="Save").click()
    for name in (story.footage["arrest"], "AC/1", "AC/2"):
        page.get_by_role("link", name=f"Decide about {name}").click()
        page.get_by_label("Relevant", exact=True).check()
        page.get_by_label("Used: part of the prosecution's case").check()
        page.get_by_label("Why you decide so").fill("The arrest itself")
        page.get_by_role("button", name="Save").click()
    main = page.locator("main")
    expect(main).to_contain_text("Relevant, unused, sensitive, do not disclose")
    expect(main).not_to_contain_text("not decided yet")
    seen(page, "papers")


def squeezed(text: str) -> str:
    """Without blanks: a line's end in a cell says nothing."""
    return "".join(text.split())


def paper(story: Story, kind: str) -> tuple[str, list[dict[str, str]]]:
    """One paper as the disclosure officer gets it: the PDF's text and the CSV's rows."""
    page = story.page("marsh")
    made = {}
    for ending in ("PDF", "CSV"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=f"Make {PAPERS[kind]} as {ending}").click()
        name = waiting.value.suggested_filename
        assert name.startswith(f"{kind}-{SLUG}-") and name.endswith(ending.lower())
        made[ending] = Path(waiting.value.path()).read_bytes()
        if folder := os.environ.get("SHOTS"):
            Path(f"{folder}/{kind}.{ending.lower()}").write_bytes(made[ending])
    reader = PdfReader(io.BytesIO(made["PDF"]))
    text = squeezed("".join(sheet.extract_text() for sheet in reader.pages))
    rows = list(csv.DictReader(io.StringIO(made["CSV"].decode("utf-8-sig"))))
    for number, sheet in enumerate(reader.pages, start=1):
        on = squeezed(sheet.extract_text())
        assert squeezed(URN) in on and f"{number}of{len(reader.pages)}" in on, (kind, number)
        assert "2214Marsh" in on, (kind, number)
    return text, rows


def papers(story: Story) -> None:
    """Each PDF says what its CSV says; the sensitive row is on one paper only."""
    page = story.go("marsh", f"/cases/{SLUG}/papers/")
    expect(page.locator("h1")).to_contain_text("Disclosure and papers")
    made = {kind: paper(story, kind) for kind in PAPERS}
    for kind, (text, rows) in made.items():
        for row in rows:
            for head, cell in row.items():
                # In print the labels and the list say these in one line with others.
                assert squeezed(cell) in text, (kind, head, cell)
    hashes = story.live.manage("shell", "-v", "0", "-c", HASHES)
    whole, clip = hashes.split()[-2:]
    assert clip == hashlib.sha256((story.folder / "clip.mp4").read_bytes()).hexdigest()
    for kind in ("labels", "mg11", "mg12"):
        text, rows = made[kind]
        assert [row["Mark"] for row in rows] == ["AC/1", "AC/2"]
        for wanted in (whole, clip, "DC733AlexCole", "AC/1", "AC/2"):
            assert wanted in text, (kind, wanted)
    for kind in ("mg11", "mg12"):
        assert squeezed("00:00:02.060 to 00:00:04.000, 50 frames") in made[kind][0]
        assert squeezed("frames 52 to 101") in made[kind][0]
        assert story.footage["arrest"] in made[kind][0]
    assert [row["What"] for row in made["mg12"][1]] == ["ORIGINAL", "CLIP of AC/1"]
    # The schedules: one thing each, and what is sensitive nowhere else.
    assert [row["Reference"] for row in made["mg6c"][1]] == [story.footage["street"]]
    assert [row["Reference"] for row in made["mg6d"][1]] == [story.footage["door"]]
    assert squeezed(UNUSED) in made["mg6c"][0] and squeezed(DANGER) in made["mg6d"][0]
    for kind in ("labels", "mg11", "mg12", "mg6c"):
        text, rows = made[kind]
        everything = text + squeezed(str(rows))
        for secret in (story.footage["door"], SENSITIVE, DANGER):
            assert squeezed(secret) not in everything, (kind, secret)
    # Nothing of what was unlinked, and that papers were made stands in the case's history.
    assert not any(story.footage["stranger"] in text for text, _ in made.values())


HASHES = """
from evidence.exhibits.models import Exhibit
one, two = Exhibit.objects.filter(case__urn="01AB/55123/26").order_by("pk")
print(one.recording.originals.get().sha256, two.clip.sha256)
"""


def two_editors(story: Story) -> None:
    """The second to save sees both, chooses, and nothing typed is lost."""
    late = story.go("cole", f"/cases/{SLUG}/change/")
    first = story.go("lane", f"/cases/{SLUG}/change/")
    first.get_by_label("Title").fill("R v Marlow and another")
    first.get_by_role("button", name="Save").click()
    expect(first.locator(".identity")).to_contain_text("R v Marlow and another")
    late.get_by_label("Title").fill("R v Marlow and Price")
    late.get_by_label("Offence").fill("Burglary")
    late.get_by_role("button", name="Save").click()
    expect(late.locator(".govuk-error-summary")).to_contain_text(
        re.compile(r"DS 12 Lane saved this at \d\d:\d\d\. Compare and choose\.")
    )
    expect(late.locator("main")).to_contain_text("As saved: R v Marlow and another")
    seen(late, "conflict")
    late.get_by_label("Yours: R v Marlow and Price").check()
    late.get_by_label("Yours: Burglary").check()
    late.get_by_role("button", name="Save what you chose").click()
    expect(late.locator(".identity")).to_contain_text("R v Marlow and Price · Burglary")
    # The chart is a minute long: its times are told apart by their seconds.
    scale = late.locator(".chart-scale span").all_text_contents()
    assert len(set(scale)) == len(scale) == 5, scale
    seen(late, "case")
    late.reload()
    picture(late, "case")
    seen(story.go("cole", "/cases/"), "cases")
