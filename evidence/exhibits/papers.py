"""The papers of a case as data: one structure, from which every PDF and CSV is made.

Whatever two papers say of the same thing, they say it from the same row here, so they agree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.utils import timezone

from evidence.cases import access as cases
from evidence.cases.models import Case
from evidence.custody.models import Checkpoint
from evidence.custody.paper import moment
from evidence.exhibits import access, covers, disclosure
from evidence.exhibits.actions import file_name
from evidence.exhibits.models import Clip, Decision, Exhibit
from evidence.people.models import User
from evidence.recordings.markers import stamp
from evidence.recordings.models import Original, Recording

DATE = "%-d %b %Y"


class Kind(StrEnum):
    """The papers."""

    LABELS = "labels"
    STATEMENT = "mg11"
    LIST = "mg12"
    UNUSED = "mg6c"
    SENSITIVE = "mg6d"

    @property
    def heading(self) -> str:
        """What stands on top of it."""
        return TITLES[self]


TITLES = {
    Kind.LABELS: "Exhibit labels",
    Kind.STATEMENT: "Producing paragraphs for the MG11",
    Kind.LIST: "Exhibit list (MG12)",
    Kind.UNUSED: "Non-sensitive unused material (MG6C)",
    Kind.SENSITIVE: "Sensitive material (MG6D)",
}


class NoPapers(ValueError):
    """They can't be made now. Its sentence says why and what to do."""


@dataclass(frozen=True)
class File:
    """A file by its fingerprint."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class ExhibitRow:
    """One exhibit, as every paper says it."""

    mark: str
    what: str
    description: str
    producer: str
    produced_on: str
    recording: str
    recorded: str
    range: str
    files: list[File]
    made_how: str
    paragraph: str
    # To whom outside it was disclosed, in sentences; empty for nobody.
    disclosed: str = ""

    @property
    def hashes(self) -> str:
        """Whole, one after the other."""
        return " ".join(file.sha256 for file in self.files)


@dataclass(frozen=True)
class ScheduleRow:
    """One thing on a schedule of unused material."""

    item: int
    name: str
    description: str
    location: str
    recorded: str
    reviewed: str
    reason: str
    disclosed: str = ""


@dataclass(frozen=True)
class Papers:
    """Everything that the papers of one case say."""

    force: str
    urn: str
    title: str
    made_by: str
    made_at: datetime
    checkpoint: int
    exhibits: list[ExhibitRow]
    unused: list[ScheduleRow]
    # Never on one paper with the others, and only for those who may decide about it.
    sensitive: list[ScheduleRow] = field(default_factory=list)


# A thing as disclosures name it: its recording, and its exhibit where it is one.
Key = tuple[int, int | None]
Disclosed = Mapping[Key, Sequence[str]]
Discloser = Callable[[Case], Disclosed]
_disclosers: list[Discloser] = []


def register_disclosed(provider: Discloser) -> None:
    """Add a room that says to whom things of a case were disclosed, in sentences without a full
    stop; the same provider again changes nothing."""
    if provider not in _disclosers:
        _disclosers.append(provider)


def disclosed(case: Case) -> dict[Key, str]:
    """To whom each thing of a case was disclosed, as every paper and page says it."""
    found: dict[Key, list[str]] = {}
    for provider in _disclosers:
        for key, sentences in provider(case).items():
            found.setdefault(key, []).extend(sentences)
    return {key: " ".join(f"{one}." for one in said) for key, said in found.items()}


def build(*, by: User, case: Case) -> Papers:
    """The case as its papers say it now. Constant queries.

    Raises NoPapers where a paper would leave something out: what this person can't see, or a
    clip that is not made yet.
    """
    if access.hidden(by, case) or disclosure.hidden(by, case):
        raise NoPapers(
            "This case has footage that you can't see, so your papers would leave it out. "
            "Ask somebody who can see all of it to make them."
        )
    rows = list(access.of_case(by, case).filter(withdrawn_at=None)[: access.MOST + 1])
    items = disclosure.items(by, case)
    if len(rows) > access.MOST or len({one.recording.pk for one in items}) >= disclosure.MOST:
        raise NoPapers(f"Papers hold at most {access.MOST} exhibits and recordings.")
    for row in rows:
        _ready(row)
    originals = _originals([row.recording for row in rows])
    newest = Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0
    may_decide = cases.visible_to(by, "disclosure.decide").filter(pk=case.pk).exists()
    told = disclosed(case)
    return Papers(
        settings.FORCE_NAME, case.urn, case.title, by.short, timezone.now(), newest,
        [
            replace(_exhibit(row, rows, originals.get(row.recording_id, [])),
                    disclosed=told.get((row.recording_id, row.pk), ""))
            for row in rows
        ],
        _schedule(items, told, sensitive=False),
        _schedule(items, told, sensitive=True) if may_decide else [],
    )  # fmt: skip


def _ready(row: Exhibit) -> None:
    if row.clip is None or row.clip.state in (Clip.State.READY, Clip.State.GONE):
        return
    if row.clip.state == Clip.State.FAILED:
        raise NoPapers(f"The clip {row.mark} could not be made. Try it again, or withdraw it.")
    raise NoPapers(f"The clip {row.mark} is still being made. Make the papers when it is ready.")


def _originals(recordings: list[Recording]) -> dict[int, list[Original]]:
    found: dict[int, list[Original]] = {}
    rows = Original.objects.filter(recording__in=recordings)
    for row in rows.order_by("recorded_at", "file_name"):
        found.setdefault(row.recording_id, []).append(row)
    return found


def _person(user: User) -> str:
    """PC 4127 Aisha Shah: whole, as a statement names somebody."""
    return " ".join(part for part in (user.rank, user.collar or "", user.name) if part)


def recorded(recording: Recording) -> str:
    """When it was recorded, with the doubt of the camera's clock."""
    said, right = recording.recorded_at, recording.corrected_at
    if said is None or right is None:
        return f"not known to the camera; docked {moment(recording.happened_at)}"
    if recording.clock_offset is None:
        return f"{moment(said)} by the camera's clock, which was not checked"
    doubt = recording.clock_within
    within = "" if doubt is None else f", within {doubt.total_seconds():.0f} s"
    return f"{moment(right)}{within} (the camera's clock said {moment(said)})"


