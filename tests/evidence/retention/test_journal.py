"""Real acts in any order, beside a journal of its own that says what has to be kept.

The journal knows nothing of rows: it writes down what was done, and reckons from that, naively,
until when each recording must stay. Whatever the order, what is due is exactly what the journal
says, and what everybody is told is what the rules say now.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, note
from hypothesis import settings as hypotheses
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from evidence.cases import actions as cases
from evidence.cases.models import Case
from evidence.complaints import actions as complaints
from evidence.complaints.models import Complaint
from evidence.recordings import actions as recordings
from evidence.recordings import rules
from evidence.recordings.models import Category, Group, Recording
from evidence.retention import actions as holds
from evidence.retention import groups, tasks
from evidence.retention.models import Hold, Kind
from evidence.retention.policies import actions as policies
from evidence.retention.reckoning import verdict
from ingest.devices import actions as devices
from ingest.devices.models import Camera, Dock
from ingest.uploads import sealing
from ingest.uploads.models import Upload
from tests import factories
from tests.evidence.complaints import making

LONDON = ZoneInfo("Europe/London")
CODES = ["arrest", "stop-search", "non-evidential", "evidential-other"]
# As the file of first rules has it: days, or years.
FIRST: dict[str, tuple[int, int]] = {
    "": (31, 0), "arrest": (31, 0), "stop-search": (365, 0), "non-evidential": (31, 0),
    "evidential-other": (0, 6),
}  # fmt: skip


def on(start: datetime, days: int, years: int) -> datetime:
    """So many days or years on, by the wall's clock; of two moments the later."""
    wall = start.astimezone(LONDON).replace(tzinfo=None) + timedelta(days=days)
    if years and (wall.month, wall.day) == (2, 29) and years % 4:
        wall = wall.replace(year=wall.year + years, month=3, day=1)
    else:
        wall = wall.replace(year=wall.year + years)
    return max(wall.replace(tzinfo=LONDON, fold=fold).astimezone(UTC) for fold in (0, 1))


def after(day: date) -> datetime:
    """When a day is over."""
    return datetime.combine(day + timedelta(days=1), time(), LONDON).astimezone(UTC)


@dataclass
class Version:
    """A rule as the journal knows it."""

    days: int
    years: int
    since: datetime
    held: datetime | None = None


@dataclass
class Entry:
    """What the journal knows of one recording."""

    happened: datetime
    sealed: datetime
    category: str = ""
    undo: str | None = None
    holds: set[str] = field(default_factory=set)
    cases: set[str] = field(default_factory=set)
    group: tuple[int, date | None] | None = None
    complaints: set[str] = field(default_factory=set)


