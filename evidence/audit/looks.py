"""What counts as a look, and looks as sentences: who did what to what, when and why.

Read from the custody log by its own indexes, newest first, one page after the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Literal

from django.utils import timezone

from evidence.audit import subjects
from evidence.custody.history import ERASED
from evidence.custody.models import Event, Private
from evidence.custody.vocabulary import types
from evidence.people import table
from evidence.people.models import User
from evidence.recordings import ranges

PAGE = 50
COUNTED = 1000
LAST = 2**62
NOT_LOOKS = ("evidence.verified", "evidence.reconciled")  # the system reads its own bytes
# The log of a person's own account: coming in, being refused.
ACCOUNT = ("person.signed_in", "person.refused", "person.signed_out", "person.proved_again")
KINDS = {
    "seen": "Opened or played",
    "listed": "Seen in a list",
    "searched": "Searched",
    "taken": "Downloaded or exported",
    "given": "Shared, or opened to somebody",
    "outside": "Looked at from outside",
    "log": "History read",
    "audit": "Read by auditors",
    "other": "Other looks",
}
KIND_OF = {
    "evidence.viewed": "seen", "evidence.played": "seen", "evidence.watched": "seen",
    "review.opened": "seen",
    "evidence.listed": "listed",
    "evidence.searched": "searched", "evidence.downloaded": "taken", "evidence.exported": "taken",
    "package.downloaded": "taken", "share.created": "given", "share.revoked": "given",
    "access.granted": "given", "share.approved": "given", "share.declined": "given",
    "share.sent": "given", "share.extended": "given", "share.narrowed": "given",
    "share.taken_over": "given", "share.proved": "outside", "share.refused": "outside",
    "share.opened": "outside", "share.viewed": "outside", "share.played": "outside",
    "share.downloaded": "outside", "share.more_asked": "outside", "share.written": "outside",
    "share.receipted": "taken", "history.read": "log",
    "history.reported": "log", "history.verified": "log", "audit.read": "audit",
    "audit.exported": "audit", "case.viewed": "seen", "case.searched": "searched",
    "case.papers_made": "taken",
}  # fmt: skip
VERBS = {
    "evidence.viewed": "opened the page of {object}",
    "evidence.played": "played {range}{object}",
    "evidence.watched": "watched {range}{object}",
    "review.opened": "opened the review room of {object}",
    "evidence.doubted": "had a page report as played what can't have been, of {object}",
    "evidence.listed": "saw {object} in a list",
    "evidence.searched": "searched for {query}",
    "evidence.downloaded": "downloaded {object}",
    "evidence.exported": "exported {object} as package {package}",
    "package.downloaded": "downloaded package {object}",
    "case.viewed": "opened the page of case {object}",
    "case.searched": "looked for more footage for case {object}: {query}",
    "case.papers_made": "made papers of case {object}: {kind}",
    "share.created": "shared {object} with {recipient}",
    "share.approved": "approved the share of {object} with {recipient}",
    "share.declined": "refused the share of {object} with {recipient}",
    "share.sent": "sent {recipient} the link to {object}",
    "share.extended": "extended the share of {object} with {recipient} until {until}",
    "share.narrowed": "took {item}{object} out of the share with {recipient}",
    "share.taken_over": "took over the share of {object} with {recipient} from {before}",
    "share.revoked": "ended the share of {object} with {recipient}",
    "share.proved": "proved who they are, to open {object}",
    "share.refused": "tried to open {object}: {why}",
    "share.opened": "opened the list of {object} from outside",
    "share.viewed": "opened the page of {item}{object} from outside",
    "share.played": "played {item}{object} from outside",
    "share.downloaded": "downloaded {item}{object} from outside",
    "share.more_asked": "asked for more time for {object}",
    "share.written": "wrote a message about {item}{object}",
    "share.receipted": "made a receipt of {object}",
    "share.data_changed": "changed {object}, a list behind shares: {what}",
    "access.granted": "opened {object} to {person}",
    "history.read": "read the history of {object}",
    "history.reported": "made a custody report of {object}",
    "history.verified": "had {object} checked again",
    "audit.read": "read who looked, asking for {object}",
    "audit.exported": "took away who looked, asking for {object}",
    "person.signed_in": "signed in",
    "person.signed_out": "signed out",
    "person.proved_again": "proved again who they are",
    "person.refused": "tried to sign in as {object}",
}
OUTCOMES = {"ok": "", "denied": "Refused", "failed": "Failed"}
COLUMNS = "index, id, type, object_ref, seq, actor_ref, outcome, time, body"


@cache
def look_types() -> tuple[str, ...]:
    """The types that record consultation or disclosure by a person (DPA 2018 s.62)."""
    return tuple(
        name
        for name, kind in types().items()
        if kind.dpa62 in ("consultation", "disclosure")
        and name not in NOT_LOOKS
        and not name.startswith("person.")
    )


def kind_of(name: str) -> str:
    """The kind of a type; one that came into the vocabulary later is another."""
    return KIND_OF.get(name, "other")


@dataclass(frozen=True)
class Span:
    """Which looks: of one kind or all, between two times, before an event."""

    kind: str = ""
    # Where all kinds are asked for: what auditors read of the log besides.
    auditors: bool = True
    since: datetime | None = None
    until: datetime | None = None
    before: int = LAST

    def types(self) -> list[str]:
        """The types that it asks for."""
        if self.kind:
            return [name for name in look_types() if kind_of(name) == self.kind]
        return [name for name in look_types() if self.auditors or kind_of(name) != "audit"]


@dataclass(frozen=True)
class Line:
    """One look as a sentence, as it was written then."""

    index: int
    at: datetime
    who: str
    who_ref: str
    before: str
    object: str
    object_ref: str
    after: str
    reason: str
    roles: str
    address: str
    outcome: str
    type: str

    @property
    def linked(self) -> str:
        """The view of this room that tells more of the object; none for what it has no page for."""
        if self.object_ref.startswith("u-"):
            return "audit-person" if self.object_ref != "u-unknown" else ""
        sayable = subjects.SAYABLE.fullmatch(self.object_ref)
        numbered = subjects.NUMBERED.fullmatch(self.object_ref)
        return "audit-recording" if sayable or numbered else ""

    def sentence(self) -> str:
        """The whole of it on one line, without the time."""
        return f"{self.who} {self.before}{self.object}{self.after}"


@dataclass(frozen=True)
class Day:
    """The looks of one local day, newest first."""

    date: date
    lines: list[Line]


Column = Literal["object_ref", "actor_ref"]
# In each the last column is the one by which its index is sorted.
INDEXES: dict[Column, str] = {"object_ref": "seq", "actor_ref": "index"}


def find(
    column: Column,
    refs: Sequence[str],
    span: Span,
    limit: int,
    names: Collection[str] | None = None,
) -> list[Event]:
    """Events of objects or of actors, newest first: one query, one walk down an index a reference.

    Asked as `index` of the whole table PostgreSQL might walk the log from its end for somebody
    who has not looked for years.
    """
    sql = (
        f"SELECT e.* FROM unnest(%s::text[]) AS o(ref), LATERAL ("  # noqa: S608
        f" SELECT {COLUMNS} FROM custody_event WHERE {column} = o.ref AND index < %s"
        f" AND type = ANY(%s::text[]) AND time >= %s AND time < %s"
        f" ORDER BY {INDEXES[column]} DESC LIMIT %s) AS e ORDER BY e.index DESC LIMIT %s"
    )
    wanted = list(span.types() if names is None else names)
    since = span.since or datetime(1970, 1, 1, tzinfo=UTC)
    until = span.until or datetime(9000, 1, 1, tzinfo=UTC)
    values = [list(refs), span.before, wanted, since, until, limit, limit]
    return list(Event.objects.raw(sql, values))


def page(events: Iterable[Event]) -> tuple[list[Event], int | None]:
    """One page of what was found, and the event before which the next one begins."""
    found = sorted(events, key=lambda event: -event.index)
    return found[:PAGE], found[PAGE - 1].index if len(found) > PAGE else None


def of_object(refs: Sequence[str], span: Span, limit: int = PAGE + 1) -> list[Event]:
    """Looks at an object and at what was joined into it.

    What auditors read is kept apart: who asks about a recording ten times is not its audience.
    """
    return find("object_ref", refs, replace(span, auditors=False), limit)


def of_person(ref: str, span: Span, limit: int = PAGE + 1) -> list[Event]:
    """A person's looks; besides, where all kinds are asked for, their sign-ins and refusals."""
    found = find("actor_ref", [ref], span, limit)
    if not span.kind:
        found += find("object_ref", [ref], span, limit, ACCOUNT)
        found.sort(key=lambda event: -event.index)
    return found[:limit]


