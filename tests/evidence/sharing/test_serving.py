"""Ranges as RFC 9110 has them, and a stream that ends when the permission does."""

from __future__ import annotations

import fcntl
import itertools
import os
import random
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponseBase, StreamingHttpResponse
from django.test import RequestFactory

from config.stack.layout import ROOT
from evidence.sharing import serving
from tests import embedded

# An answer that is closed looks after the connections to the database.
pytestmark = pytest.mark.django_db
BODY = bytes(random.Random(7).randbytes(200_000))
TAG = "0a" * 32


class Source:
    """Bytes to be read, and what was asked of it."""

    def __init__(self, body: bytes = BODY, piece: int = 70_001) -> None:
        self.body, self.piece = body, piece
        self.asked: list[tuple[int, int]] = []
        self.allowed, self.checks, self.closed = True, 0, False

    def read(self, start: int, end: int) -> Iterator[bytes]:
        self.asked.append((start, end))
        try:
            for at in range(start, end, self.piece):
                yield self.body[at : min(end, at + self.piece)]
        finally:
            self.closed = True

    def check(self) -> bool:
        self.checks += 1
        return self.allowed


def get(source: Source, method: str = "get", most: int = 0, **headers: str) -> HttpResponseBase:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = getattr(RequestFactory(), method)("/x", headers=names)
    return serving.ranged(
        request, size=len(source.body), etag=TAG, content_type="video/mp4", read=source.read,
        check=source.check, name="AB-1-9f2c41aa.mp4", most=most,
    )  # fmt: skip


def bytes_of(answer: HttpResponseBase) -> bytes:
    try:
        return b"".join(answer)
    finally:
        answer.close()


def test_all_of_it() -> None:
    source = Source()
    answer = get(source)
    assert answer.status_code == 200
    assert bytes_of(answer) == BODY
    assert source.closed
    assert answer["Content-Length"] == str(len(BODY))
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["ETag"] == f'"{TAG}"'
    assert answer["Content-Disposition"] == 'attachment; filename="AB-1-9f2c41aa.mp4"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "Content-Range" not in answer


N = len(BODY)
RANGES = [
    ("bytes=0-0", 0, 1), ("bytes=0-", 0, N), ("bytes=5-9", 5, 10), ("bytes=-7", N - 7, N),
    (f"bytes=-{N + 5}", 0, N), (f"bytes=100-{N + 999}", 100, N), ("BYTES = 1-2", 1, 3),
    (f"bytes={N - 1}-", N - 1, N), ("bytes=65535-65537", 65535, 65538), ("bytes=3-4,", 3, 5),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "start", "end"), RANGES)
def test_a_range(asked: str, start: int, end: int) -> None:
    source = Source()
    answer = get(source, range=asked)
    assert answer.status_code == 206
    assert answer["Content-Range"] == f"bytes {start}-{end - 1}/{N}"
    assert answer["Content-Length"] == str(end - start)
    assert bytes_of(answer) == BODY[start:end]
    assert source.asked == [(start, end)]


def test_random_ranges() -> None:
    dice = random.Random(int(os.environ.get("SEED", "1")))
    for _ in range(200):
        start = dice.randrange(N)
        end = dice.randint(start + 1, N)
        source = Source(piece=dice.choice([1000, 64 * 1024, 1 << 20]))
        answer = get(source, range=f"bytes={start}-{end - 1}")
        assert bytes_of(answer) == BODY[start:end]


IGNORED = [
    "bytes=9-5", "bytes=-", "bytes=", "bytes=a-b", "items=0-5", "bytes=0-1,5-6", "bytes 0-5",
    "bytes=0-" + "9" * 5000, "bytes=+1-5", "bytes=1-2-3", "bytes=\u0661-\u0662",
]  # fmt: skip


@pytest.mark.parametrize("asked", IGNORED)
def test_a_range_that_is_none_or_several_gets_all(asked: str) -> None:
    answer = get(Source(), range=asked)
    assert answer.status_code == 200
    assert bytes_of(answer) == BODY


@pytest.mark.parametrize("asked", [f"bytes={N}-", f"bytes={N}-{N + 5}", "bytes=-0"])
def test_a_range_beyond_the_end(asked: str) -> None:
    source = Source()
    answer = get(source, range=asked)
    assert answer.status_code == 416
    assert answer["Content-Range"] == f"bytes */{N}"
    assert answer["Content-Length"] == "0"
    assert source.asked == []