class Walk(RuleBasedStateMachine):
    """One force, one officer, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        person = factories.Person
        self.officer = person(username="walker", name="W W", collar="1", roles=["officer"])
        self.lane = person(username="lane", name="L L", roles=["professional_standards"])
        self.boss = making.authority()
        self.mana = person(username="mana", name="M M", roles=["evidence_manager"])
        self.manb = person(username="manb", name="N N", roles=["evidence_manager"])
        self.camera: Camera = devices.list_camera(serial="BWC-9")
        start = timezone.now() - timedelta(days=900)
        devices.issue(camera=self.camera, officer=self.officer, start=start, end=None)
        self.dock = Dock.objects.create(name="Walk")
        self.journal: dict[int, Entry] = {}
        always = datetime(1970, 1, 1, tzinfo=UTC)
        self.versions = {code: [Version(*long, always)] for code, long in FIRST.items()}
        self.results: dict[str, date | None] = {}
        self.days: dict[str, date | None] = {}
        self.case_groups: dict[str, int] = {}
        self.closed: dict[str, date | None] = {}
        self.released: set[str] = set()
        self.count = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    # --- acts ---

    @initialize(ago=st.integers(0, 700))
    def begin(self, ago: int) -> None:
        self.seal(ago, 30)

    @rule(ago=st.integers(0, 700), minutes=st.integers(0, 1439))
    def seal(self, ago: int, minutes: int) -> None:
        if len(self.journal) >= 6:
            return
        moment = timezone.now() - timedelta(days=ago, minutes=minutes)
        name, data = uuid.uuid4().hex, factories.film(1)
        upload = Upload.objects.create(
            identity=name, camera=self.camera, dock=self.dock, file_id=f"{name}.MP4",
            size=len(data), sha256=hashlib.sha256(name.encode()).hexdigest(), part_size=2**24,
            key=name, version_id="1", state="verifying", recorded_at=moment,
        )  # fmt: skip
        found = sealing.Found(upload.sha256, upload.size, data[:65536])
        sealing.seal(upload, found, timezone.now() + timedelta(days=31))
        made = Recording.objects.get(originals__upload=upload.pk)
        self.journal[made.pk] = Entry(moment, made.created)
        entry = self.journal[made.pk]
        for reference in list(self.closed):
            complaint = Complaint.objects.get(reference=reference)
            if complaint.start <= moment + timedelta(hours=24) and complaint.end >= moment:
                entry.complaints.add(reference)
                if reference not in self.released:
                    entry.holds.add(reference)

    def pick(self, number: int) -> tuple[Recording, Entry]:
        pk = sorted(self.journal)[number % len(self.journal)]
        return Recording.objects.get(pk=pk), self.journal[pk]

    @rule(number=st.integers(0, 9), code=st.sampled_from(CODES))
    def categorise(self, number: int, code: str) -> None:
        one, entry = self.pick(number)
        recordings.categorise(by=self.lane, recording=one, category=Category.objects.get(code=code))
        if code != entry.category:
            entry.undo, entry.category = entry.category, code

    @rule(number=st.integers(0, 9))
    def take_back(self, number: int) -> None:
        one, entry = self.pick(number)
        if entry.undo is None:
            return
        recordings.restore(by=self.lane, recording=one)
        entry.category, entry.undo = entry.undo, None

    @rule(number=st.integers(0, 9), kind=st.sampled_from([Kind.MANUAL, Kind.COURT, Kind.ACCESS]))
    def hold(self, number: int, kind: Kind) -> None:
        one, entry = self.pick(number)
        self.count += 1
        reference = f"X{self.count}"
        holds.hold(by=self.mana, recording=one, kind=kind, reason="x", reference=reference)
        entry.holds.add(reference)

    @rule(number=st.integers(0, 9))
    def unhold(self, number: int) -> None:
        one, entry = self.pick(number)
        row = Hold.objects.filter(recording=one, released_at=None, reference__startswith="X")
        if found := row.first():
            holds.release(by=self.mana, hold=found, reason="x")
            entry.holds.remove(found.reference)

    @rule(number=st.integers(0, 9), case=st.integers(1, 2), group=st.sampled_from(["", "2", "1"]))
    def link(self, number: int, case: int, group: str) -> None:
        one, entry = self.pick(number)
        urn = f"01AB/1234{case}/26"
        found = Case.objects.filter(urn=urn).first()
        if found is None:
            wanted = Case(urn=urn, title="R v X", group=Group.objects.filter(code=group).first())
            found = cases.save(by=self.lane, case=wanted, changed=[])
            self.results[urn] = None
            if group:
                self.case_groups[urn] = {"2": 10, "1": 0}[group]
        cases.link(by=self.lane, case=found, recording=one, reason="x")
        entry.cases.add(urn)
        # A case that keeps anything keeps all of it.
        self._held_again(urn)
        entry.holds.add(urn)

    def _held_again(self, urn: str) -> None:
        for entry in self.journal.values():
            if urn in entry.cases:
                entry.holds.add(urn)

    @precondition(lambda self: self.results)
    @rule(case=st.integers(0, 1), result=st.sampled_from(["no_action", "convicted", ""]),
          ago=st.integers(0, 400))  # fmt: skip
    def result(self, case: int, result: str, ago: int) -> None:
        urn = sorted(self.results)[case % len(self.results)]
        day = timezone.localdate() - timedelta(days=ago) if result else None
        row = Case.objects.get(urn=urn)
        row.result, row.result_on = result, day
        cases.save(by=self.lane, case=row, changed=["result", "result_on"])
        self.results[urn] = self._cpia(result, day)
        self.days[urn] = day
        last = self.results[urn]
        if last is None or last >= timezone.localdate():
            self._held_again(urn)

    @staticmethod
    def _cpia(result: str, day: date | None) -> date | None:
        if day is None or result == "no_action":
            return day
        month = day.month + 6
        year, month = (day.year + 1, month - 12) if month > 12 else (day.year, month)
        for last in range(day.day, 27, -1):
            try:
                return date(year, month, last)
            except ValueError:
                continue
        return date(year, month, day.day)

    @precondition(lambda self: self.results)
    @rule(case=st.integers(0, 1))
    def release_case(self, case: int) -> None:
        urn = sorted(self.results)[case % len(self.results)]
        last, row = self.results[urn], Case.objects.get(urn=urn)
        if last is None or last >= timezone.localdate():
            with pytest.raises(ValueError):
                cases.release_holds(by=self.lane, case=row, reason="x")
            return
        cases.release_holds(by=self.lane, case=row, reason="x")
        for entry in self.journal.values():
            entry.holds.discard(urn)

    @rule(number=st.integers(0, 9))
    def a_hold_is_lost(self, number: int) -> None:
        """By a mistake in the rows: what the hold was for keeps it all the same."""
        one, entry = self.pick(number)
        row = Hold.objects.filter(recording=one, released_at=None, kind=Kind.CASE).first()
        if row is not None:
            Hold.objects.filter(pk=row.pk).update(released_at=timezone.now())
            entry.holds.discard(row.reference)

    @rule(number=st.integers(0, 9))
    def complain(self, number: int) -> None:
        one, _ = self.pick(number)
        if len(self.closed) >= 2:
            return
        reference = f"PC/{len(self.closed) + 1}/26"
        start, end = one.happened_at - timedelta(hours=1), one.happened_at + timedelta(hours=1)
        making.recorded(self.lane, self.officer, reference=reference, start=start, end=end)
        self.closed[reference] = None
        for entry in self.journal.values():
            reaches = entry.happened + timedelta(hours=24)
            if entry.happened <= end and reaches >= start:
                entry.complaints.add(reference)
                entry.holds.add(reference)

    @precondition(lambda self: None in self.closed.values())
    @rule(told=st.integers(29, 90), release=st.booleans())
    def close(self, told: int, release: bool) -> None:
        reference = next(name for name, day in self.closed.items() if day is None)
        row = Complaint.objects.get(reference=reference)
        making.to_outcome(row, self.lane, self.boss)
        making.told(row, told)
        complaints.close(by=self.lane, complaint=row, version=None)
        self.closed[reference] = timezone.localdate()
        if release:
            complaints.release(by=self.lane, complaint=row, version=None, reason="x")
            self.released.add(reference)
            for entry in self.journal.values():
                entry.holds.discard(reference)

    @rule(number=st.integers(0, 9), code=st.sampled_from(["1", "2", "3"]),
          born=st.none() | st.dates(date(1930, 1, 1), date(2010, 1, 1)))  # fmt: skip
    def group(self, number: int, code: str, born: date | None) -> None:
        one, entry = self.pick(number)
        chosen = Group.objects.get(code=code)
        groups.put(by=self.mana, recording=one, group=chosen, reason="x", born_on=born)
        entry.group = (chosen.years or 0, born if code == "1" else None)

    @rule(number=st.integers(0, 9))
    def ungroup(self, number: int) -> None:
        one, entry = self.pick(number)
        if entry.group is not None:
            groups.end(by=self.mana, recording=one, reason="x")
            entry.group = None

    @rule(code=st.sampled_from(["", *CODES]), days=st.integers(7, 900), held=st.booleans())
    def change_rule(self, code: str, days: int, held: bool) -> None:
        of = Category.objects.filter(code=code).first()
        wish = policies.Wish(days, None, False, "people", "x", "x")
        made = policies.propose(by=self.mana, category=of, wish=wish)
        row = policies.approve(by=self.manb, rule=made, reason="x")
        assert row.in_force_at
        said = Version(days, 0, row.in_force_at)
        self.versions[code].append(said)
        if held:
            policies.propose_held(by=self.mana, rule=row, reason="x")
            row = policies.approve_held(by=self.manb, rule=row, reason="x")
            tasks.settle_held(row.pk)
            said.held = row.held_from

    # --- what the journal says ---

    def rule_end(self, entry: Entry) -> datetime:
        """Lived through, version by version."""
        arrival = on(entry.sealed, settings.ARRIVAL_DAYS, 0)
        end: datetime | None = None
        for version in self.versions[entry.category]:
            bare = max(on(entry.happened, version.days, version.years), arrival)
            if version.since <= entry.sealed:
                end = bare
            elif version.held is not None:
                least = on(version.held, settings.REMORSE_DAYS, 0)
                assert end is not None
                end = max(bare, min(end, least))
        assert end is not None
        return end

    def until(self, entry: Entry) -> datetime | None:
        """The last of everything that has an end; None where something has none."""
        ends: list[datetime | None] = [self.rule_end(entry)]
        for urn in entry.cases:
            last = self.results[urn]
            ends.append(after(last) if last else None)
            if urn in self.case_groups:
                years, day = self.case_groups[urn], self.days.get(urn)
                if not years or day is None:
                    ends.append(None)
                else:
                    # The whole last day.
                    start = datetime.combine(day, time(), LONDON)
                    ends.append(after(on(start, 0, years).astimezone(LONDON).date()))
        for reference in entry.complaints:
            closed = self.closed[reference]
            ends.append(after(closed) if closed else None)
        if entry.group is not None:
            years, born = entry.group
            if years:
                ends.append(on(entry.happened, 0, years))
            else:
                ends.append(on(datetime.combine(born, time(), LONDON), 0, 100) if born else None)
        known = [end for end in ends if end is not None]
        return max(known) if len(known) == len(ends) else None

    @invariant()
    def what_is_due_is_what_the_journal_says(self) -> None:
        book, now = rules.book(), timezone.now()
        for pk, entry in self.journal.items():
            one = Recording.objects.select_related("category").get(pk=pk)
            found, until = verdict(one), self.until(entry)
            note(f"{one} {entry} {found}")
            assert one.kept_until == rules.reckon(one, book) == self.rule_end(entry)
            assert bool(found.holds) == bool(entry.holds)
            assert found.until == until
            moments = [now, now + timedelta(days=40), now + timedelta(days=40_000)]
            if until is not None:
                moments += [until, until - timedelta(microseconds=1)]
            for moment in moments:
                due = not entry.holds and until is not None and until <= moment
                assert found.due(moment) is due


@pytest.mark.django_db
def test_whatever_is_done_in_whatever_order_nothing_is_due_that_something_keeps() -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Walk,
        settings=hypotheses(
            max_examples=15, stateful_step_count=20, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
