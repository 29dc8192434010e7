"""A package that lies nowhere is, byte for byte, the one that lies on a disk."""

from __future__ import annotations

import hashlib
import json
import os
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.custody.log import outline
from evidence.custody.log.bag import Bag, BagError
from evidence.custody.log.outline import OutlineError, Reference, Sink

SEED = int(os.environ.get("SEED", "1"))


class Store:
    """Objects, and how often each was asked for."""

    def __init__(self, piece: int = 1000) -> None:
        self.objects: dict[str, bytes] = {}
        self.piece = piece
        self.asked: list[tuple[str, int, int]] = []

    def put(self, key: str, body: bytes) -> Reference:
        self.objects[key] = body
        return Reference("originals", key, "v1", len(body), hashlib.sha256(body).hexdigest())

    def fetch(self, reference: Reference, start: int, end: int) -> Iterator[bytes]:
        self.asked.append((reference.key, start, end))
        body = self.objects[reference.key]
        for at in range(start, end, self.piece):
            yield body[at : min(end, at + self.piece)]


FILES = {"a": b"first" * 700, "b": b"", "c": random.Random(3).randbytes(5000), "d": b"x"}


def fill(target: Path | Sink, store: Store, files: dict[str, bytes], tags: int = 5) -> None:
    with Bag(target, "P-1") as bag:
        for key, body in files.items():
            at = store.put(key, body)
            pieces = store.fetch(at, 0, len(body))
            bag.add_file(f"data/R-1/{key}.MP4", pieces, at.sha256, at.size, at)
        bag.settle()
        for number in range(tags):
            bag.add_tag(f"custody/proofs/{number}.tlog-proof", bytes([number % 256]) * 300 * number)
        bag.close([("External-Identifier", "P-1")])


def made(store: Store, files: dict[str, bytes], **more: int) -> outline.Outline:
    sink = Sink(store.fetch)
    fill(sink, store, files, **more)
    return sink.outline()


def whole(found: outline.Outline, store: Store) -> bytes:
    return b"".join(found.read(0, found.size, store.fetch))


def test_the_same_bytes_on_a_disk_and_as_an_outline(tmp_path: Path) -> None:
    store, path = Store(), tmp_path / "a.zip"
    fill(path, store, FILES)
    found = made(store, FILES)
    wanted = path.read_bytes()
    assert whole(found, store) == wanted
    assert found.size == len(wanted)
    assert found.sha256 == hashlib.sha256(wanted).hexdigest()
    assert wanted[-64:].decode() == hashlib.sha256(wanted[:-64]).hexdigest()
    assert zipfile.ZipFile(path).testzip() is None
    # Nothing of the payload is held.
    assert isinstance(found.literals, bytes)
    assert len(found.literals) == len(wanted) - sum(map(len, FILES.values()))


def test_every_range_is_the_slice() -> None:
    store = Store(piece=7)
    found = made(store, {"a": b"0123456789" * 3, "b": b"", "c": b"last"}, tags=0)
    wanted = whole(found, store)
    for step in (1, 13, 64):
        for start in range(0, found.size + 1, step):
            for end in range(start, found.size + 1, 61):
                assert b"".join(found.read(start, end, store.fetch)) == wanted[start:end]
    for start in range(found.size):
        assert b"".join(found.read(start, start + 1, store.fetch)) == wanted[start : start + 1]


def test_random_packages_and_ranges() -> None:
    dice = random.Random(SEED)
    for _ in range(30):
        store = Store(piece=dice.choice([100, 4096, 3 << 20]))
        files = {f"f{n}": dice.randbytes(dice.choice([0, 1, 63, 5000, 200_000]))
                 for n in range(dice.randrange(8))}  # fmt: skip
        found = made(store, files, tags=dice.randrange(40))
        wanted = whole(found, store)
        assert hashlib.sha256(wanted).hexdigest() == found.sha256
        # As it is kept: rows as JSON, its own bytes in the store.
        assert isinstance(found.literals, bytes)
        kept = outline.outline(
            json.loads(json.dumps(found.rows())), found.sha256, store.put("own", found.literals)
        )
        assert kept.size == found.size
        for _ in range(20):
            start = dice.randint(0, found.size)
            end = dice.randint(start, found.size)
            assert b"".join(kept.read(start, end, store.fetch)) == wanted[start:end]


def test_one_request_a_file_and_small_pieces() -> None:
    store = Store(piece=5 << 20)
    files = {f"f{n}": bytes(3 << 20) for n in range(5)}
    found = made(store, files, tags=500)
    assert isinstance(found.literals, bytes)
    kept = outline.outline(found.rows(), found.sha256, store.put("own", found.literals))
    store.asked.clear()
    assert max(map(len, kept.read(0, kept.size, store.fetch))) <= outline.PIECE
    # The headers between the files come from one block; the rest of its own bytes at once.
    assert len(store.asked) == 5 + 2
    store.asked.clear()
    assert len(b"".join(kept.read(100, 200, store.fetch))) == 100
    assert len(store.asked) <= 2


