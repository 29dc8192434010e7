"""One decode, all renditions; and disguises that open nothing."""

from __future__ import annotations

import http.server
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ingest.media import commands, rendering, sandbox, stills, tools
from ingest.media.sandbox import Limits, MediaFailed
from ingest.media.sniff import claims_footage, sniff
from tests import factories
from tests.conftest import FOOTAGE


def render(source: Path, tmp_path: Path, demuxer: str = "mov", **more: Any) -> rendering.Result:
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    return rendering.render(source, out, demuxer, **more)


@pytest.fixture
def film_file(tmp_path: Path) -> Path:
    path = tmp_path / "in.bin"
    path.write_bytes(factories.film())
    return path


def test_everything_comes_out_of_one_run(film_file: Path, tmp_path: Path) -> None:
    seen: list[int] = []
    result = render(film_file, tmp_path, on_progress=seen.append)
    kinds = {made.kind: made for made in result.made}
    assert set(kinds) == {"proxy", "poster", "storyboard", "waveform", "sound", "frames"}
    assert 1.9 < result.seconds < 2.2
    assert kinds["proxy"].facts["frames"] == 50  # every frame of the original
    with Image.open(kinds["storyboard"].path) as sheet:
        facts = kinds["storyboard"].facts
        assert sheet.size == (facts["width"] * facts["count"], facts["height"])
    levels = kinds["waveform"].facts["levels"]
    assert len(levels) == 40
    assert min(levels[1:-1]) > 50  # an even tone
    assert kinds["waveform"].facts["loud"] == []
    assert result.arguments.count("-i") == 1
    assert all(0 <= value <= 99 for value in seen)
    shown = rendering.probe(kinds["proxy"].path, "mov")
    codecs = [(stream["codec_name"], stream.get("pix_fmt")) for stream in shown["streams"]]
    assert codecs == [("h264", "yuv420p"), ("aac", None)]


def test_a_silent_film_has_no_waveform(tmp_path: Path) -> None:
    path = tmp_path / "in.bin"
    path.write_bytes(factories.film(1, sound=False))
    kinds = {made.kind for made in render(path, tmp_path).made}
    assert kinds == {"proxy", "poster", "storyboard", "frames"}


def test_the_sound_alone_is_the_viewing_copys(film_file: Path, tmp_path: Path) -> None:
    [sound] = [made for made in render(film_file, tmp_path).made if made.kind == "sound"]
    shown = rendering.probe(sound.path, "mov")
    assert [stream["codec_name"] for stream in shown["streams"]] == ["aac"]
    assert "-c" in (sound.arguments or [])


