"""From a camera's card to a verified, playable recording, in a browser."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from evidence.custody.log import receipt
from evidence.custody.log.note import VerifierKey
from ingest.agent.journal import Journal
from tests import factories
from tests.conftest import FOOTAGE
from tests.journeys.conftest import Watched
from tests.live import Live

SignIn = Callable[..., Watched]
pytestmark = pytest.mark.browser


VIDEO = "document.getElementById('video')"


def until(page: Any, expression: str, seconds: float = 20) -> None:
    """Wait for an expression to hold. (Playwright's own waiting needs eval, which we forbid.)"""
    deadline = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, (expression, page.evaluate(f"{VIDEO}.currentTime"))
        page.wait_for_timeout(50)


def card(folder: Path, serial: str, count: int, seed: int = 0) -> Path:
    """A card of films, each different; the clips that lie beside the project where they do."""
    folder.mkdir(parents=True)
    (folder / "camera.json").write_text(json.dumps({"serial": serial, "clock_error_seconds": -16}))
    began = 1_790_000_000
    clips = sorted((FOOTAGE / "real").glob("*.mp4"))[:count] if FOOTAGE.is_dir() else []
    for number in range(count):
        name = time.strftime("CLIP_%Y%m%d_%H%M%S.MP4", time.gmtime(began + 600 * number))
        body = clips[number].read_bytes() if number < len(clips) else factories.film(2 + number)
        (folder / name).write_bytes(body + f"\n{seed}-{number}".encode())
    return folder


def test_the_agent_keeps_a_receipt_that_the_pinned_key_signed(docked: Path, live: Live) -> None:
    book = Journal(docked / "state")
    pinned = VerifierKey.parse(book.setting("server_key"))
    [kept] = (docked / "state" / "receipts").glob("*.txt")
    found = receipt.open_receipt(kept.read_text(), [pinned])
    [row] = [row for row in live.uploads() if row["id"] == found.upload]
    assert (row["state"], row["sha256"], row["size"]) == ("sealed", found.sha256, found.size)


def test_an_officer_watches_says_what_it_is_and_reads_its_history(
    docked: Path, live: Live, sign_in: SignIn, tmp_path: Path
) -> None:
    watched = sign_in("shah", 820, 1180)
    page = watched.page
    expect(page.get_by_role("heading", name="My footage")).to_be_visible()
    mine = _recording_of(live, "BWC-000101_20260922_220000.MP4")["recording"]
    page.goto(f"{live.url}/footage/{mine}/")
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, "document.getElementById('video').currentTime > 0.5")
    page.keyboard.press("k")
    until(page, "document.getElementById('video').paused")
    page.get_by_role("slider").focus()
    page.keyboard.press("End")
    until(page, "document.getElementById('video').currentTime > 7")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    until(page, "Math.abs(document.getElementById('video').currentTime - 1) < 0.6")
    assert "second" in (page.get_by_role("slider").get_attribute("aria-valuetext") or "")
    # The storyboard comes with the pointer.
    box = page.get_by_role("slider").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10)
    expect(page.locator("#preview")).to_be_visible()
    page.get_by_label("Arrest").check()
    page.get_by_role("button", name="Categorise").click()
    history = page.locator(".history")
    expect(history).to_contain_text("Categorised as Arrest by PC 4127 Shah")
    expect(history).to_contain_text("Played by PC 4127 Shah")
    expect(history).to_contain_text("Received from dock CH-02 and proved unchanged")
    expect(page.locator(".proof")).to_contain_text("Unchanged")
    assert watched.complaints == []


def test_another_officer_finds_no_trace(docked: Path, live: Live, sign_in: SignIn) -> None:
    reference = next(row["recording"] for row in live.recordings() if row["officer"] == "4127")
    page = sign_in("okoro").page
    assert reference not in page.content()
    answer = page.goto(f"{live.url}/footage/{reference}/")
    assert answer
    assert answer.status == 404
    expect(page.locator("main")).to_contain_text("There is nothing here that you can see")
    assert "BWC-000101" not in page.content()


def test_one_tap_in_the_list_saves_and_can_be_undone(
    docked: Path, live: Live, sign_in: SignIn
) -> None:
    live.manage("shell", "-v0", "-c", (
        "from evidence.recordings.models import Recording;"
        "Recording.objects.filter(camera='BWC-000101').update(category=None, categorised_at=None)"
    ))  # fmt: skip
    watched = sign_in("hughes", 390, 844)
    page = watched.page
    page.goto(f"{live.url}/footage/")
    row = page.locator(".row").filter(has_text="Needs category").first
    reference = re.search(r"R-\w{4}-\w{4}", row.inner_text())
    assert reference
    row = page.locator(f"#row-{reference[0]}")
    row.get_by_role("button", name=re.compile("^Stop and search")).click()
    expect(row).to_contain_text("Saved as Stop and search")
    row.get_by_role("button", name=re.compile("^Undo")).press("Enter")
    expect(row).to_contain_text("Needs category")
    assert watched.complaints == []