def _range(clip: Clip) -> str:
    said = f"{stamp(clip.from_ms)} to {stamp(clip.to_ms)}, {clip.count:,} frames"
    return f"{said}; {covers.counted(clip)}" if clip.redacted else said


def _exhibit(row: Exhibit, rows: list[Exhibit], originals: list[Original]) -> ExhibitRow:
    clip, whole = row.clip, row.recording
    files = [File(one.file_name, one.size, one.sha256) for one in originals]
    what, cut, how = "ORIGINAL", "", ""
    if clip is not None:
        what, cut = f"{row.label} of {_parent(row, rows)}", _range(clip)
        if clip.redacted:
            what += f": {covers.counted(clip)}, from {stamp(clip.from_ms)} to {stamp(clip.to_ms)}"
        files = [File(file_name(row.mark, clip.sha256, "mp4"), clip.size, clip.sha256)]
        sound = "with its sound" if clip.facts.get("sound") else "without sound"
        how = _redacted(clip, sound) if clip.redacted else (
            f"Made {sound} from {_file(clip)} (SHA-256 {clip.parent_sha256}), frames "
            f"{clip.first_frame + 1:,} to {clip.last_frame + 1:,}, by {clip.tool_version}; encoded "
            f"again with H.264; the original is unchanged. Arguments and proof: custody log of "
            f"{whole.reference}."
        )  # fmt: skip
    produced = f"{timezone.localtime(row.produced_at):{DATE}}"
    return ExhibitRow(
        row.mark, what, row.description, _person(row.producer), produced, whole.reference,
        recorded(whole), cut, files, how, _paragraph(row, rows, files, cut, how),
    )  # fmt: skip


def _file(clip: Clip) -> str:
    """What the clip was made from; without its footage, that recording."""
    return clip.original.file_name if clip.original else clip.recording.reference


def _redacted(clip: Clip, sound: str) -> str:
    """How a redacted copy was made. Papers go where originals don't: no fingerprint of one, and
    no place of a cover."""
    return (
        f"Made {sound} from an original of {clip.recording.reference}, {clip.count:,} frames, by "
        f"{clip.tool_version}; encoded again with H.264; the original is unchanged. "
        f"{covers.reasons(clip)} Which original, arguments and proof: custody log of "
        f"{clip.recording.reference}."
    ).replace("  ", " ")


def _parent(row: Exhibit, rows: list[Exhibit]) -> str:
    """What a clip is of: the exhibit that is the whole recording, where there is one."""
    whole = next(
        (one for one in rows if one.clip_id is None and one.recording_id == row.recording_id), None
    )
    return whole.mark if whole else row.recording.reference