def test_an_extra_that_fails_costs_nothing_else(
    film_file: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    def fails(*arguments: Any) -> Any:
        raise MediaFailed("no")

    monkeypatch.setattr(commands, "packets", fails)
    monkeypatch.setattr(commands, "copy_sound", fails)
    kinds = {made.kind for made in render(film_file, tmp_path).made}
    assert kinds == {"proxy", "poster", "storyboard", "waveform"}


def test_speech_is_seen_beside_a_shout() -> None:
    quiet, speech, shout = stills.level(30), stills.level(900), stills.level(28_000)
    assert quiet < 10 < 40 < speech < shout <= 100
    assert stills.level(0) == 0


def test_what_is_much_louder_than_usual_is_marked() -> None:
    found = [45] * 40 + [90] * 4 + [40] * 2 + [95] * 4 + [45] * 50
    assert stills.loud_passages(found, 10.0) == [[4.0, 5.0]]
    assert stills.loud_passages([45] * 100, 10.0) == []
    assert stills.loud_passages([], 10.0) == []


def test_no_name_of_a_user_reaches_the_command_line(film_file: Path, tmp_path: Path) -> None:
    arguments = render(film_file, tmp_path).arguments
    assert str(tmp_path) not in " ".join(arguments)
    assert arguments[arguments.index("-i") + 1] == "/in.bin"


def test_thumbnails_say_where_in_the_sheet_they_are() -> None:
    facts = {"interval": 1.5, "width": 160, "height": 90, "columns": 10, "count": 11}
    lines = stills.thumbnails_vtt(facts, "sheet.jpg").splitlines()
    assert lines[0] == "WEBVTT"
    assert "00:00:15.000 --> 00:00:16.500" in lines
    assert "sheet.jpg#xywh=0,90,160,90" in lines


# --- disguises ---


class Listener:
    """A web server on this machine that remembers whether anybody came."""

    def __enter__(self) -> Listener:
        seen = self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                seen.append(self.path)
                self.send_error(404)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/x.ts"
        return self

    def __exit__(self, *_: Any) -> None:
        self.server.shutdown()

    seen: list[str]


DISGUISES = {
    "hls file": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{other}\n#EXT-X-ENDLIST\n",
    "hls http": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{url}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile {other.name}\n",
    "concat http": "ffconcat version 1.0\nfile {url}\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
    'mediaPresentationDuration="PT2S"><Period><AdaptationSet mimeType="video/mp4"><Representation '
    'id="1" bandwidth="1"><BaseURL>{other}</BaseURL></Representation></AdaptationSet></Period></MPD>',
}


@pytest.mark.parametrize("demuxer", ["mov", "matroska", "avi", "mpegts", "asf"])
@pytest.mark.parametrize("name", DISGUISES)
@pytest.mark.parametrize("mode", ["bwrap", "none"])
def test_a_script_named_as_a_film_reads_no_other_file(
    tmp_path: Path, name: str, demuxer: str, mode: str
) -> None:
    """Even without the sandbox, and even if our own sniff had been wrong."""
    other = tmp_path / "other.mp4"
    other.write_bytes(factories.film())
    with Listener() as listener:
        path = tmp_path / "in.bin"
        path.write_text(DISGUISES[name].format(other=other, url=listener.url))
        assert not getattr(sniff(path.read_bytes()), "renderable", False)
        with pytest.raises(MediaFailed):
            rendering.probe(path, demuxer, mode)
        with pytest.raises(MediaFailed):
            render(path, tmp_path, demuxer, mode=mode)
        assert listener.seen == []


@pytest.mark.parametrize("name", ["hls file", "concat"])
def test_the_same_script_does_bite_an_unguarded_decoder(tmp_path: Path, name: str) -> None:
    """Otherwise the test above would show nothing."""
    other = tmp_path / "other.mp4"
    other.write_bytes(factories.film())
    path = tmp_path / "in.bin"
    path.write_text(DISGUISES[name].format(other=other, url=""))
    bare = [tools.path("ffprobe"), "-v", "error", "-show_entries", "stream=codec_name", str(path)]
    done = subprocess.run(bare, capture_output=True, text=True)
    # Newer ffmpegs refuse a list's files by their names' endings, before any guard of ours.
    refused = name == "hls file" and done.returncode != 0
    assert "codec_name=h264" in done.stdout or refused


def test_inside_the_sandbox_there_is_no_network_and_no_other_file(tmp_path: Path) -> None:
    source = tmp_path / "in.bin"
    source.write_bytes(b"x")
    (tmp_path / "secret").write_text("secret")
    with Listener() as listener:
        for argv in (
            ["/usr/bin/cat", str(tmp_path / "secret")],
            ["/usr/bin/cat", "/etc/passwd"],
            ["/bin/bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{listener.server.server_port}"],
            ["/bin/bash", "-c", "echo x > /in.bin"],
        ):
            with pytest.raises(MediaFailed):
                sandbox.run(argv, source=source, limits=Limits(10, 10))
        out, _ = sandbox.run(["/usr/bin/env"], source=source, limits=Limits(10, 10))
        assert "SECRET" not in out
        assert "AWS" not in out
        assert listener.seen == []


def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    source = tmp_path / "in.bin"
    source.write_bytes(b"x")
    with pytest.raises(MediaFailed, match="longer"):
        sandbox.run(["/usr/bin/sleep", "60"], source=source, limits=Limits(0.5, 5))


def test_without_a_sandbox_nothing_is_rendered(
    film_file: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(tools, "bwrap", lambda: None)
    with pytest.raises(sandbox.SandboxMissing, match="BWV_MEDIA_SANDBOX"):
        render(film_file, tmp_path)


def test_a_picture_of_too_many_pixels_is_refused(tmp_path: Path) -> None:
    argv = commands.render("ffmpeg", commands.Plan("mov", 0, None, 1.0, 1))
    assert argv[argv.index("-max_pixels") + 1] == "40000000"
    assert argv.index("-max_pixels") < argv.index("-i")


# --- what things are ---


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\0\0\0\x18ftypmp42", "mp4"), (b"\x1aE\xdf\xa3....", "mkv"), (b"RIFF\0\0\0\0AVI LIST", "avi"),
        (b"RIFF\0\0\0\0WAVEfmt ", None), (b"\xff\xd8\xff\xe0", "jpg"), (b"words, just words\n", "txt"),
        (b"#EXTM3U\n", "txt"), (b"", None), (b"\0\1\2\3\4\5\6\7\x08", None),
        ((b"G" + b"\0" * 187) * 5, "ts"), ((b"\0\0\0\0G" + b"\0" * 187) * 5, "ts"),
    ],
)  # fmt: skip
def test_a_file_is_what_its_first_bytes_say(head: bytes, name: str | None) -> None:
    found = sniff(head)
    assert (found.name if found else None) == name


def test_a_name_claims() -> None:
    assert claims_footage("DCIM/A.MP4")
    assert not claims_footage("index.csv")
    assert not claims_footage("mp4")


# --- real camera files, where they lie beside the project ---

REAL = sorted((FOOTAGE / "real").rglob("*.*")) if FOOTAGE.is_dir() else []
NOT_SHOWN = {"motionphoto-pixel.jpg", "dashcam-sstar-metadata-only.mp4",
             "dashcam-thinkware-subtitle-gps.mp4", "GPSData000001.txt"}  # fmt: skip


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_real_footage_can_be_shown(path: Path, tmp_path: Path) -> None:
    container = sniff(path.read_bytes()[:65536])
    if path.name in NOT_SHOWN:
        if container and container.renderable:
            with pytest.raises(MediaFailed):
                render(path, tmp_path, container.demuxer)
        return
    assert container
    result = render(path, tmp_path, container.demuxer)
    assert {"proxy", "poster", "storyboard"} <= {made.kind for made in result.made}
    assert 0 < result.seconds < 200
