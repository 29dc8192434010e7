"""Footage from an address of our own that answers less than it was asked for (RFC 9110 14.2).

Whoever passes footage on piece by piece, to be able to stop within seconds, gives each answer an
end. A browser must then ask for the rest by itself: here Chromium does, through `source.js`.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from ingest.media import tools

pytestmark = pytest.mark.browser
SECONDS = 48
STATIC = Path(__file__).parents[2] / "evidence" / "recordings" / "static" / "recordings"
PAGE = """<!doctype html><title>Short answers</title><video id="video" muted></video>
<script type="module" src="/page.js"></script>"""
SCRIPT = f"""
import {{ Source }} from "/source.js";
const segment = {{ seconds: {SECONDS}, gap: 0, picture: true }};
window.source = new Source(document.getElementById("video"), [segment], {{ play: "/play", csrf: "x" }});
window.said = [];
source.addEventListener("problem", (event) => {{ if (event.detail) said.push(event.detail); }});
"""


@dataclass
class Footage:
    """A film behind a session, and what was asked of it."""

    film: Path
    most: int
    address: str = ""
    asked: list[tuple[int, int]] = field(default_factory=list)
    refused: int = 0

    @property
    def size(self) -> int:
        return self.film.stat().st_size


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("film") / "film.mp4"
    subprocess.run(
        [tools.path("ffmpeg"), "-v", "error", "-f", "lavfi", "-i",
         f"testsrc2=s=640x360:r=25:d={SECONDS},noise=alls=30:allf=t", "-f", "lavfi", "-i",
         f"sine=d={SECONDS}", "-c:v", "libx264", "-preset", "ultrafast", "-b:v", "4500k",
         "-pix_fmt", "yuv420p", "-g", "50", "-c:a", "aac", "-movflags", "+faststart", str(target)],
        check=True,
    )  # fmt: skip
    assert target.stat().st_size > 20_000_000
    return target


# Of two MiB, and so small that a browser which counts its tries would give up on the way.
@pytest.fixture(params=[2 * 2**20, 256 * 2**10], ids=["2 MiB", "256 KiB"])
def footage(film: Path, request: pytest.FixtureRequest) -> Iterator[Footage]:
    served = Footage(film, request.param)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: object) -> None:
            pass

        def say(self, body: bytes, kind: str, status: int = 200, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # a browser that seeks hangs up
                self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.say(b'{"segments": [{"proxy": "/film", "board": "", "sound": ""}]}',
                     "application/json")  # fmt: skip

        def do_GET(self) -> None:
            if self.path == "/film":
                self.film()
            elif self.path == "/page.js":
                self.say(SCRIPT.encode(), "text/javascript")
            elif self.path.endswith(".js"):
                self.say((STATIC / self.path[1:]).read_bytes(), "text/javascript")
            else:
                self.say(PAGE.encode(), "text/html", Set_Cookie="session=s; HttpOnly; SameSite=Lax")

        def film(self) -> None:
            if "session=s" not in self.headers.get("Cookie", ""):
                served.refused += 1
                self.say(b"", "text/plain", 404)
                return
            wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            assert wanted, self.headers
            first = int(wanted[1])
            last = min(int(wanted[2] or served.size - 1), first + served.most - 1, served.size - 1)
            served.asked.append((first, last))
            with served.film.open("rb") as file:
                file.seek(first)
                body = file.read(last - first + 1)
            self.say(body, "video/mp4", 206, Accept_Ranges="bytes", Cache_Control="no-store",
                     Content_Range=f"bytes {first}-{last}/{served.size}")  # fmt: skip

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *arguments: object) -> None:
            if not isinstance(sys.exc_info()[1], ConnectionError):
                super().handle_error(*arguments)  # type: ignore[arg-type]

    server = Server(("127.0.0.1", 0), Handler)
    served.address = f"http://localhost:{server.server_address[1]}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield served
    server.shutdown()


@pytest.fixture
def page(browser: Browser, footage: Footage) -> Iterator[Page]:
    context = browser.new_context()
    found = context.new_page()
    found.set_default_timeout(120_000)
    found.goto(footage.address)
    found.wait_for_function("window.source !== undefined")
    yield found
    context.close()


def test_plays_through_to_the_end(footage: Footage, page: Page) -> None:
    page.evaluate("source.seek(0, { play: true }).then(() => { source.video.playbackRate = 4; })")
    page.wait_for_function("source.video.ended || said.length")
    assert page.evaluate("said") == []
    assert page.evaluate("source.position") > SECONDS - 0.5
    held = page.evaluate("source.video.getVideoPlaybackQuality().totalVideoFrames")
    assert held > 100
    assert len(footage.asked) < 2 * footage.size // footage.most + 10  # and asks for little twice
    # Every byte came, in answers of so many at the most, and the session's cookie with each.
    assert footage.refused == 0
    at = 0
    for first, last in sorted(footage.asked):
        assert first <= at
        at = max(at, last + 1)
    assert at == footage.size
    assert len(footage.asked) >= footage.size // footage.most


def test_seeks_to_the_end_and_back(footage: Footage, page: Page) -> None:
    for place in (SECONDS - 2, 10, SECONDS / 2, SECONDS - 1, 0):
        page.evaluate("async (place) => { await source.seek(place, { play: false }); }", place)
        page.wait_for_function(
            "(place) => !source.moving && !source.video.seeking && source.video.readyState >= 2"
            " && Math.abs(source.position - place) < 0.2 || said.length",
            arg=place,
        )
        assert page.evaluate("said") == []
    page.evaluate(f"source.seek({SECONDS - 3}, {{ play: true }})")
    page.wait_for_function("source.video.ended || said.length")
    assert page.evaluate("said") == []