@pytest.mark.parametrize("width", [390, 820, 1280, 1920])
def test_pages_are_accessible_and_fit(
    docked: Path, live: Live, sign_in: SignIn, width: int
) -> None:
    watched = sign_in("shah", width)
    page = watched.page
    reference = next(row["recording"] for row in live.recordings() if row["officer"] == "4127")
    for path in ("/footage/", f"/footage/{reference}/", "/nothing/"):
        page.goto(live.url + path)
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
        assert found.violations_count == 0, found.generate_report()
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, (path, width, wide)
    assert [text for text in watched.complaints if "404" not in text] == []


def test_a_prosecutor_opens_a_share_by_a_code(
    docked: Path, live: Live, sign_in: SignIn, browser: Any
) -> None:
    reference = next(row["recording"] for row in live.recordings() if row["officer"] == "4127")
    page = sign_in("lane").page
    live.manage("shell", "-v0", "-c", (
        "from evidence.sharing.models import Domain;"
        "Domain.objects.get_or_create(name='cps.example', defaults={'organisation': 'CPS'})"
    ))  # fmt: skip
    page.goto(f"{live.url}/shares/new/?recording={reference}")
    page.fill("#recipient", "J Marlow")
    page.fill("#organisation", "CPS London")
    page.fill("#email", "j.marlow@cps.example")
    page.get_by_label("Charging advice").check()
    page.fill("#purpose", "Charging decision")
    page.get_by_role("button", name="Go on and check").click()
    page.get_by_role("button", name="Send the link").click()
    expect(page.locator("body")).to_contain_text("Link sent to j.marlow@cps.example")
    link = _mailed(live, r"http\S+/shared/open#\S+")
    outside = Watched(browser.new_context(viewport={"width": 390, "height": 844}).new_page())
    phone = outside.page
    phone.goto(link)
    phone.get_by_role("button", name="Send code").click()
    expect(phone.locator("main")).to_contain_text("j…@cps.example")
    phone.fill("#code", _mailed(live, r"\b\d{6}\b"))
    phone.get_by_role("button", name="Go on").click()
    phone.get_by_role("link", name=re.compile("^Play")).click()
    phone.get_by_role("button", name="Play", exact=True).click()
    until(phone, "document.getElementById('video').currentTime > 0.3")
    assert "#" not in phone.url
    assert outside.complaints == []
    page.get_by_role("button", name="Revoke", exact=True).click()
    page.fill("#reason", "The wrong person")
    page.get_by_role("button", name="Revoke", exact=True).click()
    phone.reload()
    expect(phone.locator("main")).to_contain_text("This share has ended")


def _mailed(live: Live, pattern: str) -> str:
    found: list[str] = []

    def look() -> bool:
        for path in sorted((live.layout.data / "mail").glob("*"), key=os.path.getmtime):
            found.extend(re.findall(pattern, path.read_text().partition("\n\n")[2]))
        return bool(found)

    live.wait(look, "a message", 20)
    return found[-1]


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("lane", "recordings/recording/"), ("lane", "cases/case/"), ("lane", "complaints/complaint/"),
        ("lane", "complaints/complaint/add/"), ("lane", "retention/hold/"),
        ("lane", "retention/unassigned/"), ("lane", "sharing/share/"), ("lane", "sharing/domain/add/"),
        ("lane", "uploads/upload/"), ("lane", "uploads/quarantine/"),
        ("audit", "custody/event/"), ("audit", "custody/checkpoint/"),
        ("admin", "devices/camera/"), ("admin", "devices/dock/"), ("admin", "devices/issue/add/"),
        ("admin", "people/user/"), ("admin", "people/user/add/"),
    ],
)  # fmt: skip
def test_the_back_office_opens_without_a_complaint_of_the_browser(
    docked: Path, live: Live, sign_in: SignIn, who: str, path: str
) -> None:
    watched = sign_in(who)
    answer = watched.page.goto(f"{live.url}/admin/{path}")
    assert answer
    assert answer.status == 200
    watched.page.wait_for_load_state("networkidle")
    assert watched.complaints == []


# --- deaths ---