def test_at_most_so_much_of_a_range() -> None:
    answer = get(Source(), most=1000, range="bytes=50-")
    assert answer.status_code == 206
    assert answer["Content-Range"] == f"bytes 50-1049/{N}"
    assert bytes_of(answer) == BODY[50:1050]
    assert bytes_of(get(Source(), most=1000, range="bytes=-1500")) == BODY[-1500:-500]
    assert bytes_of(get(Source(), most=1000)) == BODY


def test_head_reads_nothing() -> None:
    source = Source()
    answer = get(source, "head", range="bytes=0-5")
    assert answer.status_code == 200  # a range is GET's only
    assert answer["Content-Length"] == str(N)
    assert bytes_of(answer) == b""
    assert source.asked == []


@pytest.mark.parametrize(
    ("before", "status"),
    [(f'"{TAG}"', 206), ('"another"', 200), (f'W/"{TAG}"', 200),
     ("Wed, 21 Oct 2026 07:28:00 GMT", 200)],
)  # fmt: skip
def test_a_download_goes_on_only_with_the_same_bytes(before: str, status: int) -> None:
    answer = get(Source(), range="bytes=10-", if_range=before)
    assert answer.status_code == status
    assert bytes_of(answer) == (BODY[10:] if status == 206 else BODY)


def test_conditions() -> None:
    assert get(Source(), if_none_match=f'"x", W/"{TAG}"').status_code == 304
    assert get(Source(), if_none_match="*").status_code == 304
    assert get(Source(), if_none_match="*")["Content-Length"] == str(N)
    assert get(Source(), if_none_match='"x"').status_code == 200
    assert get(Source(), if_match='"x"', range="bytes=0-").status_code == 412
    assert get(Source(), if_match=f'W/"{TAG}"').status_code == 412
    assert get(Source(), if_match=f'"{TAG}"', range="bytes=0-").status_code == 206


@pytest.mark.parametrize(
    ("name", "wanted"),
    [('a"b\\c.mp4', 'attachment; filename="a\\"b\\\\c.mp4"'),
     ("Übung.mp4", "attachment; filename*=utf-8''%C3%9Cbung.mp4"),
     ("a\r\nSet-Cookie: x.mp4", "attachment; filename*=utf-8''a%0D%0ASet-Cookie%3A%20x.mp4")],
)  # fmt: skip
def test_names(name: str, wanted: str) -> None:
    source = Source()
    answer = serving.ranged(
        RequestFactory().get("/x"), size=N, etag=TAG, content_type="video/mp4", name=name,
        read=source.read, check=source.check,
    )  # fmt: skip
    assert answer["Content-Disposition"] == wanted


def test_nothing_is_read_for_whom_it_has_ended() -> None:
    source = Source()
    source.allowed = False
    with pytest.raises(serving.Ended):
        get(source)
    assert source.asked == []


def test_it_stops_between_pieces_and_asks_once_a_second(monkeypatch: Any) -> None:
    clock = [1000.0]
    monkeypatch.setattr(serving, "monotonic", lambda: clock[0])
    source = Source()
    pieces = iter(get(source))
    first, second = next(pieces), next(pieces)
    assert source.checks == 1
    clock[0] += 1.5
    third = next(pieces)
    assert source.checks == 2
    assert first + second + third == BODY[: len(first + second + third)]
    source.allowed = False
    clock[0] += 0.5
    next(pieces)  # asked half a second ago
    clock[0] += 0.6
    with pytest.raises(serving.Ended):
        next(pieces)


def test_a_question_that_can_not_be_answered_ends_it(monkeypatch: Any) -> None:
    clock = itertools.count(0, 10)
    monkeypatch.setattr(serving, "monotonic", lambda: next(clock))
    answers = iter([True])
    request = RequestFactory().get("/x")
    source = Source()
    answer = serving.ranged(
        request, size=N, etag=TAG, content_type="video/mp4", read=source.read,
        check=lambda: next(answers),
    )  # fmt: skip
    with pytest.raises(RuntimeError):  # what a StopIteration becomes inside a generator
        bytes_of(answer)


def test_a_source_that_ends_early_or_gives_more() -> None:
    source = Source()
    request = RequestFactory().get("/x")
    more: dict[str, Any] = {"etag": TAG, "content_type": "video/mp4", "check": source.check}
    answer = serving.ranged(request, size=N, read=lambda start, end: [BODY[:-1]], **more)
    with pytest.raises(serving.Short):
        bytes_of(answer)
    answer = serving.ranged(request, size=N, read=lambda start, end: [b"", BODY, b"!"], **more)
    assert bytes_of(answer) == BODY


