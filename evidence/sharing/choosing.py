"""What of a case, or of one recording, somebody can share: each thing, and why not where not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.db.models import Q
from django.utils import timezone

from evidence.cases import access as cases
from evidence.cases.models import Case
from evidence.exhibits import disclosure, papers
from evidence.exhibits.models import Exhibit
from evidence.exhibits.papers import Kind, NoPapers
from evidence.people.models import User
from evidence.recordings import keeping
from evidence.recordings.markers import stamp
from evidence.recordings.models import Marker, Recording
from evidence.recordings.templatetags.evidence import clock, day, length
from evidence.sharing import making, standing
from evidence.sharing.models import Item
from evidence.sharing.wishes import PAPERS, Thing

SAID = {
    Kind.LABELS: "A label for every exhibit that was not withdrawn",
    Kind.STATEMENT: "The paragraphs by which officers produce the exhibits",
    Kind.LIST: "The list of exhibits",
    Kind.UNUSED: "What is relevant, unused and not sensitive",
}


@dataclass(frozen=True)
class Mark:
    """A marker that can go along with a thing."""

    pk: int
    at: str
    text: str


@dataclass(frozen=True)
class Choice:
    """One thing. `why` says why it can't be shared; empty where it can."""

    key: str
    thing: Thing
    name: str
    # What the person would get, plainly.
    what: str
    when: str = ""
    title: str = ""
    why: str = ""
    # A second person has to agree.
    restricted: bool = False
    marks: Sequence[Mark] = field(default_factory=list)

    @property
    def field(self) -> str:
        """The name of its fields on the form."""
        return self.key.lower()


@dataclass(frozen=True)
class Choices:
    """Everything, in groups, and whether there is footage that this person can't see."""

    exhibits: list[Choice]
    recordings: list[Choice]
    papers: list[Choice]
    hidden: bool = False

    def find(self, key: str) -> Choice | None:
        """One by its key, also one that can't be shared."""
        every = [*self.exhibits, *self.recordings, *self.papers]
        return next((one for one in every if one.key == key), None)

    @property
    def none(self) -> bool:
        """Whether nothing at all can be shared."""
        return all(one.why for one in [*self.exhibits, *self.recordings, *self.papers])


def of_case(by: User, case: Case) -> Choices:
    """The footage, exhibits and papers of a case; constant queries."""
    things = disclosure.items(by, case)
    recordings = {one.recording.pk: one.recording for one in things}
    stops = disclosure.stops(recordings)
    marks = _marks(by, recordings)
    found: dict[bool, list[Choice]] = {True: [], False: []}
    for one in things:
        choice = _exhibit(one.recording, one.exhibit) if one.exhibit else _recording(one.recording)
        why = choice.why or standing.stopped(
            case.pk, Item(recording=one.recording, exhibit=one.exhibit), stops
        )
        shown = [] if why else _within(one.exhibit, marks.get(one.recording.pk, []))
        found[one.exhibit is not None].append(replace(choice, why=why, marks=shown))
    return Choices(found[True], found[False], _papers(by, case), disclosure.hidden(by, case))


def of_recording(by: User, recording: Recording) -> Choices:
    """One recording, without a case."""
    stops = disclosure.stops([recording.pk])
    why = standing.stopped(None, Item(recording=recording), stops)
    marks = _within(None, _marks(by, {recording.pk: recording}).get(recording.pk, []))
    return Choices([], [replace(_recording(recording), why=why, marks=marks)], [])


def _said(recording: Recording) -> str:
    officer = recording.officer.short if recording.officer else "nobody known"
    return f"{day(recording.happened_at)} {clock(recording.happened_at)}, {officer}"


def _recording(recording: Recording) -> Choice:
    kind = recording.kind == Recording.Kind.FOOTAGE
    what = f"ORIGINAL, all of it{f', {length(recording.duration_ms)}' if kind else ''}"
    return Choice(
        recording.reference, Thing(recording=recording), recording.reference, what,
        _said(recording), restricted=bool(recording.restricted),
    )  # fmt: skip


def _exhibit(recording: Recording, exhibit: Exhibit) -> Choice:
    clip = exhibit.clip
    if clip is None:
        what = f"ORIGINAL, all of {recording.reference}, {length(recording.duration_ms)}"
    else:
        what = (
            f"{exhibit.label} of {recording.reference}, {length(clip.to_ms - clip.from_ms)} from "
            f"{stamp(clip.from_ms)}; not the rest of it"
        )
    return Choice(
        exhibit.reference, Thing(exhibit=exhibit), exhibit.mark, what, _said(recording),
        title=exhibit.description[:120], why=making.not_ready(exhibit),
        restricted=bool(recording.restricted),
    )  # fmt: skip


def _papers(by: User, case: Case) -> list[Choice]:
    """The papers, as they stand now; why none of them can be made, where that is so."""
    if not cases.visible_to(by, "case.papers").filter(pk=case.pk).exists():
        return []
    why = ""
    try:
        papers.build(by=by, case=case)
    except NoPapers as error:
        why = str(error)
    today = f"As it is on {timezone.localdate():%-d %b %Y}"
    return [
        Choice(kind.value, Thing(paper=kind.value), kind.heading, SAID[kind], today, why=why)
        for kind in PAPERS
    ]


def _marks(by: User, recordings: Mapping[int, Recording]) -> dict[int, list[Marker]]:
    """The markers of all of them that this person sees; two queries."""
    rows = Marker.objects.filter(recording__in=recordings, removed_at=None)
    if not by.may("hold.view"):
        rows = rows.filter(office=False)
    else:
        unsaid = Recording.objects.filter(keeping.unsaid(by), pk__in=recordings).values("pk")
        rows = rows.filter(Q(office=False) | Q(made_by=by) | ~Q(recording__in=unsaid))
    found: dict[int, list[Marker]] = {}
    for row in rows.order_by("at_ms", "pk")[:5000]:
        found.setdefault(row.recording_id, []).append(row)
    return found


def _within(exhibit: Exhibit | None, rows: Iterable[Marker]) -> list[Mark]:
    """Of a clip, those of its own range, at its own times."""
    clip = exhibit.clip if exhibit else None
    first, last = (clip.from_ms, clip.to_ms) if clip else (0, 2**63)
    begins = clip.from_ms if clip else 0
    return [
        Mark(row.pk, stamp(row.at_ms - begins), row.text or "Without a note")
        for row in rows if first <= row.at_ms <= last
    ][: making.MOST_MARKERS]  # fmt: skip