def test_an_agent_killed_at_random_points_seals_every_file_once(live: Live, tmp_path: Path) -> None:
    seed = int(os.environ.get("SEED", "20261122"))
    dice = random.Random(seed)
    bay = card(tmp_path / "bay", "BWC-000102", 12, seed)
    wanted = {path.name: path.read_bytes() for path in bay.glob("*.MP4")}
    state = tmp_path / "state"
    live.enrol(state, "KILL-01")
    kills, cards = 0, 1
    while kills < 20:
        if not list(bay.glob("*.MP4")):
            # The card was finished before all kills: another, so that every kill hits work.
            cards += 1
            bay, more = _next_card(tmp_path, cards, seed)
            wanted |= more
        agent = live.agent(state, "run", "--bay", str(bay), "--once", "--limit", "40")
        try:
            agent.wait(timeout=dice.uniform(0.25, 1.6))
        except subprocess.TimeoutExpired:
            agent.send_signal(signal.SIGKILL)
            agent.wait()
            kills += 1
            _nothing_wiped_early(bay, state, wanted)
    live.dock(state, bay)
    assert kills == 20
    # Other stories dock files of this camera too, under names of their own.
    rows = [row for row in live.uploads()
            if row["camera"].startswith("BWC-000102") and row["file_id"] in wanted]  # fmt: skip
    assert {row["file_id"] for row in rows} == set(wanted)
    assert len(rows) == len(wanted)
    assert {row["state"] for row in rows} == {"sealed"}
    assert len(list((state / "receipts").glob("*.txt"))) == len(wanted)
    assert json.loads(live.manage("reconcile", "--json").splitlines()[-1])["faults"] == 0


def _next_card(folder: Path, number: int, seed: int) -> tuple[Path, dict[str, bytes]]:
    bay = card(folder / f"bay{number}", "BWC-000102", 6, seed + number)
    for path in list(bay.glob("*.MP4")):
        path.rename(path.with_name(f"{number}_{path.name}"))
    return bay, {path.name: path.read_bytes() for path in bay.glob("*.MP4")}


def _recording_of(live: Live, name: str) -> dict[str, Any]:
    """Other stories dock footage of the same people and cameras."""
    [found] = [row for row in live.recordings() if name in {f["file_id"] for f in row["files"]}]
    return found


def _nothing_wiped_early(bay: Path, state: Path, wanted: dict[str, bytes]) -> None:
    """Whatever is gone from a card has its receipt on disk."""
    receipts = "".join(path.read_text() for path in (state / "receipts").glob("*.txt"))
    on_cards = {path.name for card in bay.parent.glob("bay*") for path in card.glob("*.MP4")}
    for name in set(wanted) - on_cards:
        assert f"file {name}\n" in receipts, name


def test_a_killed_media_workers_task_is_done_again_once(live: Live, tmp_path: Path) -> None:
    bay = tmp_path / "bay"
    bay.mkdir()
    (bay / "camera.json").write_text('{"serial": "BWC-000117"}')
    (bay / "LONG_20260923_080000.MP4").write_bytes(factories.film(240))
    state = tmp_path / "state"
    live.enrol(state, "KILL-02")
    live.dock(state, bay)

    def state_of() -> str:
        return str(_recording_of(live, "LONG_20260923_080000.MP4")["media"])

    # Asked of the database itself: a command would take as long as the worker may.
    begun = (
        "SELECT 1 FROM recordings_recording r JOIN recordings_original o ON o.recording_id = r.id "
        "WHERE o.file_name = %s AND r.media = 'rendering'"
    )
    with live.database() as database:
        database.autocommit = True
        live.wait(
            lambda: database.execute(begun, ["LONG_20260923_080000.MP4"]).fetchone(),
            "the worker to begin",
        )
    worker = live.processes.pop("media")
    for child in _descendants(worker.pid):
        os.kill(child, signal.SIGKILL)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    # As if its claim had run out: nobody waits five minutes in a test.
    live.manage("shell", "-v0", "-c", (
        "from evidence.recordings.models import Original; from django.utils import timezone;"
        "Original.objects.filter(media='running').update(media_claimed_until=timezone.now())"
    ))  # fmt: skip
    live.start("media")
    live.wait(lambda: state_of() == "ready", "the viewing copy", 120)
    recording = _recording_of(live, "LONG_20260923_080000.MP4")
    assert len(recording["files"]) == 1
    said = live.manage("shell", "-v0", "-c", (
        "from evidence.recordings.models import Rendition; from evidence.custody.models import Event;"
        f"print(sorted(Rendition.objects.filter(original__recording__reference='{recording['recording']}')"
        ".values_list('kind', flat=True)), Event.objects.filter(type='rendition.created',"
        f"object_ref='{recording['files'][0]['reference']}').count())"
    ))  # fmt: skip
    assert said.strip().splitlines()[-1] == (
        "['frames', 'poster', 'proxy', 'sound', 'storyboard', 'waveform'] 6"
    )


def _descendants(pid: int) -> list[int]:
    import psutil

    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


def test_everything_agrees_in_the_end(docked: Path, live: Live) -> None:
    live.wait(live.playable, "every viewing copy", 120)
    assert "Everything agrees" in live.manage("custody", "verify")
    assert json.loads(live.manage("reconcile", "--json").splitlines()[-1])["faults"] == 0
