"""Composing a package: what is in it, whose history it shows, and what may be read of that.

The files go in first, each read from the store and compared with the log while it is
written. Then `evidence.exported` is written for every object, numbered and signed; then the
history up to that event. A package that exists is therefore whole, and the log knows of it;
of one that could not be read, the log says nothing.

It is written to a path, or to an outline: then it lies nowhere, and is read again and again
from its own bytes and from where the files lie anyway.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from evidence.custody import checkpoints, package, sequencer
from evidence.custody.log import hashing
from evidence.custody.log.bag import Bag, BagError, safe_name
from evidence.custody.log.outline import Outline, OutlineError, Reference, Sink
from evidence.custody.models import Event
from evidence.custody.record import Actor, CustodyError, Draft, Subject, record_all, service
from evidence.recordings import damage
from evidence.recordings.models import Original
from evidence.store import s3

# An event holds 16 KiB: so many hashes and names leave room for the rest.
MOST_FILES, MOST_OBJECTS = 150, 300
# What can go wrong while a package is made, each with a sentence that says what.
TROUBLES = (
    BagError, OutlineError, hashing.ProofError, s3.StoreError, checkpoints.LogBroken,
    checkpoints.SignerAway, CustodyError, OSError,
)  # fmt: skip
# Many may read at once in one process, each a chunk of its own.
CHUNK = 256 * 1024
MAKER = service("package")
Progress = Callable[[int], None]


class ExportError(RuntimeError):
    """The package can't be made. Its sentence says why and what to do."""


@dataclass(frozen=True)
class Made:
    """What was made. `checkpoint`: the size of the tree that its proofs lead to."""

    files: int
    size: int
    sha256: str
    checkpoint: int


@dataclass(frozen=True)
class File:
    """A file of a package, of the object `ref`: where it stands there, and where it lies.

    The verifier accepts an original, at `data/REF/NAME`, whose hash stands in that object's
    `evidence.received`; and, at `data/REF/viewing/NAME`, one whose hash stands in a
    `rendition.created` of that object. `made` is what such an event says (kind, parent, tool,
    version, arguments); where the object's history has none yet, it is written before the
    export; but only of bytes that the history names in an event of the type `stands_in`, if that
    is said: a row can be changed by whoever reaches the database. A paper that is no object of
    its own stands under the package's own reference.
    """

    ref: str
    name: str
    alias: str
    key: str
    version_id: str
    sha256: str
    size: int
    made: Mapping[str, Any] = field(default_factory=dict)
    stands_in: str = ""

    @property
    def derived(self) -> bool:
        """Made from something; not what a dock brought."""
        return self.name.startswith(f"data/{self.ref}/viewing/")

    def lies_at(self) -> Reference:
        """The object in the store."""
        return Reference(self.alias, self.key, self.version_id, self.size, self.sha256)


@dataclass(frozen=True)
class Composition:
    """A package as somebody wants it: the objects whose whole history it shows, the files, who
    takes it (`actor`, and as `private` the words for people), and whose personal details may be
    read by the recipient: of the events that `may_open` accepts, and of the export itself."""

    reference: str
    subjects: Sequence[str]
    files: Sequence[File]
    actor: Actor
    private: Mapping[str, str]
    may_open: Callable[[Event], bool]


def original_file(original: Original) -> File:
    """An original as a file of a package. Raises ExportError where it is damaged."""
    if original.damaged_at is not None:
        raise ExportError(f"{original.reference}: {damage.SENTENCE}")
    return File(
        original.reference, f"data/{original.reference}/{safe_name(original.file_name)}",
        "originals", original.key, original.version_id, original.sha256, original.size,
    )  # fmt: skip


def derived_file(
    ref: str, name: str, *, key: str, sha256: str, size: int, made: Mapping[str, Any],
    alias: str = "renditions", version_id: str = "", stands_in: str = "",
) -> File:  # fmt: skip
    """A clip, a copy or a paper as a file of a package, under its object's reference."""
    name = f"data/{ref}/viewing/{safe_name(name)}"
    return File(ref, name, alias, key, version_id, sha256, size, made, stands_in)


def fetch(reference: Reference, start: int, end: int) -> Iterator[bytes]:
    """Bytes of an object that an outline refers to: one request."""
    where = (reference.alias, reference.key, reference.version_id)
    return s3.read(*where, start, end, chunk=CHUNK)


def to_path(composition: Composition, path: Path, progress: Progress | None = None) -> Made:
    """Make a package at `path`. `progress` is told percent.

    Raises ExportError when a file is not what the log says, or the log can't be signed;
    nothing is left at `path` then.
    """
    draft = path.with_name(f"{path.name}.part")
    try:
        size = _write(draft, composition, progress)
        made = Made(len(composition.files), draft.stat().st_size, _sha256(draft), size)
        draft.replace(path)
    except TROUBLES as error:
        raise ExportError(f"The package could not be made: {error}") from error
    finally:
        draft.unlink(missing_ok=True)
    return made


def to_outline(
    composition: Composition, progress: Progress | None = None
) -> tuple[Made, Outline]:  # fmt: skip
    """Make a package that lies nowhere; what was made, and its outline. As `to_path` else.

    Each file is read twice, both times before the log is told anything.
    """
    try:
        total = _Total(composition, progress, 2)

        def again(reference: Reference, start: int, end: int) -> Iterator[bytes]:
            return total.counted(fetch(reference, start, end))

        sink = Sink(again)
        size = _write(sink, composition, progress, total)
        outline = sink.outline()
    except TROUBLES as error:
        raise ExportError(f"The package could not be made: {error}") from error
    return Made(len(composition.files), outline.size, outline.sha256, size), outline