def counts(by: User, ref: str, span: Span) -> tuple[list[tuple[date, int]], bool]:
    """A person's looks a day, newest first; and whether there are more than were counted.

    Without those that the reader is not shown: a number would tell of them too.
    """
    events = find("actor_ref", [ref], span, COUNTED + 1)
    own = subjects.hidden(by, {event.object_ref for event in events})
    days = Counter(
        timezone.localtime(event.time).date()
        for event in events[:COUNTED]
        if event.object_ref not in own
    )
    return sorted(days.items(), reverse=True), len(events) > COUNTED


def describe(events: Sequence[Event]) -> list[Line]:
    """Events as sentences: a constant number of queries."""
    rows = Private.objects.filter(event_id__in=[event.id for event in events])
    details = {row.event_id: row.parsed() for row in rows}
    labels = subjects.labels({event.object_ref for event in events})
    return [_line(event, details.get(event.id), labels) for event in events]


def days(lines: Iterable[Line]) -> list[Day]:
    """Grouped by local day."""
    made: list[Day] = []
    for line in lines:
        on = timezone.localtime(line.at).date()
        if not made or made[-1].date != on:
            made.append(Day(on, []))
        made[-1].lines.append(line)
    return made


class _Said(dict[str, str]):
    """What a sentence may say; what is not there was erased."""

    def __missing__(self, key: str) -> str:
        return ERASED


