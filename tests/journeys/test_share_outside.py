"""A prosecutor opens what was shared with her, watches, writes, takes it away; then it ends."""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys.conftest import Watched
from tests.journeys.test_first_light import VIDEO, until
from tests.live import Live

pytestmark = pytest.mark.browser
LEVELS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]

# A case with the whole film as AB/1 and a clip of it as AB/2, and the exhibit list.
PRODUCE = """
import json
from evidence.cases import actions as cases
from evidence.cases.models import Case, CaseLink
from evidence.exhibits import actions
from evidence.people.models import User
from evidence.recordings import markers
from evidence.recordings.models import Recording
shah = User.objects.get(username="shah")
cole = User.objects.get(username="cole")
docked = Recording.objects.filter(originals__file_name="BWC-000101_20260922_220000.MP4")
recording = docked.order_by("pk")[0]
if Case.objects.filter(urn="01AB/90001/26").exists():
    print("made by the stories of another file")
    raise SystemExit
case = Case.objects.create(urn="01AB/90001/26", title="R v Marsh",
    offence="Assault, Offences Against the Person Act 1861 s.47", officer_in_case=cole)
CaseLink.objects.create(case=case, recording=recording, reason="At the scene", linked_by=cole)
mark = markers.add(by=shah, reference=recording.reference, at_ms=3480, text="He is told why")
from evidence.exhibits.actions import Wish
whole = actions.produce(by=cole, case=case, reference=recording.reference, wish=Wish("AB/1",
    "The arrest in Villiers Street, PC Shah's camera", producer=shah, reason="At court"))
clip = actions.produce(by=cole, case=case, reference=recording.reference, wish=Wish("AB/2",
    "He is told why he is arrested", (2000, 6000), producer=shah, reason="At court"))
print(json.dumps({"case": case.urn, "mark": mark.pk}))
"""
READY = """
from evidence.exhibits.models import Clip
print(Clip.objects.filter(exhibit__mark="AB/2", exhibit__case__urn="01AB/90001/26").get().state)
"""
SHARE = """
import json
from datetime import datetime, time, timedelta
from django.utils import timezone
from evidence.cases.models import Case
from evidence.exhibits.models import Exhibit
from evidence.people.models import User
from evidence.recordings.models import Marker
from evidence.sharing import making
from evidence.sharing.wishes import Thing, Wish
from evidence.sharing.models import Basis, Domain
Domain.objects.get_or_create(name="cps.example", defaults={"organisation": "CPS"})
case = Case.objects.get(urn="01AB/90001/26")
mark = Marker.objects.get(text="He is told why")
whole, clip = Exhibit.objects.filter(case=case).order_by("mark")
until = timezone.make_aware(datetime.combine(timezone.localdate() + timedelta(days=11), time(23, 59)))
made = making.make(by=case.officer_in_case, wish=Wish(
    recipient="Jo Marlow", organisation="CPS London North", email="j.marlow@cps.example",
    purpose="Charging decision", until=until, basis=Basis.objects.get(code="charging"), case=case,
    words="A man was arrested outside a public house in Villiers Street on 22 September 2026. "
          "PC Shah's camera shows the arrest from the beginning.",
    downloads=%(downloads)s, watermark=%(watermark)s,
    things=[Thing(exhibit=whole, markers=[mark.pk]), Thing(exhibit=clip, markers=[mark.pk]),
            Thing(paper="mg12")],
))
print(json.dumps({"reference": made.share.reference, "token": made.token,
    "sha256": [whole.recording.originals.get().sha256, clip.clip.sha256]}))
"""
CHANGE = """
from evidence.sharing import changing
from evidence.sharing.models import Share
share = Share.objects.get(reference="%s")
%s
"""


@dataclass
class Shared:
    reference: str
    token: str
    sha256: list[str]


def shell(live: Live, script: str) -> str:
    return live.manage("shell", "-v", "0", "-c", script).splitlines()[-1]


