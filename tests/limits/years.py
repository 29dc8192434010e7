"""A force's years in minutes: footage comes, is said something of, held, let go, restored and
destroyed by the real actions, in the real database and store, while the clock runs fast.

Beside it a journal (tests/limits/journal.py) that knows nothing of the system says what was right.
`python -m tests.limits --only years --seed 1 --days 1095 --daily 6`.
"""

from __future__ import annotations

import hashlib
import random
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from evidence.cases import actions as cases
from evidence.cases.models import Case
from evidence.custody.models import Event, Pending
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import actions as recordings
from evidence.recordings.models import Category, Original, Recording, Rendition, Rule
from evidence.retention import actions, destroying, due, tombs
from evidence.retention.actions import dropping, releasing, restoring
from evidence.retention.models import Batch, Doomed, Due, Hold, Item, Kind, Tombstone
from evidence.retention.policies import actions as policies
from evidence.retention.tasks import reckon, to_store
from evidence.store import s3
from ingest.devices.models import Dock
from tests import factories
from tests.limits.journal import DAY, Footage, Journal, Version

STEP = timedelta(hours=12)
REAL_NOW = timezone.now


@contextmanager
def clock(start: datetime) -> Iterator[Callable[[timedelta], datetime]]:
    """Django's clock, moved by hand. The store and its client keep the real one."""
    moment = start

    def now() -> datetime:
        return moment

    def forward(step: timedelta) -> datetime:
        nonlocal moment
        moment += step
        return moment

    timezone.now = now
    try:
        yield forward
    finally:
        timezone.now = REAL_NOW


def film(number: int) -> bytes:
    """A film like no other: a box that every player skips holds its number."""
    return factories.film(0.2, sound=False) + struct.pack(">I4sQ", 16, b"free", number)


