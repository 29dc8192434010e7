"""What a case's page shows: its footage on one clock, why it is kept, who works on it, its past."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from django.utils import timezone

from evidence.cases import lists, periods, rules, sections, timeline
from evidence.cases.access import active, visible_to
from evidence.cases.models import Case, CaseLink
from evidence.custody import history
from evidence.custody.models import Event
from evidence.people.models import User
from evidence.recordings import keeping
from evidence.recordings.access import once_visible_to
from evidence.recordings.access import visible_to as recordings_visible_to
from evidence.recordings.models import Recording

MOST = 200
LINES = 100
# What the history leaves out: that somebody looked is for auditors.
LOOKS = ("case.viewed", "case.searched")
OF_FOOTAGE = ("case.linked", "case.unlinked", "exhibit.produced", "exhibit.withdrawn")


@dataclass(frozen=True)
class Footage:
    """What of a case's footage the reader may see, in the order in which it happened."""

    links: list[CaseLink]
    more: bool
    hidden: bool
    # What was disposed of since, and that the reader saw once: the link stays.
    gone: list[CaseLink] = field(default_factory=list)

    @property
    def words(self) -> str:
        """How many, for the task list."""
        if not self.links:
            if self.gone:
                return "Disposed of"
            return "Others that you can't see" if self.hidden else "None yet"
        count = "More than 200" if self.more else str(len(self.links))
        return f"{count} recording{'' if count == '1' else 's'}"


def footage(reader: User, case: Case) -> Footage:
    """A constant number of queries, and 200 rows at most."""
    rows = CaseLink.objects.filter(case=case, unlinked_at=None)
    seen = rows.filter(recording__in=recordings_visible_to(reader).values("pk"))
    links = list(
        seen.select_related("recording__officer", "recording__category", "linked_by")
        .order_by("recording__happened_at", "pk")[: MOST + 1]
    )  # fmt: skip
    shown = links[:MOST]
    disposed = rows.filter(recording__disposed_at__isnull=False)
    gone = list(
        disposed.filter(recording__in=once_visible_to(reader).values("pk"))
        .select_related("recording").order_by("recording__happened_at", "pk")[:MOST]
    )  # fmt: skip
    known = [link.pk for link in [*links, *gone]]
    hidden = rows.exclude(pk__in=known).exists() and len(links) <= MOST
    return Footage(shown, len(links) > MOST, hidden, gone)


def piece(recording: Recording) -> timeline.Piece:
    """A recording as the chart needs it."""
    end = recording.ends_at or recording.happened_at
    officer = recording.officer.short if recording.officer else ""
    return timeline.Piece(
        recording.camera, officer, recording.happened_at, max(end, recording.happened_at),
        recording.reference, recording.get_absolute_url(),
    )  # fmt: skip


def context(reader: User, case: Case) -> dict[str, Any]:
    """Everything of the page; a constant number of queries."""
    found = footage(reader, case)
    row = lists.annotated(Case.objects.filter(pk=case.pk)).get()
    case.next_court = row.next_court  # type: ignore[attr-defined]
    may_change = visible_to(reader, "case.change").filter(pk=case.pk).exists()
    kept = rules.kept(case)
    today = timezone.localdate()
    return {
        "case": case,
        "footage": found,
        "charts": timeline.charts([piece(link.recording) for link in found.links]),
        "days": [(link, keeping.until(link.recording)) for link in found.links],
        "todo": lists.todo(row),
        "kept": kept,
        "group_words": rules.group_words(case),
        "period_ended": bool(kept.until and kept.until < today),
        "releasable": may_change and bool(row.ended),  # type: ignore[attr-defined]
        "court_dates": list(case.court_dates.filter(removed_at=None)),
        "today": today,
        "members": list(case.members.filter(active()).select_related("person")),
        "sections": sections.of(reader, case),
        "may_change": may_change,
        "may_find": may_change and reader.may("case.find"),
        "past": past(reader, case, found),
        "period_day": periods.day(kept.until) if kept.until else "",
    }


def past(reader: User, case: Case, found: Footage) -> list[history.Day]:
    """The case's history by day, newest first, with what was linked as far as it may be seen."""
    ref = case.subject().ref
    own = list(
        Event.objects.filter(object_ref=ref).exclude(type__in=LOOKS).order_by("-seq")[:LINES]
    )
    seen = recordings_visible_to(reader).filter(case_links__case=case).values("reference")
    linked = Event.objects.filter(object_ref__in=seen, type__in=OF_FOOTAGE).order_by("-index")
    of_it = [e for e in linked[: 2 * LINES] if e.parsed().get("data", {}).get("case") == ref]
    events = sorted([*own, *of_it], key=lambda event: -event.index)[:LINES]
    of_footage = {event.index: event.object_ref for event in of_it}
    lines = [_named(line, of_footage.get(line.index, "")) for line in history.describe(events)]
    return history.days(lines)


def _named(line: history.Line, reference: str) -> history.Line:
    """In words: what was changed, or which recording a line is about, which is not this page's."""
    if line.type == "case.changed":
        return replace(line, words=line.words.replace("_", " "))
    if not reference:
        return line
    return replace(line, words=f"{reference}: {line.words}")
