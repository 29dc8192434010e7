"""The draw: the same again by anybody, bound to the plan, once, from all that there was."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from django.test import TransactionTestCase
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypotheses
from hypothesis import strategies as st

from evidence.custody import sequencer
from evidence.custody.models import Event, Private
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.models import IncidentType, Recording, Rule
from evidence.sampling import actions, frames, proof, redraw, seeds
from evidence.sampling import draw as rule
from evidence.sampling.actions import NotDrawn, NotPlanned, NotSaid
from evidence.sampling.models import Item, Plan, Stratum
from tests import factories
from tests.evidence.sampling.conftest import FORCE, SEARCH, footage, wish

REDRAW = Path(redraw.__file__)
references = st.lists(
    st.from_regex(r"R-[2-9A-Z]{4}-[2-9A-Z]{4}", fullmatch=True), unique=True, max_size=60
)
seed_bytes = st.binary(min_size=32, max_size=32)
# However busy the machine is.
calm = hypotheses(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def events(kind: str) -> list[Event]:
    sequencer.run()
    return list(Event.objects.filter(type=kind).order_by("index"))


# --- the rule by itself ---
def again(seed: bytes, found: list[str], count: int) -> list[str]:
    """The rule as docs/sampling.md says it, written once more."""
    order = {hashlib.sha256(b"%b\x00%b" % (seed, r.encode())).hexdigest(): r for r in found}
    return [order[key] for key in sorted(order)][:count]


@calm
@given(seed_bytes, references, st.integers(0, 70))
def test_it_is_the_rule_of_the_documentation(seed: bytes, found: list[str], count: int) -> None:
    drawn = rule.take(seed, found, count)
    assert drawn == again(seed, found, count) == redraw.draw(seed, found, count)
    assert len(drawn) == min(count, len(found))
    assert rule.take(seed, reversed(found), count) == drawn


@calm
@given(seed_bytes, references, st.integers(1, 20))
def test_the_next_in_the_order_does_not_change_the_ones_before(
    seed: bytes, found: list[str], count: int
) -> None:
    assert rule.take(seed, found, count + 1)[:count] == rule.take(seed, found, count)


@calm
@given(seed_bytes, references.filter(bool))
def test_a_left_out_reference_changes_the_digest(seed: bytes, found: list[str]) -> None:
    assert rule.frame_digest(found) == rule.frame_digest(reversed(found))
    assert rule.frame_digest(found) != rule.frame_digest(found[1:])


def test_every_recording_has_the_same_chance() -> None:
    """Of ten, each is among the first two about as often: 2,000 seeds, six standard deviations."""
    found = [f"R-2222-{n:04}" for n in range(10)]
    counts = dict.fromkeys(found, 0)
    for number in range(2000):
        for one in rule.take(number.to_bytes(32, "big"), found, 2):
            counts[one] += 1
    assert all(abs(count - 400) < 6 * (2000 * 0.2 * 0.8) ** 0.5 for count in counts.values())


def test_the_commitment_binds_seed_and_plan() -> None:
    seed, plan = bytes(range(32)), {"each": 3, "start": "2031-12-01"}
    text = b'{"each":3,"start":"2031-12-01"}'
    assert rule.commitment(seed, plan) == hashlib.sha256(seed + text).hexdigest()
    assert rule.commitment(seed, plan | {"each": 4}) != rule.commitment(seed, plan)
    assert rule.commitment(bytes(32), plan) != rule.commitment(seed, plan)
    with pytest.raises(ValueError, match="32 bytes"):
        rule.commitment(seed[:31], plan)


def test_a_seed_at_rest_is_not_to_be_read(settings: Any) -> None:
    seed = seeds.make()
    kept = seeds.seal(seed)
    assert seed.hex() not in kept and seeds.unseal(kept) == seed
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another " * 9
    assert seeds.unseal(kept) == seed
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(ValueError, match="SECRET_KEY has changed"):
        seeds.unseal(kept)


# --- committing ---
@pytest.mark.django_db
def test_the_commitment_is_in_the_log_before_the_period(plan: Plan, lane: User) -> None:
    [event] = events("sample.committed")
    assert event.object_ref == plan.reference and event.id == plan.committed_event
    assert event.time < plan.begins
    assert event.parsed()["data"] == {
        "commitment": plan.commitment, "plan": plan.digest,
        "start": "2031-12-01", "end": "2032-01-31",
    }  # fmt: skip
    assert Private.objects.get(event_id=event.id).parsed() == {
        "name": lane.short,
        "title": "Winter",
    }
    seed = seeds.unseal(plan.sealed_seed)
    assert rule.commitment(seed, plan.parameters) == plan.commitment
    assert plan.seed == "" and seed.hex() not in str(event.parsed())
    assert proof.steps(plan)[1].good is True


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("more", "says", "field"),
    [
        ({"title": " \0 "}, "Enter what this sample is called", "title"),
        ({"title": "x" * 121}, "120 characters or fewer", "title"),
        ({"end": date(2031, 11, 30)}, "must not be before the first, 1 Dec 2031", "end"),
        ({"end": date(2033, 1, 1)}, "a year or shorter", "end"),
        ({"units": []}, "Select at least one unit", "units"),
        ({"kinds": []}, "Select what is sampled", "kinds"),
        ({"kinds": [FORCE | {"categories": []}]}, "by what use of force is known", "kinds"),
        ({"each": 0}, "from 1 to 50", "each"), ({"each": 51}, "from 1 to 50", "each"),
    ],
)  # fmt: skip
def test_a_wrong_plan_is_refused_in_words(
    more: dict[str, Any], says: str, field: str, lane: User, shah: User
) -> None:
    with pytest.raises(NotSaid, match=says) as refused:
        actions.commit(by=lane, wish=wish(**more))
    assert refused.value.field == field
    assert not Plan.objects.exists() and not events("sample.committed")


@pytest.mark.django_db
def test_a_period_that_has_begun_is_refused(lane: User, shah: User) -> None:
    today = timezone.localdate()
    for start in (today, today - timedelta(days=1), date(2020, 1, 1)):
        with pytest.raises(NotPlanned, match="before there is footage to choose from"):
            actions.commit(by=lane, wish=wish(start=start, end=start + timedelta(days=9)))
    tomorrow = today + timedelta(days=1)
    made = actions.commit(by=lane, wish=wish(start=tomorrow, end=tomorrow))
    sequencer.run()
    assert all(step.good is not False for step in proof.steps(made))


@pytest.mark.django_db
def test_the_day_begins_in_london(lane: User, shah: User, when: Callable[[datetime], None]) -> None:
    """Half past eleven at night by UTC is the next day there in summer."""
    when(datetime(2031, 6, 14, 23, 30, tzinfo=UTC))
    with pytest.raises(NotPlanned):
        actions.commit(by=lane, wish=wish(start=date(2031, 6, 15), end=date(2031, 6, 30)))
    made = actions.commit(by=lane, wish=wish(start=date(2031, 6, 16), end=date(2031, 6, 30)))
    assert made.begins == datetime(2031, 6, 15, 23, tzinfo=UTC)
    assert made.ends == datetime(2031, 6, 30, 23, tzinfo=UTC)


@pytest.mark.django_db
def test_no_second_plan_for_the_same_footage(plan: Plan, lane: User, shah: User) -> None:
    above = factories.unit("Westminster")
    below = factories.unit("Custody suite", factories.unit("Charing Cross"))
    with pytest.raises(NotPlanned, match=f"{plan.reference} is committed for this kind"):
        actions.commit(by=lane, wish=wish(title="Another"))
    with pytest.raises(NotPlanned, match="choose between them"):
        actions.commit(by=lane, wish=wish(units=[below], kinds=[FORCE], start=date(2032, 1, 31)))
    actions.commit(by=lane, wish=wish(units=[above]))
    actions.commit(by=lane, wish=wish(start=date(2032, 2, 1), end=date(2032, 2, 9)))
    actions.commit(by=lane, wish=wish(kinds=[
        SEARCH | {"code": "traffic", "categories": ["arrest"], "incidents": []}
    ]))  # fmt: skip


@pytest.mark.django_db
def test_units_of_a_plan_do_not_overlap(lane: User) -> None:
    top = factories.unit("Metropolis")
    below = factories.unit("Charing Cross", top)
    with pytest.raises(NotPlanned, match="Charing Cross is part of Metropolis"):
        actions.commit(by=lane, wish=wish(units=[top, below]))


@pytest.mark.django_db
def test_there_are_not_too_many_strata(lane: User) -> None:
    units = [factories.unit(f"Unit {n}") for n in range(30)]
    with pytest.raises(NotPlanned, match="These are 240 strata"):
        actions.commit(by=lane, wish=wish(units=units, end=date(2032, 3, 31)))


@pytest.mark.django_db
def test_who_may_commit_and_draw(
    plan: Plan, lane: User, hughes: User, shah: User, auditor: User, administrator: User,
    reed: User, after: None,
) -> None:  # fmt: skip
    member = factories.Person(username="m", name="M", roles=["panel_member"])
    for person in (hughes, shah, auditor, administrator, member):
        with pytest.raises(NotAllowed):
            actions.commit(by=person, wish=wish(start=date(2033, 1, 1), end=date(2033, 1, 2)))
        with pytest.raises(NotAllowed):
            actions.draw(by=person, plan=plan)
    assert actions.draw(by=reed, plan=plan).drawn_by == reed


# --- drawing ---
@pytest.mark.django_db
def test_it_is_not_drawn_before_the_period_has_settled(
    plan: Plan, lane: User, when: Callable[[datetime], None], settings: Any
) -> None:
    assert plan.draws_on == date(2032, 2, 8)
    for moment in (None, datetime(2032, 2, 1, 9, tzinfo=UTC), datetime(2032, 2, 7, 23, tzinfo=UTC)):
        if moment:
            when(moment)
        with pytest.raises(NotDrawn, match="from 8 Feb 2032"):
            actions.draw(by=lane, plan=plan)
    assert not events("sample.revealed")
    when(datetime(2032, 2, 8, 0, 1, tzinfo=UTC))
    assert plan.state() == "due"
    when(datetime(2032, 2, 23, 0, 1, tzinfo=UTC))
    assert plan.state() == "overdue"
    settings.SAMPLE_SETTLE_DAYS = 30
    assert plan.state() == "committed"


@pytest.mark.django_db
def test_the_frame_is_all_footage_of_the_stratum_and_no_other(
    plan: Plan, shah: User, okoro: User, lane: User, after: None
) -> None:
    new_year = datetime(2031, 12, 31, 23, 59, tzinfo=UTC)
    inside = footage(shah, 4)
    edge = footage(shah, 2, at=new_year)  # one in December, one in January
    force = footage(shah, 1, "use-of-force")
    both = footage(shah, 1, "use-of-force", incident=IncidentType.objects.get(code="stop-search"))
    footage(shah, 1, "arrest")
    footage(okoro, 3)
    footage(shah, 1, at=datetime(2031, 11, 30, 23, 59, tzinfo=UTC))
    footage(shah, 1, at=datetime(2032, 2, 1, 0, 0, tzinfo=UTC))
    footage(shah, 1, kind="other")
    [joined] = footage(shah, 1)
    Recording.objects.filter(pk=joined.pk).update(joined_into=inside[0])
    secret = footage(shah, 2, restricted="covert")
    footage(None, 3)
    # Late enough that its 31 days have not ended when the sample is drawn.
    footage(shah, 5, "", at=datetime(2032, 1, 20, 12, tzinfo=UTC))
    row = actions.draw(by=lane, plan=plan)
    unit = shah.unit_id
    got = {one.key: set(one.references()) for one in row.strata.all()}

    def named(*lists: list[Recording]) -> set[str]:
        return {one.reference for rows in lists for one in rows}

    assert got == {
        f"{unit}/2031-12/stop_search": named(inside, edge[:1], both),
        f"{unit}/2031-12/use_of_force": named(force, both),
        f"{unit}/2032-01/stop_search": named(edge[1:]), f"{unit}/2032-01/use_of_force": set(),
    }  # fmt: skip
    assert row.excluded == {"restricted": 2, "unplaced": 3, "uncategorised": 5}
    assert not named(secret) & {one.recording.reference for one in Item.objects.all()}


@pytest.mark.django_db
def test_what_is_drawn_is_what_the_rule_says_and_what_the_log_says(drawn: Plan, lane: User) -> None:
    seed = bytes.fromhex(drawn.seed)
    stratum = drawn.strata.get(frame_size=10)
    kept = [item.recording.reference for item in stratum.items.order_by("place")]
    assert kept == again(seed, stratum.references(), 3)
    [revealed], [event] = events("sample.revealed"), events("sample.drawn")
    assert revealed.parsed()["data"] == {"seed": drawn.seed}
    assert revealed.index < event.index
    assert event.parsed()["data"] == {
        "algorithm": "bwv-sample-1", "frames": drawn.frames_digest,
        "result": drawn.result_digest, "strata": 4, "drawn": 3,
    }  # fmt: skip
    assert Stratum.objects.filter(plan=drawn).count() == 4
    assert kept[0] not in str(event.parsed())


@pytest.mark.django_db
def test_it_is_drawn_once(drawn: Plan, lane: User, shah: User) -> None:
    before = list(Item.objects.values_list("pk", "recording"))
    footage(shah, 5)
    with pytest.raises(NotDrawn, match="drawn already"):
        actions.draw(by=lane, plan=drawn)
    assert list(Item.objects.values_list("pk", "recording")) == before
    assert len(events("sample.drawn")) == len(events("sample.revealed")) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["seed", "plan", "key"])
def test_what_is_not_what_was_committed_is_not_drawn(
    what: str, plan: Plan, lane: User, shah: User, after: None, settings: Any
) -> None:
    footage(shah, 5)
    if what == "seed":
        Plan.objects.update(sealed_seed=seeds.seal(seeds.make()))
    elif what == "plan":
        Plan.objects.update(parameters=plan.parameters | {"each": 5})
    else:
        settings.SECRET_KEY = "another " * 9
    with pytest.raises(NotDrawn, match=r"not what was committed|SECRET_KEY"):
        actions.draw(by=lane, plan=plan)
    assert not Item.objects.exists() and not events("sample.revealed")


@pytest.mark.django_db
def test_without_its_events_nothing_is_drawn(
    plan: Plan, lane: User, shah: User, after: None, monkeypatch: Any
) -> None:
    from evidence.sampling.actions import plans

    footage(shah, 5)
    real, written = plans.record, []  # type: ignore[attr-defined]

    def broken(draft: Any) -> Any:
        written.append(draft.type)
        if draft.type == "sample.drawn":
            raise RuntimeError("the log is away")
        return real(draft)

    monkeypatch.setattr(plans, "record", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        actions.draw(by=lane, plan=plan)
    assert written == ["sample.revealed", "sample.drawn"]
    assert not Item.objects.exists() and not events("sample.revealed")
    plan.refresh_from_db()
    assert plan.seed == ""


@pytest.mark.django_db
def test_as_many_queries_for_many_strata_as_for_few(
    lane: User, shah: User, okoro: User, after: None, django_assert_num_queries: Any,
    when: Callable[[datetime], None],
) -> None:  # fmt: skip
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for names, size in ((("Charing Cross",), 2), (("Charing Cross", "Lewisham"), 40)):
        start = date(2033 + size, 1, 1)
        when(datetime(2031, 1, 1, tzinfo=UTC))
        made = actions.commit(
            by=lane, wish=wish(*names, start=start, end=start + timedelta(days=89))
        )
        at = datetime(start.year, 1, 5, tzinfo=UTC)
        footage(shah, size, at=at)
        footage(okoro, size, at=at + timedelta(days=40))
        when(datetime(start.year, 6, 1, tzinfo=UTC))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            actions.draw(by=lane, plan=made)
        counts.append(len(queries))
    assert counts[0] == counts[1]


class TwoAtOnce(TransactionTestCase):
    """Two people press the button in the same moment."""

    def test_one_draws_and_the_other_is_told(self) -> None:
        from concurrent.futures import ThreadPoolExecutor
        from threading import Barrier
        from unittest.mock import patch

        from django.db import connection

        lane = factories.Person(username="lane", name="L", roles=["professional_standards"])
        shah = factories.Person(username="shah", name="S", roles=["officer"],
                                unit=factories.unit("Charing Cross"))  # fmt: skip
        plan = actions.commit(by=lane, wish=wish())
        footage(shah, 9)
        gate, real = Barrier(2), frames.frames
        away = datetime(2032, 2, 9, 12, tzinfo=UTC) - timezone.now()
        now = timezone.now

        def slow(row: Plan) -> Any:
            import time

            time.sleep(0.3)
            return real(row)

        def draw(_: int) -> str:
            try:
                gate.wait(10)
                actions.draw(by=lane, plan=plan)
                return "drawn"
            except NotDrawn as refused:
                return str(refused)
            finally:
                connection.close()

        with patch.object(timezone, "now", lambda: now() + away), \
                patch.object(frames, "frames", slow), ThreadPoolExecutor(2) as pool:  # fmt: skip
            said = sorted(pool.map(draw, range(2)))
        assert said == [f"{plan.reference} was drawn already. Load the page again.", "drawn"]
        assert Item.objects.count() == 3
        assert len(events("sample.drawn")) == 1


# --- verifying, and drawing again elsewhere ---
@pytest.mark.django_db
def test_verify_says_each_step(drawn: Plan, capsys: Any) -> None:
    call_command("sample", "verify", drawn.reference.lower())
    said = capsys.readouterr().out
    assert said.count("yes  ") == len([s for s in proof.steps(drawn) if s.good])
    assert "NO" not in said and drawn.commitment in said
    call_command("sample", "list")
    assert f"{drawn.reference} 2031-12-01 2032-01-31 drawn" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no plan with that reference"):
        call_command("sample", "verify", "SP-2222-2222")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("frame", "The frames are those in the log"), ("item", "followed by the next"),
        ("seed", "Seed and plan give the commitment"), ("plan", "word for word"),
        ("days", "The days on this page"), ("stratum", "Every stratum"),
        ("commitment", "The log has this commitment"),
    ],
)  # fmt: skip
def test_verify_finds_what_was_changed(
    what: str, says: str, drawn: Plan, shah: User, capsys: Any
) -> None:
    stratum = drawn.strata.get(frame_size=10)
    if what == "frame":
        kept = stratum.references()[1:]
        Stratum.objects.filter(pk=stratum.pk).update(
            frame="\n".join(kept), frame_size=9, frame_digest=rule.frame_digest(kept)
        )
    elif what == "item":
        taken = stratum.items.values("recording__reference")
        other = Recording.objects.exclude(reference__in=taken).first()
        Item.objects.filter(stratum=stratum, place=2).update(recording=other)
    elif what == "seed":
        Plan.objects.update(seed="00" * 32)
    elif what == "plan":
        Plan.objects.update(parameters=drawn.parameters | {"title": "Other"})
    elif what == "days":
        Plan.objects.update(end=date(2032, 1, 30))
    elif what == "stratum":
        drawn.strata.filter(frame_size=0).first().delete()  # type: ignore[union-attr]
    else:
        Plan.objects.update(commitment="0" * 64)
    with pytest.raises(CommandError, match="not the one that was committed"):
        call_command("sample", "verify", drawn.reference)
    said = capsys.readouterr().out
    assert any(line.startswith("NO") and says in line for line in said.splitlines()), said


def redrawn(export: dict[str, Any], folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    file = folder / "export.json"
    file.write_text(json.dumps(export), encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-I", "-S", str(REDRAW), str(file), *more], capture_output=True, text=True
    )


@pytest.mark.django_db
def test_anybody_draws_the_same_sample_again(drawn: Plan, capsys: Any, tmp_path: Path) -> None:
    sequencer.run()
    call_command("sample", "export", drawn.reference)
    export = json.loads(capsys.readouterr().out)
    [committed], [event] = events("sample.committed"), events("sample.drawn")
    log = {**committed.parsed()["data"], **event.parsed()["data"]}
    done = redrawn(export, tmp_path, "--commitment", log["commitment"], "--frames", log["frames"],
                   "--result", log["result"])  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("THE SAME SAMPLE\n") and "Not compared" not in done.stdout
    alone = redrawn(export, tmp_path)
    assert alone.returncode == 0
    assert "Not compared with the log: commitment, frames, result" in alone.stdout


def _change(export: dict[str, Any], what: str) -> None:
    stratum = next(one for one in export["strata"] if one["references"])
    if what == "frame":
        stratum["references"].pop()
    elif what == "frame and its digest":
        stratum["references"].pop()
        stratum["sha256"] = rule.frame_digest(stratum["references"])
    elif what == "seed":
        export["seed"] = "ab" * 32
    elif what == "result":
        stratum["drawn"][0] = next(r for r in stratum["references"] if r not in stratum["drawn"])
    elif what == "order":
        stratum["drawn"].reverse()
    elif what == "plan":
        export["plan"]["each"] = 2
    elif what == "stratum":
        export["strata"] = [one for one in export["strata"] if one["references"]]
    elif what == "twice":
        export["strata"].append(stratum)
    else:
        export.pop("seed")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "what",
    [
        "frame",
        "frame and its digest",
        "seed",
        "result",
        "order",
        "plan",
        "stratum",
        "twice",
        "nothing",
    ],
)
def test_a_changed_export_is_not_the_same(what: str, drawn: Plan, tmp_path: Path) -> None:
    export = proof.document(drawn)
    _change(export, what)
    done = redrawn(export, tmp_path)
    assert done.returncode == 1, done.stdout
    assert "NOT THE SAME" in done.stdout


@pytest.mark.django_db
def test_an_export_made_up_whole_agrees_with_itself_but_not_with_the_log(
    drawn: Plan, tmp_path: Path
) -> None:
    """Somebody who picks a seed that they like has to change the commitment, which stands there."""
    export = proof.document(drawn)
    seed = bytes(32)
    export["seed"], export["commitment"] = seed.hex(), rule.commitment(seed, export["plan"])
    again = {one["key"]: rule.take(seed, one["references"], 3) for one in export["strata"]}
    for one in export["strata"]:
        one["drawn"] = again[one["key"]]
    export["result_sha256"] = rule.result_digest(again.items())
    assert redrawn(export, tmp_path).returncode == 0
    done = redrawn(export, tmp_path, "--commitment", drawn.commitment)
    assert done.returncode == 1
    assert "NO   commitment: the log says the same" in done.stdout


# --- the stratified draw of whole forces ---
strata = st.dictionaries(
    st.tuples(st.integers(1, 4), st.sampled_from(["2031-12", "2032-01"])), references, max_size=8
)


@hypotheses(calm, max_examples=50)
@given(seed_bytes, strata, st.integers(1, 9))
def test_each_stratum_is_drawn_by_itself(
    seed: bytes, found: dict[tuple[int, str], list[str]], each: int
) -> None:
    drawn = {key: rule.take(seed, refs, each) for key, refs in found.items()}
    for key, refs in found.items():
        assert set(drawn[key]) <= set(refs) and len(drawn[key]) == min(each, len(refs))
    named = [(f"{unit}/{month}/x", refs) for (unit, month), refs in drawn.items()]
    assert rule.result_digest(named) == rule.result_digest(reversed(named))


@pytest.mark.parametrize(
    ("start", "end", "wanted"),
    [
        (date(2031, 12, 31), date(2032, 1, 1), ["2031-12", "2032-01"]),
        (date(2032, 2, 29), date(2032, 2, 29), ["2032-02"]),
        (date(2032, 1, 31), date(2032, 3, 1), ["2032-01", "2032-02", "2032-03"]),
    ],
)
def test_months(start: date, end: date, wanted: list[str]) -> None:
    assert [f"{month:%Y-%m}" for month in frames.months(start, end)] == wanted
    assert redraw.months(start.isoformat(), end.isoformat()) == wanted


@pytest.mark.django_db
def test_a_period_longer_than_footage_is_kept_is_warned_of(db: None) -> None:
    on = date(2032, 2, 8)
    short = SEARCH | {"categories": ["non-evidential"], "incidents": []}
    assert "kept 31 days: that of 1 Dec 2031 until 1 Jan 2032" in frames.retention_warning(
        date(2031, 12, 1), [short], on
    )
    kept = SEARCH | {"incidents": []}
    assert Rule.objects.get(category__code="stop-search").days == 365
    assert frames.retention_warning(date(2031, 12, 1), [kept], on) == ""
    assert frames.retention_warning(date(2032, 1, 20), [short], on) == ""


@pytest.mark.django_db
def test_a_month_is_london_s(lane: User, shah: User, when: Callable[[datetime], None]) -> None:
    """What is recorded at half past midnight on 1 July was recorded in June by UTC."""
    when(datetime(2031, 1, 1, tzinfo=UTC))
    made = actions.commit(
        by=lane, wish=wish(kinds=[SEARCH], start=date(2031, 6, 1), end=date(2031, 7, 31))
    )
    [late] = footage(shah, 1, at=datetime(2031, 6, 30, 23, 30, tzinfo=UTC))
    when(datetime(2031, 9, 1, tzinfo=UTC))
    actions.draw(by=lane, plan=made)
    assert made.strata.get(month=date(2031, 7, 1)).references() == [late.reference]
    assert made.strata.get(month=date(2031, 6, 1)).references() == []