class Years:
    """The force, its people, and what they do on a day. Everything that is done goes into the
    journal only after the system has said yes."""

    def __init__(self, seed: int, dock: Dock, people: dict[str, User]) -> None:
        """`people`: officers o0, o1, …; managers m0, m1; an authority a0; standards s0."""
        self.dice = random.Random(seed)
        self.dock, self.people, self.journal = dock, people, Journal()
        self.number = 0
        self.holds: dict[int, tuple[str, int]] = {}
        self.keys: dict[str, tuple[str, str]] = {}
        self.cases: dict[int, dict[str, int]] = {}
        self.members: dict[int, set[str]] = {}
        self._rules()

    # --- what is known at the start --------------------------------------------------

    def _rules(self) -> None:
        for rule in Rule.objects.select_related("category", "group"):
            years = (rule.group.years or 100) if rule.group else 0
            days = rule.days or 365 * years + years // 4
            code = rule.category.code if rule.category else ""
            people = rule.release == Rule.Release.PEOPLE
            self.journal.rules[code].append(
                Version(rule.version, days, people, datetime.min.replace(tzinfo=UTC))
            )

    def one(self, condition: Callable[[Footage], bool] = lambda _: True) -> Footage | None:
        """Any recording that is there, of the kind asked for."""
        there = [item for item in self.journal.footage.values() if item.gone is None]
        fitting = [item for item in there if condition(item)]
        return self.dice.choice(fitting) if fitting else None

    def row(self, one: Footage) -> Recording:
        """The system's row of it."""
        return Recording.objects.get(reference=one.reference)

    def did(self, what: str) -> None:
        """Count an act, so that a run can say what it was made of."""
        self.journal.counts[what] += 1

    # --- what people do --------------------------------------------------------------

    def dock_one(self, now: datetime) -> None:
        """A camera comes back: mostly today's footage, sometimes from a drawer."""
        self.number += 1
        age = self.dice.choice([0, 0, 0, 0, 1, 2, 10, 40, 200])
        recorded = now - timedelta(days=age, minutes=self.dice.randint(5, 700))
        made = factories.docked(
            self.dock, film(self.number), name=f"BWV_{self.number:05}.MP4", recorded_at=recorded,
        )  # fmt: skip
        original = made.originals.get()
        body = b"viewing copy %d" % self.number
        key = f"years/{original.reference}"
        s3.put("renditions", key, body, hashlib.sha256(body).hexdigest(), "video/mp4")
        Rendition.objects.create(
            original=original, kind="proxy", key=key, content_type="video/mp4", size=len(body),
            sha256=hashlib.sha256(body).hexdigest(), parent_sha256=original.sha256, tool="test",
            tool_version="1",
        )  # fmt: skip
        Original.objects.filter(pk=original.pk).update(media="ready")
        self.journal.footage[made.reference] = Footage(made.reference, recorded, made.created)
        self.keys[made.reference] = (original.key, key)
        self.did("docked")

    def say_one(self, now: datetime) -> None:
        """Somebody says what it is; mostly soon after it came."""
        one = self.one(lambda item: now - item.came < timedelta(days=30))
        if one is None:
            return
        category = self.dice.choice(list(Category.objects.filter(active=True)))
        if self.dice.random() < 0.6:
            category = Category.objects.get(code="non-evidential")
        by = self.people["m0"]
        try:
            recordings.categorise(by=by, recording=self.row(one), category=category)
        except (Recording.DoesNotExist, NotAllowed, ValueError):
            self.did("refused: category")
            return
        self.journal.say(one, now, category.code)
        self.did("said")

    def hold_one(self, now: datetime) -> None:
        """A complaint, an access request, a court's order; on anything that is there."""
        one = self.one()
        if one is None:
            return
        kind = self.dice.choice([Kind.MANUAL, Kind.COMPLAINT, Kind.ACCESS, Kind.COURT])
        try:
            made = actions.hold(
                by=self.people["s0"], recording=self.row(one), kind=kind, reason="Asked for",
                reference=f"{kind}/{self.dice.randint(1, 10**9)}",
            )  # fmt: skip
        except (ValueError, NotAllowed):
            self.did("refused: hold")
            return
        one.kept.append((now, None, f"a hold ({kind})"))
        self.holds[made.pk] = (one.reference, len(one.kept) - 1)
        self.did("held")

    def release_one(self, now: datetime) -> None:
        """A hold ends."""
        if not self.holds:
            return
        pk = self.dice.choice(list(self.holds))
        actions.release(by=self.people["a0"], hold=Hold.objects.get(pk=pk), reason="Over")
        reference, place = self.holds.pop(pk)
        story = self.journal.footage[reference].kept
        story[place] = (story[place][0], now, story[place][2])
        self.did("released")

    def link_one(self, now: datetime) -> None:
        """Footage becomes evidence in a case, old or new."""
        one = self.one()
        if one is None:
            return
        if self.cases and self.dice.random() < 0.5:
            case = Case.objects.get(pk=self.dice.choice(list(self.cases)))
        else:
            urn = f"01AB/{10000 + len(self.cases)}/26"
            case = cases.save(
                by=self.people["s0"], case=Case(urn=urn, title="R v Sand"), changed=[]
            )
            self.cases[case.pk] = {}
        try:
            cases.link(by=self.people["s0"], case=case, recording=self.row(one), reason="Seen")
        except (ValueError, NotAllowed):
            self.did("refused: link")
            return
        one.evidence = True
        self.members.setdefault(case.pk, set()).add(one.reference)
        # A case that keeps anything keeps all of it: what was let go of is kept again.
        for reference in sorted(self.members[case.pk]):
            story = self.journal.footage[reference]
            if reference not in self.cases[case.pk] and story.gone is None:
                story.kept.append((now, None, f"case {case.urn}"))
                self.cases[case.pk][reference] = len(story.kept) - 1
        self.did("linked")

    def end_case(self, now: datetime) -> None:
        """A case has a result; its holds are released when its period has ended."""
        open_ = [pk for pk, held in self.cases.items() if held]
        if not open_:
            return
        case = Case.objects.get(pk=self.dice.choice(open_))
        if not case.result:
            case.result, case.result_on = "acquitted", timezone.localdate()
            cases.save(by=self.people["s0"], case=case, changed=["result", "result_on"],
                       version=case.version)  # fmt: skip
            self.did("result")
            return
        try:
            cases.release_holds(by=self.people["s0"], case=case, reason="Over")
        except ValueError:
            self.did("refused: case not over")
            return
        for reference, place in self.cases[case.pk].items():
            story = self.journal.footage[reference].kept
            story[place] = (story[place][0], now, story[place][2])
        self.cases[case.pk] = {}
        self.did("case over")

    def propose(self, now: datetime) -> None:
        """One manager proposes what is due."""
        rules = list(
            Due.objects.filter(by_rule=False)
            .values_list("rule", flat=True)
            .distinct()
            .order_by("rule")
        )
        if not rules:
            return
        rule = Rule.objects.get(pk=self.dice.choice(rules))
        wanted = list(Due.objects.filter(rule=rule).values_list("recording", flat=True)[:50])
        try:
            releasing.propose(by=self.people["m0"], rule=rule, recordings=wanted, reason="Over")
            self.did("proposed")
        except releasing.NotSaid:
            self.did("refused: nothing due any more")

    def decide(self, now: datetime) -> None:
        """Another agrees, or refuses; the same person can't."""
        waiting = list(Batch.objects.filter(state="proposed").order_by("pk"))
        if not waiting:
            return
        batch = self.dice.choice(waiting)
        try:
            releasing.approve(by=self.people["m0"], batch=batch, reason="Mine")
            raise AssertionError("one person alone let footage go")
        except releasing.NotSaid:
            self.did("refused: own proposal")
        if self.dice.random() < 0.2:
            releasing.refuse(by=self.people["m1"], batch=batch, reason="No")
            self.did("disposal refused")
            return
        releasing.approve(by=self.people["m1"], batch=batch, reason="Yes")
        for item in batch.items.select_related("recording"):
            story = self.journal.footage[item.recording.reference]
            story.agreed.append((now, self.people["m0"].username, self.people["m1"].username))
        self.did("agreed")

    def restore_one(self, now: datetime) -> None:
        """Somebody takes one back in its window."""
        leaving = Item.objects.filter(state="leaving").select_related("recording", "batch__rule")
        if not leaving:
            return
        item = self.dice.choice(list(leaving.order_by("pk")))
        story = self.journal.footage[item.recording.reference]
        rule = item.batch.rule
        assert rule is not None
        restoring.restore(by=self.people["s0"], item=item, reason="Needed after all")
        code = rule.category.code if rule.category else ""
        version = next(one for one in self.journal.rules[code] if one.number == rule.version)
        story.restored.append(now)
        # Groups count years, not days: a day less, so that the checker is never the stricter.
        story.fresh.append((now, now + (version.days - (1 if rule.group else 0)) * DAY))
        self.did("restored")

    def change_rule(self, now: datetime) -> None:
        """A category's period changes for what comes; sometimes for what is held too."""
        code = self.dice.choice(["non-evidential", "traffic", "use-of-force"])
        category = Category.objects.get(code=code)
        release = policies.in_force(category).release  # type: ignore[union-attr]
        days = self.dice.choice([14, 21, 31, 60]) if code == "non-evidential" else (
            self.dice.choice([60, 90, 365]))  # fmt: skip
        wish = policies.Wish(days=days, group=None, by_case=False, release=release,
                             source="Force policy", reason="Reviewed")  # fmt: skip
        rule = policies.propose(by=self.people["m0"], category=category, wish=wish)
        policies.approve(by=self.people["m1"], rule=rule, reason="Agreed")
        version = Version(rule.version, days, release == Rule.Release.PEOPLE, now)
        self.journal.rules[code].append(version)
        self.did("rule changed")
        if self.dice.random() < 0.5:
            return
        try:
            policies.propose_held(by=self.people["m0"], rule=rule, reason="Reviewed")
            policies.approve_held(by=self.people["m1"], rule=rule, reason="Agreed")
        except policies.NotSaid:
            self.did("refused: rule for what is held")
            return
        while policies.settle_batch(rule.pk):
            pass
        version.held_since = now
        self.did("rule for what is held")

    # --- the system by itself ----------------------------------------------------------

    def work(self, forward: Callable[[timedelta], datetime], *, kill: float) -> None:
        """What the beat wakes up, a worker's death now and then: then its claim has to run out."""
        for step in (reckon, due.sweep, releasing.release_by_rule, dropping.drop_kept, dropping.lapse,
                     dropping.follow_up):  # fmt: skip
            step()
        tried: set[int] = set()
        while (item := destroying.next_item()) is not None and item not in tried:
            tried.add(item)
            with deadly(self.dice, kill) as died:
                destroying.destroy(item)
            if died():
                self.did("worker killed")
                forward(timedelta(minutes=11))
                tried.discard(item)
        dropping.close()
        for hold in Hold.objects.filter(in_store=False).values_list("pk", flat=True):
            to_store(hold)

    def look(self, now: datetime) -> Iterator[str]:
        """What is gone since, by the store alone, and whether that was right."""
        there = {row.key for row in s3.versions("originals") if not row.marker}
        copies = {row.key for row in s3.versions("renditions", "years/")}
        for one in self.journal.footage.values():
            original, copy = self.keys[one.reference]
            if one.gone is None and original not in there:
                one.gone = now
                self.did("gone")
                yield from self.journal.left(one, now)
            elif one.gone is None:
                yield from self.journal.late(one, now, 2 * STEP)
                if (
                    copy not in copies
                    and not Item.objects.filter(
                        recording__reference=one.reference, state="destroying"
                    ).exists()
                ):
                    yield f"{one.reference} is there, and its viewing copy is not"
            elif original in there:
                yield f"{one.reference} was gone, and is there again"

    def account(self, now: datetime) -> Iterator[str]:
        """At the end: everything that ever came is there, or has its tombstone and its events; and
        nothing is there that its rule should have let go of."""
        there = {row.key for row in s3.versions("originals")}
        copies = {row.key for row in s3.versions("renditions", "years/")}
        stones = {row.reference: row for row in Tombstone.objects.all()}
        for one in self.journal.footage.values():
            original, copy = self.keys[one.reference]
            row = Original.objects.filter(reference=one.reference).first()
            if row is not None:
                yield from self.journal.forgotten(one, now)
            stone = stones.pop(one.reference, None)
            if (row is None) == (stone is None):
                yield f"{one.reference}: a row {row is not None}, a tombstone {stone is not None}"
            if stone is not None and (original in there or copy in copies):
                yield f"{one.reference} has a tombstone, and the store has something of it"
            deleted = events("evidence.deleted", one.reference)
            if deleted != (stone is not None):
                yield f"{one.reference} has {deleted} events of its end"
        yield from (f"a tombstone of nothing: {reference}" for reference in stones)