def _kind(row: Exhibit, rows: list[Exhibit]) -> str:
    """A clip, or a redacted copy of what."""
    return f"a redacted copy of {_parent(row, rows)}" if row.is_redacted else "a clip"


def _paragraph(row: Exhibit, rows: list[Exhibit], files: list[File], cut: str, how: str) -> str:
    """The producing paragraph, in the first person of whoever produces it."""
    whole, who = row.recording, _person(row.producer)
    if whole.officer_id == row.producer_id:
        took = f"I recorded film with body-worn camera {whole.camera}"
    else:
        by = _person(whole.officer) if whole.officer else "a person not known"
        took = (
            f"I saw in the evidence system a film recorded by {by} with body-worn camera "
            f"{whole.camera}"
        )
    parts = [
        f"I am {who}. {took}. It was recorded: {recorded(whole)}. The recording is kept as "
        f"{whole.reference}."
    ]
    if cut:
        parts.append(f"From it I had {_kind(row, rows)} made of {cut}. {how}")
    prints = "; ".join(f"{file.name}, {file.size:,} bytes, SHA-256 {file.sha256}" for file in files)
    parts.append(
        f"I produce this as exhibit {row.mark}: {row.description.rstrip('.')}. It is {prints}."
    )
    return " ".join(parts)


def _schedule(
    items: list[disclosure.Item], told: Mapping[Key, str], *, sensitive: bool
) -> list[ScheduleRow]:
    """What is relevant and not used, numbered; sensitive and other never together."""
    wanted = [
        (one, one.decision) for one in items
        if one.decision is not None and one.decision.relevant == Decision.Relevant.YES
        and not one.decision.used and one.decision.sensitive == sensitive
    ]  # fmt: skip
    return [
        replace(_scheduled(number, one, said), disclosed=told.get(key_of(one), ""))
        for number, (one, said) in enumerate(wanted, start=1)
    ]


def key_of(one: disclosure.Item) -> Key:
    """A thing of a case as disclosures name it."""
    return one.recording.pk, one.exhibit.pk if one.exhibit else None


def _scheduled(number: int, one: disclosure.Item, said: Decision) -> ScheduleRow:
    on = f"{timezone.localtime(said.decided_at):{DATE}}"
    return ScheduleRow(
        number, one.name, said.description,
        said.location or f"Evidence system, {one.recording.reference}", recorded(one.recording),
        f"{said.decided_by.short}, {on}", said.reason,
    )  # fmt: skip


Table = tuple[tuple[str, ...], list[tuple[str, ...]]]


def table(papers: Papers, kind: Kind) -> Table:
    """Head and rows of one paper: what its CSV holds and its PDF prints."""
    if kind is Kind.UNUSED or kind is Kind.SENSITIVE:
        rows = papers.unused if kind is Kind.UNUSED else papers.sensitive
        head: tuple[str, ...] = ("Item", "Reference", "Description", "Location", "Recorded",
                                 "Reviewed by", "Disclosed")  # fmt: skip
        if kind is Kind.SENSITIVE:
            head += ("Reason for sensitivity",)
        return head, [_line(row, kind) for row in rows]
    return _exhibits(papers, kind)


def _line(row: ScheduleRow, kind: Kind) -> tuple[str, ...]:
    cells = (str(row.item), row.name, row.description, row.location, row.recorded, row.reviewed,
             row.disclosed)  # fmt: skip
    return (*cells, row.reason) if kind is Kind.SENSITIVE else cells


def _exhibits(papers: Papers, kind: Kind) -> Table:
    if kind is Kind.STATEMENT:
        return ("Mark", "Producer", "Paragraph"), [
            (row.mark, row.producer, row.paragraph) for row in papers.exhibits
        ]
    if kind is Kind.LABELS:
        return ("Case", "Mark", "What", "Description", "Produced by", "On", "Recorded",
                "SHA-256"), [
            (papers.urn, row.mark, row.what, row.description, row.producer, row.produced_on,
             row.recorded, row.hashes)
            for row in papers.exhibits
        ]  # fmt: skip
    return ("Mark", "What", "Description", "Produced by", "On", "Recording", "Recorded", "Range",
            "How it was made", "Disclosed", "SHA-256"), [
        (row.mark, row.what, row.description, row.producer, row.produced_on, row.recording,
         row.recorded, row.range, row.made_how, row.disclosed, row.hashes)
        for row in papers.exhibits
    ]  # fmt: skip