@pytest.fixture(scope="module")
def produced(live: Live, docked: Path, passwords: dict[str, str]) -> None:
    """The case, once."""
    shell(live, PRODUCE)
    live.wait(lambda: shell(live, READY) == "ready", "the clip")


@pytest.fixture
def share(live: Live, produced: None) -> Callable[..., Shared]:
    def make(downloads: bool = True, watermark: bool = False) -> Shared:
        made = shell(live, SHARE % {"downloads": downloads, "watermark": watermark})
        return Shared(**json.loads(made))

    return make


def change(live: Live, shared: Shared, what: str) -> None:
    live.manage("shell", "-v", "0", "-c", CHANGE % (shared.reference, what))


def mailed(live: Live, pattern: str, after: float = 0) -> str:
    """What the newest mail to her says that fits."""
    found: list[str] = []

    def look() -> bool:
        for path in sorted((live.layout.data / "mail").glob("*"), key=os.path.getmtime):
            text = path.read_text()
            if path.stat().st_mtime >= after and "j.marlow@cps.example" in text:
                found.extend(re.findall(pattern, text.partition("\n\n")[2]))
        return bool(found)

    live.wait(look, "the mail")
    return found[-1]


class Visit(Watched):
    """A browser outside: also remembers every host that it asked, and every address."""

    def __init__(self, context: BrowserContext) -> None:
        self.asked: list[str] = []
        self.referers: list[str] = []
        context.on("request", self._noted)
        super().__init__(context.new_page())

    def _noted(self, request: Any) -> None:
        self.asked.append(request.url)
        self.referers.append(request.headers.get("referer", ""))


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    contexts = []

    def begin(width: int = 390, height: int = 844, **more: Any) -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": height}, accept_downloads=True, **more
        )
        contexts.append(context)
        return Visit(context)

    yield begin
    for context in contexts:
        context.close()