def test_a_file_that_is_not_what_was_said() -> None:
    store = Store()
    at = store.put("a", b"right")
    wrong = Reference("originals", "a", "v1", 5, "0" * 64)
    with pytest.raises(BagError, match="SHA-256"), Bag(Sink(store.fetch), "P-1") as bag:
        bag.add_file("data/R-1/a", iter([b"right"]), wrong.sha256, 5, wrong)
    with pytest.raises(BagError, match="4 bytes"), Bag(Sink(store.fetch), "P-1") as bag:
        bag.add_file("data/R-1/a", iter([b"righ"]), at.sha256, 5, at)
    with pytest.raises(ValueError, match="where a file lies"), Bag(Sink(store.fetch), "P") as bag:
        bag.add_file("data/R-1/a", iter([b"right"]), at.sha256, 5)


@pytest.mark.parametrize("then", [b"wrong", b"righ", b""])
def test_an_object_that_is_another_when_it_is_read_again(then: bytes) -> None:
    store = Store()
    at = store.put("a", b"right")
    with pytest.raises(OutlineError), Bag(Sink(store.fetch), "P-1") as bag:
        bag.add_file("data/R-1/a", store.fetch(at, 0, 5), at.sha256, 5, at)
        store.objects["a"] = then
        bag.settle()


def test_an_object_that_is_shorter_or_longer_when_it_is_downloaded() -> None:
    store = Store()
    found = made(store, FILES)
    store.objects["c"] = store.objects["c"][:-1]
    with pytest.raises(OutlineError, match="1 of 5000 bytes are missing"):
        whole(found, store)
    store.fetch = lambda reference, start, end: iter([bytes(10_000)])  # type: ignore[method-assign]
    with pytest.raises(OutlineError, match="more bytes"):
        whole(found, store)


def test_a_read_that_is_given_up_lets_go_of_the_store() -> None:
    closed = []

    def fetch(reference: Reference, start: int, end: int) -> Iterator[bytes]:
        try:
            while True:
                yield bytes(100)
        finally:
            closed.append(reference.key)

    found = outline.outline([["originals", "a", "v", 10_000, ""]], "", b"")
    pieces = found.read(0, 10_000, fetch)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert closed == ["a"]


def test_what_can_not_be_written() -> None:
    store = Store()
    sink = Sink(store.fetch)
    sink.write(b"head")
    with sink.payload(store.put("a", b"payload")):
        sink.write(b"payload")
    sink.write(b"tail")
    with pytest.raises(ValueError):
        sink.seek(99)
    for place, data in ((2, b"over the end of it"), (5, b"x")):
        sink.seek(place)
        with pytest.raises(ValueError):
            sink.write(data)
    sink.seek(0)
    sink.write(b"HEAD")
    sink.settle()
    sink.seek(0)
    with pytest.raises(ValueError):  # it is hashed
        sink.write(b"head")
    with pytest.raises(ValueError, match="not sealed"):
        sink.outline()


def test_a_file_of_more_than_two_gigabytes(tmp_path: Path) -> None:
    """Its header has another form (zip64); nobody holds its bytes."""
    size = (1 << 31) + 12_345
    digest = hashlib.sha256()
    zeros = bytes(1 << 20)

    def fetch(reference: Reference, start: int, end: int) -> Iterator[bytes]:
        for at in range(start, end, len(zeros)):
            yield zeros[: end - at]

    at = Reference("originals", "zeros", "v1", size)
    for piece in fetch(at, 0, size):
        digest.update(piece)
    at = Reference("originals", "zeros", "v1", size, digest.hexdigest())
    sink = Sink(fetch)
    with Bag(sink, "P-1") as bag:
        bag.add_file("data/R-1/A.MP4", fetch(at, 0, size), at.sha256, size, at)
        bag.settle()
        bag.close([])
    found = sink.outline()

    class File:
        """The outline as zipfile reads it."""

        place = 0

        def seekable(self) -> bool:
            return True

        def tell(self) -> int:
            return self.place

        def seek(self, place: int, whence: int = 0) -> int:
            self.place = max(0, place + {0: 0, 1: self.place, 2: found.size}[whence])
            return self.place

        def read(self, count: int = -1) -> bytes:
            end = found.size if count < 0 else min(found.size, self.place + count)
            data = b"".join(found.read(self.place, end, fetch))
            self.place = end
            return data

    archive = zipfile.ZipFile(File())  # type: ignore[arg-type]
    assert archive.namelist()[0] == "P-1/data/R-1/A.MP4"
    assert archive.getinfo("P-1/data/R-1/A.MP4").file_size == size
    assert archive.read("P-1/bagit.txt").startswith(b"BagIt-Version")
    own = zipfile.ZipInfo("P-1/data/R-1/A.MP4", (1980, 1, 1, 0, 0, 0))
    own.CRC = archive.getinfo("P-1/data/R-1/A.MP4").CRC
    own.file_size = own.compress_size = size
    header = own.FileHeader(True)
    assert b"".join(found.read(0, len(header), fetch)) == header