def _line(event: Event, details: Mapping[str, Any] | None, labels: Mapping[str, str]) -> Line:
    body = event.parsed()
    data = body.get("data", {})
    private = details or {}
    said = _Said({name: _text(value) for name, value in {**data, **private}.items()})
    said["range"] = _range(data)
    # In a share's own history the thing of it; the thing itself stands in its own.
    number = data.get("item") if event.object_ref.startswith("S-") else None
    said["item"] = f"item {number} of " if number else ""
    before, marked, after = _verb(event.type).partition("{object}")
    return Line(
        index=event.index,
        at=event.time,
        who=_who(event, body, private),
        who_ref=event.actor_ref,
        before=before.format_map(said),
        object=labels.get(event.object_ref, event.object_ref) if marked else "",
        object_ref=event.object_ref if marked else "",
        after=after.format_map(said),
        reason=_text(private.get("reason") or private.get("purpose") or ""),
        roles=", ".join(_role(name) for name in body["actor"].get("roles", [])),
        address=_text(private.get("address", "")),
        outcome=OUTCOMES.get(event.outcome, event.outcome),
        type=event.type,
    )


def _verb(name: str) -> str:
    if name in VERBS:
        return VERBS[name]
    noun, _, verb = name.partition(".")
    return f"{verb.replace('_', ' ')} {noun} {{object}}"


def _who(event: Event, body: Mapping[str, Any], private: Mapping[str, Any]) -> str:
    """The name as it was then. What somebody typed at sign-in is not a name, and not shown."""
    if event.type == "person.refused":
        return "Somebody"
    name = private.get("name") or private.get("recipient")
    if body["actor"]["kind"] == "service" and not name:
        return "The system"
    return _text(name or body["actor"]["ref"])


def _role(name: str) -> str:
    return table.ROLES.get(name, name).partition(" (")[0]


def _text(value: object) -> str:
    """On one line, whatever somebody typed."""
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return " ".join(str(value).split())


def _range(data: Mapping[str, Any]) -> str:
    said = [*data.get("ranges", []), *data.get("uncounted", [])]
    if said:
        pairs = [[int(part) for part in item.split("-")] for item in said]
        return f"{ranges.words(pairs)} of "
    start, end = data.get("from_ms"), data.get("to_ms")
    if not isinstance(start, int) or not isinstance(end, int):
        return ""
    return f"{ranges.words([[start, end]])} of "