def seen(page: Page, name: str) -> None:
    """axe, nothing too wide, targets; a picture where one is asked for."""
    before = page.viewport_size or {"width": 1280, "height": 900}
    for width in (320, 390, 820, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        if folder := os.environ.get("SHOTS"):
            page.wait_for_timeout(200)
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
        found = Axe().run(page, options={"runOnly": LEVELS})
        assert found.violations_count == 0, found.generate_report()
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, (name, width, wide)
        small = page.evaluate(
            "[...document.querySelectorAll('main button, main summary, main .share-do a')]"
            ".filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 44)"
            ".map(e => e.innerText)"
        )
        assert small == [], (name, width)
    page.set_viewport_size({"width": before["width"], "height": before["height"]})


def tab_to(page: Page, name: str, most: int = 80) -> None:
    """Tab until the focus is on what has this id, name or these words; seen on the way."""
    for _ in range(most):
        page.keyboard.press("Tab")
        at = page.evaluate(
            "[document.activeElement.id, document.activeElement.getAttribute('aria-label'),"
            " document.activeElement.innerText]"
        )
        if name in at:
            return
    raise AssertionError(f"no {name!r} within {most} tabs")


def proved(
    live: Live, made: Shared, visit: Visit, name: str = "", heading: str = "R v Marsh"
) -> Page:
    """Opens the link and proves herself, by keyboard."""
    page, before = visit.page, time.time()
    page.goto(f"{live.url}/shared/open#{made.token}")
    expect(page.get_by_role("heading", name="Show that it is you")).to_be_visible()
    assert made.token not in page.url
    if name:
        seen(page, f"{name}-prove")
    tab_to(page, "Send code")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("j…@cps.example")
    if name:
        seen(page, f"{name}-sent")
    tab_to(page, "code")
    page.keyboard.type(mailed(live, r"\b\d{6}\b", before - 1))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    return page


def clean(live: Live, visit: Visit, made: Shared) -> None:
    """Nothing was complained of, no other host was asked, and no address held the secret."""
    left = [one for one in visit.complaints if not re.search("40[49]", one)]
    assert left == []
    hosts = {urlsplit(url).netloc for url in visit.asked if url.startswith("http")}
    assert hosts == {urlsplit(live.url).netloc}
    for url in visit.asked:
        assert made.token not in url.partition("#")[0]
    assert not [one for one in visit.referers if made.token in one]
    for path in (live.layout.data / "logs").glob("*.log"):
        assert made.token not in path.read_text(errors="replace"), path.name


@pytest.mark.timeout(600)
@pytest.mark.parametrize("width", [390, 1280])
def test_she_opens_watches_writes_and_takes_it_away_by_keyboard(
    live: Live, share: Callable[..., Shared], visit: Callable[..., Visit], width: int,
    tmp_path: Path,
) -> None:  # fmt: skip
    made, outside = share(), visit(width, 844)
    name = "share" if width == 1280 else ""
    page = proved(live, made, outside, name)
    for words in ("ORIGINAL", "CLIP of AB/1", "PAPER", "Villiers Street"):
        expect(page.locator("main")).to_contain_text(words)
    if name:
        seen(page, f"{name}-list")
    tab_to(page, "Play AB/1")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("AB/1")
    # The player, by keyboard: play, seek, one frame, mark.
    play = page.get_by_role("button", name="Play", exact=True)
    expect(play).to_be_enabled()
    play.focus()
    page.keyboard.press("Enter")
    until(page, f"{VIDEO}.currentTime > 0.3")
    page.keyboard.press("k")
    page.locator("#goto-time").fill("3.48")
    page.keyboard.press("Enter")
    until(page, f"Math.abs({VIDEO}.currentTime - 3.48) < 0.05")
    tab_to(page, "On one frame") if width > 5000 else page.locator("#head").focus()
    page.keyboard.press(".")
    until(page, f"{VIDEO}.currentTime > 3.48")
    until(page, "document.querySelectorAll('#lane-storyboard .tile').length > 0")
    until(page, "document.querySelectorAll('#lane-waveform path').length > 0")
    until(page, "document.querySelectorAll('#lane-markers path, #lane-notes path').length > 0")
    if name:
        seen(page, f"{name}-item")
    page.get_by_role("button", name="Mark this time").focus()
    page.keyboard.press("Enter")
    assert page.locator("#mark-at").input_value().startswith("00:00:03.")
    page.keyboard.type("Who is the man on the left?")
    tab_to(page, "Send")
    page.keyboard.press("Enter")
    expect(page.locator("#markers")).to_contain_text("Who is the man on the left?")
    expect(page.locator(".marks-said")).to_contain_text("Sent to")
    # Taking it away.
    for number, digest in enumerate(made.sha256, start=1):
        page.goto(f"{live.url}/shared/{made.reference}/")
        with page.expect_download() as waited:
            tab_to(page, f"Download AB/{number}")
            page.keyboard.press("Enter")
        assert waited.value.suggested_filename == f"AB_{number}-{digest[:8]}.mp4"
        target = tmp_path / "got"
        waited.value.save_as(target)
        assert hashlib.sha256(target.read_bytes()).hexdigest() == digest
    page.goto(f"{live.url}/shared/{made.reference}/2/")
    expect(page.locator(".stage-label")).to_have_text("CLIP of AB/1")
    expect(page.locator("main")).to_contain_text("Cut from the original frame by frame")
    if name:
        seen(page, f"{name}-clip")
    page.goto(f"{live.url}/shared/{made.reference}/")
    tab_to(page, "Ask for more time")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("You asked for more time")
    if name:
        seen(page, f"{name}-more")
    change(live, made, "changing.revoke(by=share.owner, share=share, reason='At an end')")
    page.goto(f"{live.url}/shared/{made.reference}/")
    expect(page.locator("h1")).to_have_text("This share has ended")
    if name:
        seen(page, f"{name}-ended")
    clean(live, outside, made)
    stranger = visit(width)
    stranger.page.goto(f"{live.url}/shared/open#{made.token}")
    expect(stranger.page.locator("h1")).to_have_text("This link can't be opened")
    if name:
        seen(stranger.page, f"{name}-closed")


@pytest.mark.timeout(300)
def test_what_plays_stops_when_it_is_revoked(
    live: Live, share: Callable[..., Shared], visit: Callable[..., Visit]
) -> None:
    made, outside = share(downloads=False, watermark=True), visit(1280, 900)
    page = proved(live, made, outside)
    page.goto(f"{live.url}/shared/{made.reference}/1/")
    expect(page.locator("#files ~ p, main").first).to_be_visible()
    assert page.locator(".picture .watermark").count() == 1
    page.get_by_role("button", name="Play", exact=True).click()
    page.locator("[data-do=loop]").click()
    page.locator("#loop-from").fill("0:00")
    page.locator("#loop-to").fill("0:05")
    page.locator("#loop-to").press("Tab")
    until(page, f"{VIDEO}.currentTime > 0.3")
    seen(page, "share-watermark")
    until(page, f"!{VIDEO}.paused")
    change(live, made, "changing.revoke(by=share.owner, share=share, reason='At an end')")
    ended = page.locator("#share-ended")
    expect(ended).to_contain_text("This share has ended. Ask", timeout=15_000)
    assert page.evaluate(f"{VIDEO}.paused && !{VIDEO}.currentSrc || {VIDEO}.readyState === 0")
    assert page.evaluate("document.activeElement.id") == "share-ended"
    assert not page.locator("#player").is_visible()
    page.set_viewport_size({"width": 1280, "height": 500})
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/share-stopped.png", full_page=True)
    left = [one for one in outside.complaints if not re.search("40[49]", one)]
    assert left == []


BIG = """
import hashlib, json, uuid
from datetime import timedelta
from django.utils import timezone
from evidence.people.models import User
from evidence.recordings.models import Original, Recording
from evidence.sharing import making
from evidence.sharing.wishes import Thing, Wish
from evidence.sharing.models import Basis, Domain
from evidence.store import s3
Domain.objects.get_or_create(name="cps.example", defaults={"organisation": "CPS"})
body, key = bytes(1 << 20) * %(megabytes)d, f"test/{uuid.uuid4().hex}"
sha256, now = hashlib.sha256(body).hexdigest(), timezone.now()
version = s3.put("originals", key, body, sha256, "video/mp4")
recording = Recording.objects.create(camera="BIG-1", happened_at=now, recorded_at=now)
Original.objects.create(recording=recording, reference=recording.reference, upload=uuid.uuid4(),
    file_name="BIG.MP4", size=len(body), sha256=sha256, key=key, version_id=version,
    container="mp4", docked_at=now, sealed_at=now, recorded_at=now, media="unplayable")
made = making.make(by=User.objects.get(username="lane"), wish=Wish(
    recipient="Jo Marlow", organisation="CPS", email="j.marlow@cps.example", purpose="Charging",
    until=now + timedelta(days=1), basis=Basis.objects.get(code="charging"), downloads=True,
    things=[Thing(recording=recording)]))
print(json.dumps({"reference": made.share.reference, "token": made.token, "sha256": [sha256]}))
"""


class Slow:
    """A reader with a small window, over a connection of its own."""

    def __init__(self, live: Live, path: str, cookies: str, **headers: str) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
        self.socket.settimeout(60)
        self.socket.connect(("127.0.0.1", live.layout.port("http")))
        lines = [f"GET {path} HTTP/1.1", "Host: localhost", f"Cookie: {cookies}",
                 "Connection: close", *(f"{k}: {v}" for k, v in headers.items())]  # fmt: skip
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.got = b""
        while b"\r\n\r\n" not in self.got:
            self.got += self.socket.recv(16 * 1024)
        self.head, _, self.body = self.got.partition(b"\r\n\r\n")

    def read(self, most: int, pause: float = 0.0) -> int:
        """Read so much more, or to the end; how much it was."""
        before = len(self.body)
        while len(self.body) - before < most:
            try:
                piece = self.socket.recv(32 * 1024)
            except ConnectionResetError:
                break
            if not piece:
                break
            self.body += piece
            time.sleep(pause)
        return len(self.body) - before


@pytest.mark.timeout(300)
def test_a_real_server_cuts_a_slow_download_and_goes_on_with_a_broken_one(
    live: Live, docked: Path, visit: Callable[..., Visit]
) -> None:
    megabytes = 48
    made = Shared(**json.loads(shell(live, BIG % {"megabytes": megabytes})))
    outside = visit(1280, 900)
    page = proved(live, made, outside, heading="Evidence for Jo Marlow")
    with page.expect_download() as waited:
        page.get_by_role("button", name="Download").click()
    path = urlsplit(waited.value.url).path
    waited.value.cancel()
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())
    # One that broke goes on, with the same address.
    first = Slow(live, path, cookies)
    assert f"Content-Length: {megabytes << 20}".encode() in first.head
    tag = re.search(rb'ETag: (".+")', first.head)
    assert tag
    first.read(3 << 20)
    first.socket.close()
    rest = Slow(live, path, cookies, **{"Range": f"bytes={len(first.body)}-",
                                        "If-Range": tag[1].decode()})  # fmt: skip
    assert rest.head.startswith(b"HTTP/1.1 206")
    rest.read(megabytes << 20)
    assert hashlib.sha256(first.body + rest.body).hexdigest() == made.sha256[0]
    # One that runs is cut when the share ends, long before its end.
    slow = Slow(live, path, cookies)
    slow.read(1 << 20)
    change(live, made, "changing.revoke(by=share.owner, share=share, reason='At an end')")
    slow.read(megabytes << 20, pause=0.02)
    assert len(slow.body) < (megabytes << 20) // 2
    assert Slow(live, path, cookies).head.startswith(b"HTTP/1.1 404")
    log = (live.layout.data / "logs" / "web.log").read_text(errors="replace")
    assert "Traceback" not in log
    assert made.token not in log