def _write(
    target: Path | Sink, wanted: Composition, progress: Progress | None,
    total: _Total | None = None,
) -> int:  # fmt: skip
    """Write all of it; the size of the tree that its proofs lead to."""
    _check_size(wanted)
    sequencer.run()  # what was written a moment ago counts too
    checkpoints.sign()  # where the log can't be signed, nothing is said to be exported
    unnamed = _unnamed(wanted)
    with Bag(target, wanted.reference) as bag:
        _copy(bag, wanted.files, total or _Total(wanted, progress, 1))
        bag.settle()
        exported = _exported(wanted, unnamed)
        signed = checkpoints.sign()
        if signed is None or signed.size <= max(event.index for event in exported):
            raise checkpoints.SignerAway("The export's own events are not signed yet. Try again.")
        own = {event.id for event in exported}
        contents = package.gather(exported, signed)
        package.write(bag, contents, lambda event: event.id in own or wanted.may_open(event))
        bag.close(
            [
                ("Source-Organization", settings.FORCE_NAME),
                ("External-Identifier", wanted.reference),
                ("Bagging-Date", f"{timezone.now():%Y-%m-%d}"),
                ("Log-Origin", settings.CUSTODY_ORIGIN),
                ("Log-Size", str(signed.size)),
            ]
        )
    return signed.size


class _Total:
    """How far the reading of all files is, told as percent up to 95."""

    def __init__(self, wanted: Composition, progress: Progress | None, times: int) -> None:
        self._all = times * sum(file.size for file in wanted.files) or 1
        self._done, self._progress = 0, progress

    def counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            yield piece
            self._done += len(piece)
            if self._progress is not None:
                self._progress(min(95, 95 * self._done // self._all))


def _check_size(wanted: Composition) -> None:
    subjects, names = set(wanted.subjects), [file.name for file in wanted.files]
    if not subjects:
        raise ExportError("There is nothing to export.")
    if len(subjects) > MOST_OBJECTS:
        raise ExportError(f"A package holds at most {MOST_OBJECTS} files. Make several.")
    for ref in subjects:
        if sum(file.ref == ref for file in wanted.files) > MOST_FILES:
            raise ExportError(f"{ref} has more than {MOST_FILES} files.")
    for file in wanted.files:
        if file.ref not in subjects or not file.name.startswith(f"data/{file.ref}/"):
            raise ExportError(f"{file.name} belongs to nothing that is in this package.")
        if names.count(file.name) > 1:
            raise ExportError(f"Two files of the recording would both be {file.name}.")


def _unnamed(wanted: Composition) -> list[File]:
    """Files that a verifier would refuse, since their object's history doesn't name them yet.

    Raises ExportError for one of which nobody says how it was made: an original that the log
    doesn't know, for one, whatever its row says.
    """
    kinds = {"evidence.received", "rendition.created"}
    kinds |= {file.stands_in for file in wanted.files if file.stands_in}
    events = Event.objects.filter(object_ref__in=set(wanted.subjects), type__in=kinds)
    known: set[tuple[str, str, Any, Any]] = set()
    for event in events.iterator():
        body = event.parsed()
        said = body["object"] if event.type == "evidence.received" else body.get("data", {})
        known.add((event.object_ref, event.type, said.get("sha256"), said.get("size")))
    found = []
    for file in wanted.files:

        def in_log(kind: str, file: File = file) -> bool:
            return (file.ref, kind, file.sha256, file.size) in known

        if in_log("rendition.created" if file.derived else "evidence.received"):
            continue
        vouched = not file.stands_in or in_log(file.stands_in)
        if not (file.derived and file.made and vouched):
            raise ExportError(
                f"{file.name}: the log knows no file of {file.ref} with SHA-256 {file.sha256}. "
                "Tell the evidence manager."
            )
        found.append(file)
    return found


def _copy(bag: Bag, files: Sequence[File], total: _Total) -> None:
    for file in files:
        pieces = total.counted(s3.read(file.alias, file.key, file.version_id))
        bag.add_file(file.name, pieces, file.sha256, file.size, file.lies_at())


def _exported(wanted: Composition, unnamed: Sequence[File]) -> list[Event]:
    """Write the export into every object's history, and number it."""
    subjects = sorted(set(wanted.subjects))
    drafts = [
        Draft("rendition.created", Subject(file.ref), MAKER,
              {**file.made, "sha256": file.sha256, "size": file.size})
        for file in unnamed
    ]  # fmt: skip
    drafts += [
        Draft(
            "evidence.exported",
            Subject(ref),
            wanted.actor,
            {
                "package": wanted.reference,
                "objects": subjects,
                "files": [file.sha256 for file in wanted.files if file.ref == ref],
            },
            wanted.private,
        )
        for ref in subjects
    ]
    with transaction.atomic():
        identifiers = record_all([(draft, None) for draft in drafts])[len(unnamed) :]
    sequencer.run()
    return list(Event.objects.filter(id__in=identifiers).order_by("index"))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
