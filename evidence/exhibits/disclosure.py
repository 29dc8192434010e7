"""What is relevant, used, unused and sensitive in a case: decided by people, never overwritten.

A decision is of a recording that is linked to the case, or of an exhibit. Each is a row of its
own; the newest counts. What nobody has decided is said to be so, and stands on no schedule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from evidence.cases import access as cases
from evidence.cases.models import Case, CaseLink
from evidence.custody.record import Draft, record
from evidence.exhibits.models import Decision, Exhibit
from evidence.people import typed
from evidence.people.models import User
from evidence.recordings.access import visible_to
from evidence.recordings.models import Recording

MOST = 500
LONGEST_REASON, LONGEST_DESCRIPTION, LONGEST_LOCATION = 300, 1000, 200
Relevant = Decision.Relevant


class NotDecided(ValueError):
    """It can't be decided so. `field` is what to change. Its sentence is for a person."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True)
class Said:
    """What somebody decides of one thing."""

    relevant: str
    used: bool
    sensitive: bool
    withheld: bool
    reason: str
    description: str
    location: str
    # The decision that was read before, by its number, 0 for none: another meanwhile is refused.
    seen: int | None = None


@dataclass(frozen=True)
class Item:
    """One thing of a case that is decided about: a linked recording, or an exhibit of one."""

    recording: Recording
    exhibit: Exhibit | None
    decision: Decision | None

    @property
    def key(self) -> str:
        """How an address names it: R-… or X-…"""
        return self.exhibit.reference if self.exhibit else self.recording.reference

    @property
    def name(self) -> str:
        """What people call it."""
        return self.exhibit.mark if self.exhibit else self.recording.reference

    @property
    def words(self) -> str:
        """How it stands, in words."""
        return in_words(self.decision)


def in_words(decision: Decision | None) -> str:
    """Relevant, unused, sensitive."""
    if decision is None or decision.relevant == Relevant.OPEN:
        found = ["Not decided"]
    elif decision.relevant == Relevant.NO:
        found = ["Not relevant"]
    else:
        found = ["Relevant", "used" if decision.used else "unused"]
    if decision is not None and decision.sensitive:
        found.append("sensitive")
    if decision is not None and decision.withheld:
        found.append("do not disclose")
    return ", ".join(found)


def items(reader: User, case: Case) -> list[Item]:
    """Every linked recording that the reader may see, and every exhibit that was not withdrawn.

    Constant queries. In the order in which they happened; exhibits behind their recording.
    """
    links = CaseLink.objects.filter(case=case, unlinked_at=None).values("recording")
    recordings = list(
        visible_to(reader).filter(pk__in=links).select_related("officer")
        .order_by("happened_at", "pk")[:MOST]
    )  # fmt: skip
    exhibits: dict[int, list[Exhibit]] = {}
    rows = Exhibit.objects.filter(case=case, recording__in=recordings, withdrawn_at=None)
    for row in rows.select_related("clip", "producer"):
        exhibits.setdefault(row.recording_id, []).append(row)
    newest = _newest(Decision.objects.filter(case=case, recording__in=recordings))
    found = []
    for one in recordings:
        found.append(Item(one, None, newest.get((one.pk, None))))
        for exhibit in exhibits.get(one.pk, []):
            exhibit.recording = one
            found.append(Item(one, exhibit, newest.get((one.pk, exhibit.pk))))
    return found


def _newest(rows: QuerySet[Decision]) -> dict[tuple[int, int | None], Decision]:
    """The newest decision of each thing; one query."""
    found = rows.order_by("recording_id", "exhibit_id", "-id").distinct(
        "recording_id", "exhibit_id"
    )
    return {
        (row.recording_id, row.exhibit_id): row for row in found.select_related("decided_by")
    }  # fmt: skip


def item(reader: User, case: Case, key: str) -> Item:
    """One of them by its address. Raises Recording.DoesNotExist."""
    for one in items(reader, case):
        if one.key == key.upper():
            return one
    raise Recording.DoesNotExist


def history(one: Item, case: Case) -> list[Decision]:
    """Every decision of a thing, newest first."""
    rows = Decision.objects.filter(case=case, recording=one.recording, exhibit=one.exhibit)
    return list(rows.select_related("decided_by")[:MOST])