def test_a_store_that_is_away_is_said_before_anything_is_sent() -> None:
    def read(start: int, end: int) -> Iterator[bytes]:
        raise OSError("away")
        yield b""

    with pytest.raises(OSError, match="away"):
        serving.ranged(
            RequestFactory().get("/x"), size=N, etag=TAG, content_type="video/mp4", read=read,
            check=lambda: True,
        )  # fmt: skip


def test_a_body_never_read_lets_go_of_its_source() -> None:
    source = Source()
    answer = get(source)
    assert isinstance(answer, StreamingHttpResponse)
    assert not source.closed
    answer.close()
    assert source.closed


# --- with a real web server and a real connection ---------------------------------


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[int, Path, Path]]:
    """gunicorn with the whole middleware; its port, the file that allows, and its log."""
    allowed, errors = tmp_path / "allowed", tmp_path / "errors"
    allowed.touch()
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    with errors.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "tests.evidence.sharing.serving_app",
             "--bind", f"127.0.0.1:{port}", "--threads", "4", "--no-control-socket"],
            cwd=ROOT, env={**os.environ, "SERVING_ALLOWED": str(allowed)}, stderr=file,
        )  # fmt: skip
    try:
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port, allowed, errors
    finally:
        embedded.stop(process)


def ask(port: int, method: str = "GET", *headers: str) -> tuple[socket.socket, str, bytes]:
    """The connection, the head of the answer, and what came of its body with it."""
    connection = socket.create_connection(("127.0.0.1", port), 30)
    lines = [f"{method} /endless HTTP/1.1", "Host: localhost", *headers]
    connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    got = b""
    while b"\r\n\r\n" not in got:
        piece = connection.recv(65536)
        assert piece, got
        got += piece
    head, _, rest = got.partition(b"\r\n\r\n")
    return connection, head.decode(), rest


def test_a_running_stream_ends_when_it_may_go_on_no_longer(
    server: tuple[int, Path, Path],
) -> None:
    port, allowed, errors = server
    connection, head, rest = ask(port)
    assert head.startswith("HTTP/1.1 200")
    assert "Content-Length: 1099511627776" in head
    count = len(rest)
    while count < 5_000_000:
        count += len(connection.recv(65536))
    allowed.unlink()
    # Read on until the server closes: it must do so, a terabyte short.
    try:
        while piece := connection.recv(1 << 20):
            count += len(piece)
    except ConnectionResetError:
        pass
    assert count < 1 << 40
    connection.close()
    # A new connection gets nothing, and no thread is left behind by the old ones.
    for _ in range(6):
        connection, head, _ = ask(port)
        assert head.startswith("HTTP/1.1 404")
        connection.close()
    assert "Traceback" not in errors.read_text()


def test_the_kernel_runs_ahead_of_a_slow_reader_by_little(server: tuple[int, Path, Path]) -> None:
    """What it holds is still sent after the end: with a default socket some megabytes."""
    port, allowed, _ = server
    connection, _, rest = ask(port)
    count = len(rest)
    while count < 1_000_000:
        count += len(connection.recv(65536))
    produced, before = allowed.with_name("produced"), -1
    while before != (now := int(produced.read_text() or 0)):
        before = now
        time.sleep(0.5)
    queued = int(fcntl.ioctl(connection, termios.FIONREAD, bytes(4))[::-1].hex(), 16)
    assert now - count - queued < 500_000
    connection.close()


def test_ranges_and_head_by_a_real_server(server: tuple[int, Path, Path]) -> None:
    port, _, errors = server
    connection, head, rest = ask(port, "GET", "Range: bytes=1048576-1048579", "Connection: close")
    while piece := connection.recv(100):
        rest += piece
    assert head.startswith("HTTP/1.1 206")
    assert "Content-Range: bytes 1048576-1048579/1099511627776" in head
    assert len(rest) == 4
    connection.close()
    connection, head, rest = ask(port, "HEAD", "Connection: close")
    while piece := connection.recv(100):
        rest += piece
    assert "Content-Length: 1099511627776" in head
    assert rest == b""
    connection.close()
    connection, again, rest = ask(port, "GET", 'If-None-Match: "zeros"', "Connection: close")
    while piece := connection.recv(100):
        rest += piece
    assert again.startswith("HTTP/1.1 304")
    assert rest == b""
    connection.close()
    for name in ("Content-Security-Policy: sandbox", "Cache-Control: private, no-store",
                 "X-Content-Type-Options: nosniff", "Cross-Origin-Resource-Policy: same-origin",
                 "X-Accel-Buffering: no"):  # fmt: skip
        assert name in head
    assert head.count("Content-Security-Policy") == 1
    assert "Traceback" not in errors.read_text()