def test_no_connection_is_no_end(
    live: Live, share: Callable[..., Shared], visit: Callable[..., Visit]
) -> None:
    made, outside = share(), visit(1280, 900)
    page = proved(live, made, outside)
    page.context.set_offline(True)
    expect(page.locator("#share-offline")).to_be_visible(timeout=15_000)
    assert page.locator("#share-ended").is_hidden()
    page.context.set_offline(False)
    expect(page.locator("#share-offline")).to_be_hidden(timeout=15_000)


def test_without_a_script_the_list_is_read_and_a_file_taken(
    live: Live, share: Callable[..., Shared], visit: Callable[..., Visit], tmp_path: Path
) -> None:
    made, outside = share(), visit(390, 844, java_script_enabled=False)
    page, before = outside.page, time.time()
    page.goto(f"{live.url}/shared/open")
    page.fill("#token", f"{live.url}/shared/open#{made.token}")
    page.get_by_role("button", name="Open").click()
    page.get_by_role("button", name="Send code").click()
    page.fill("#code", mailed(live, r"\b\d{6}\b", before - 1))
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("main")).to_contain_text("CLIP of AB/1")
    with page.expect_download() as waited:
        page.get_by_role("button", name="Download AB/2").click()
    waited.value.save_as(tmp_path / "got")
    digest = hashlib.sha256((tmp_path / "got").read_bytes()).hexdigest()
    assert digest == made.sha256[1]
    page.get_by_text("Write to").first.click()
    page.fill("#text", "Thank you")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".share-messages")).to_contain_text("Thank you")
    page.get_by_role("link", name="Play AB/1").click()
    expect(page.locator("main")).to_contain_text("your browser has to run scripts")


def test_a_paper_is_read_in_the_browser(
    live: Live, share: Callable[..., Shared], visit: Callable[..., Visit]
) -> None:
    made, outside = share(downloads=False), visit(1280, 900)
    page = proved(live, made, outside)
    with page.context.expect_page() as waited:
        page.get_by_role("button", name=re.compile("^Read")).click()
    paper = waited.value
    paper.wait_for_load_state()
    assert paper.url.endswith("/p/0/")
    if folder := os.environ.get("SHOTS"):
        paper.wait_for_timeout(1500)
        paper.screenshot(path=f"{folder}/share-paper.png")
    assert page.get_by_role("button", name=re.compile("^Download")).count() == 0