def decide(*, by: User, case: Case, key: str, said: Said) -> Decision:
    """Decide about one thing of a case. The same again is no new row.

    Raises Case.DoesNotExist, Recording.DoesNotExist, NotDecided.
    """
    case = cases.find(by, case.urn, "disclosure.decide")
    values = _checked(said)
    with transaction.atomic():
        Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
        one = item(by, case, key)
        if one.decision and all(getattr(one.decision, k) == v for k, v in values.items()):
            return one.decision
        _read(said, one.decision)
        made = Decision.objects.create(
            case=case, recording=one.recording, exhibit=one.exhibit, decided_by=by, **values
        )
        data = {
            "case": case.subject().ref, "decision": made.pk,
            "exhibit": one.exhibit.reference if one.exhibit else "",
        }  # fmt: skip
        private = {
            "name": by.short, "case": case.urn, "decision": in_words(made), "reason": made.reason,
        }  # fmt: skip
        record(Draft("disclosure.decided", one.recording.subject(), by.actor(), data, private))
    return made


def _read(said: Said, newest: Decision | None) -> None:
    """Raises NotDecided where somebody else decided meanwhile: a "do not disclose" that was not
    read is not taken away."""
    if newest is None or said.seen in (None, newest.pk):
        return
    at = f"{timezone.localtime(newest.decided_at):%-d %b at %H:%M}"
    raise NotDecided(
        f"{newest.decided_by.short} decided about this on {at}: {in_words(newest).lower()}. "
        "Compare and choose, then save again.", "relevant",
    )  # fmt: skip


def _checked(said: Said) -> dict[str, object]:
    """What is kept of it. Raises NotDecided."""
    if said.relevant not in Relevant.values:
        raise NotDecided("Select whether it is relevant", "relevant")
    reason = typed.one_line(said.reason, LONGEST_REASON)
    if len(reason) < 3:
        raise NotDecided("Enter why, in a few words", "reason")
    if said.used and said.relevant != Relevant.YES:
        raise NotDecided("What is used is relevant: select Relevant, or Unused", "used")
    description = typed.one_line(said.description, LONGEST_DESCRIPTION)
    if said.relevant == Relevant.YES and not said.used and len(description) < 3:
        raise NotDecided(
            "Enter what it shows, with key times: the schedule says it so", "description"
        )
    return {
        "relevant": said.relevant, "used": said.used, "sensitive": said.sensitive,
        "withheld": said.withheld, "reason": reason, "description": description,
        "location": typed.one_line(said.location, LONGEST_LOCATION),
    }  # fmt: skip


@dataclass(frozen=True)
class Disclosable:
    """Whether a recording of a case may be shown outside; if not, why, for a person."""

    yes: bool
    why: str = ""


def may_disclose(case: Case, recording: Recording, exhibit: Exhibit | None = None) -> Disclosable:
    """Whether it may leave the house for this case: no "do not disclose", not sensitive.

    Without `exhibit`, every decision on the recording and on its exhibits counts: who gets all
    of it gets its parts. With one, those of the exhibit and of the recording.
    """
    rows = _newest(Decision.objects.filter(case=case, recording=recording)).values()
    wanted: Iterable[Decision] = rows
    if exhibit is not None:
        wanted = [row for row in rows if row.exhibit_id in (None, exhibit.pk)]
    for row in wanted:
        if row.withheld or row.sensitive:
            return Disclosable(False, in_a_sentence(row))
    return Disclosable(True)


def in_a_sentence(row: Decision) -> str:
    """Why something may not leave the house, for a person of the force."""
    day = f"{timezone.localtime(row.decided_at):%-d %b}"
    marked = "do not disclose" if row.withheld else "sensitive"
    return f"Marked {marked} by {row.decided_by.short} on {day}."


def stops(recordings: Iterable[int]) -> list[Decision]:
    """What stands in the way of showing these recordings, or exhibits of them, outside: the
    newest decision of each thing in each case, where it withholds or is sensitive. One query."""
    rows = Decision.objects.filter(recording__in=list(recordings))
    newest = rows.order_by("case_id", "recording_id", "exhibit_id", "-id").distinct(
        "case_id", "recording_id", "exhibit_id"
    )
    return [row for row in newest.select_related("decided_by") if row.withheld or row.sensitive]


def hidden(reader: User, case: Case) -> bool:
    """Whether footage is linked to the case that this person can't see."""
    links = CaseLink.objects.filter(case=case, unlinked_at=None)
    seen = visible_to(reader).values("pk")
    gone = Q(recording__joined_into__isnull=False)
    return links.exclude(gone | Q(recording__in=seen)).exists()