def events(kind: str, reference: str) -> int:
    """How many events of this kind the log has of one object, numbered or not yet."""
    numbered = Event.objects.filter(type=kind, object_ref=reference).count()
    waiting = f'"ref":"{reference}"'.encode()
    return numbered + sum(
        waiting in bytes(row.body) and f'"type":"{kind}"'.encode() in bytes(row.body)
        for row in Pending.objects.all()
    )


class Killed(BaseException):
    """A worker died here."""


@contextmanager
def deadly(dice: random.Random, chance: float) -> Iterator[Callable[[], bool]]:
    """Within it a worker may die before or after any of the steps that leave a trace."""
    steps: list[tuple[Any, str]] = [
        (s3, "destroy"), (destroying, "begin"), (destroying, "_each_object"),
        (destroying, "_came_meanwhile"), (tombs, "bury"), (Doomed.objects, "bulk_create"),
    ]  # fmt: skip
    kept = [(home, name, getattr(home, name)) for home, name in steps]
    dead = False

    def risky(inner: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            if dice.random() < chance:
                raise Killed
            found = inner(*given, **named)
            if dice.random() < chance:
                raise Killed
            return found

        return call

    for home, name, inner in kept:
        setattr(home, name, risky(inner))
    try:
        yield lambda: dead
    except Killed:
        dead = True
    finally:
        for home, name, inner in kept:
            setattr(home, name, inner)


ACTS: list[tuple[str, float]] = [
    ("say_one", 0.7), ("hold_one", 0.25), ("release_one", 0.25), ("link_one", 0.15),
    ("end_case", 0.25), ("restore_one", 0.1), ("propose", 0.1), ("decide", 0.1),
    ("change_rule", 0.01),
]  # fmt: skip


def run(
    years: Years, *, days: int, daily: float, start: datetime, kill: float = 0.02,
    tell: Callable[[str], None] = lambda _: None, acts: Sequence[tuple[str, float]] = ACTS,
) -> list[str]:  # fmt: skip
    """So many days of this force; everything that was wrong, in words."""
    wrong: list[str] = []
    dice = years.dice
    with clock(start) as forward:
        for day in range(days):
            for _ in range(2):
                now = forward(STEP)
                for _ in range(int(daily / 2 + dice.random())):
                    years.dock_one(now)
                todo = [name for name, chance in acts for _ in range(4)
                        if dice.random() < chance * daily / 4]  # fmt: skip
                dice.shuffle(todo)
                for name in todo:
                    getattr(years, name)(now)
                years.work(forward, kill=kill)
                wrong += years.look(timezone.now())
            if day % 30 == 29:
                tell(f"day {day + 1}: {dict(years.journal.counts)}, wrong: {len(wrong)}")
        # A month in which nobody does anything: what was on its way comes to its end.
        for _ in range(60):
            forward(STEP)
            years.work(forward, kill=0)
        wrong += years.account(timezone.now())
    return wrong
