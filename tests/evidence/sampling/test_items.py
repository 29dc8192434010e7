"""Reviewing, skipping, debriefing, concerns: by whom, of whose footage, with which trace."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.complaints.models import Complaint
from evidence.custody import sequencer
from evidence.custody.models import Event, Private
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.models import Recording, Rendition
from evidence.sampling import actions, proof, questions, stats
from evidence.sampling import draw as rule
from evidence.sampling.access import items_to
from evidence.sampling.actions import NotSaid
from evidence.sampling.models import Item, Plan, Review
from tests import factories
from tests.evidence.sampling.conftest import footage, wish

pytestmark = pytest.mark.django_db
XSS = "<script>alert(1)</script>"


def events(kind: str) -> list[Event]:
    sequencer.run()
    return list(Event.objects.filter(type=kind).order_by("index"))


def private(event: Event) -> dict[str, Any]:
    return Private.objects.get(event_id=event.id).parsed()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def answers(item: Item, value: str = "yes", words: str = "") -> dict[str, tuple[str, str]]:
    return {row.code: (value, words) for row in questions.of(item.stratum.kind)}


def review(by: User, item: Item, outcome: str = "nothing", words: str = "", **more: Any) -> Review:
    said = more.pop("answers", answers(item))
    return actions.review(
        by=by, item=item.pk, answers=said, outcome=outcome, words=words, **more
    )  # fmt: skip


def typed(item: Item, **more: str) -> dict[str, str]:
    return {f"q-{code}": value for code, (value, _) in answers(item).items()} | more


@pytest.fixture
def item(drawn: Plan) -> Item:
    found = Item.objects.select_related("stratum", "recording").order_by("place").first()
    assert found
    return found


def url(item: Item, more: str = "") -> str:
    return f"/samples/{item.stratum.plan.reference}/{item.pk}/{more}"


# --- who sees and reviews what ---
def test_whose_items_are_whose(
    item: Item, hughes: User, lane: User, reed: User, shah: User, okoro: User, auditor: User
) -> None:
    elsewhere = factories.Person(username="s2", name="S", roles=["supervisor"],
                                 unit=factories.unit("Lewisham"))  # fmt: skip
    for person in (hughes, lane, reed):
        assert items_to(person).count() == 3
    for person in (shah, okoro, elsewhere, auditor):
        assert not items_to(person).exists()
        with pytest.raises(NotAllowed):
            review(person, item)
        with pytest.raises(NotAllowed):
            actions.skip(by=person, item=item.pk, reason="because")
    with pytest.raises(NotAllowed):  # the authority reads what others find
        review(reed, item)
    assert review(hughes, item).reviewer == hughes


@pytest.mark.parametrize(
    "roles", [["officer", "supervisor"], ["officer", "professional_standards"]]
)
def test_nobody_reviews_their_own(roles: list[str], lane: User, after: None, when: Any) -> None:
    both = factories.Person(username="both", name="B Oth", roles=roles, unit=factories.unit("X"))
    when(datetime(2031, 1, 1, tzinfo=UTC))
    plan = actions.commit(by=lane, wish=wish("X"))
    footage(both, 3)
    when(datetime(2032, 3, 1, tzinfo=UTC))
    actions.draw(by=lane, plan=plan)
    one = Item.objects.all()[0]
    assert not items_to(both).exists()
    with pytest.raises(NotAllowed):
        review(both, one)
    assert signed_in(both).get(url(one)).status_code == 404
    assert one.recording.reference not in signed_in(both).get(f"/samples/{plan.reference}/").text


def test_what_is_restricted_is_nobody_s(item: Item, hughes: User, lane: User) -> None:
    client = signed_in(lane)
    assert client.get(url(item)).status_code == 200
    Recording.objects.filter(pk=item.recording_id).update(restricted="covert")
    for person in (hughes, lane):
        assert signed_in(person).get(url(item)).status_code == 404
        page = signed_in(person).get(f"/samples/{item.stratum.plan.reference}/").text
        assert item.recording.reference not in page
        with pytest.raises(NotAllowed):
            review(person, item)


def test_the_officer_learns_nothing_of_it(
    item: Item, shah: User, hughes: User, client: Client
) -> None:
    before = _plain(signed_in(shah).get(item.recording.get_absolute_url()).text)
    review(hughes, item, "concern", "Look at this")
    actions.debrief(by=hughes, item=item.pk, on=timezone.localdate())
    sequencer.run()
    after_ = signed_in(shah).get(item.recording.get_absolute_url()).text
    assert "sample" not in after_.lower().replace("sample-", "")
    assert _plain(after_) == before
    for path in ("/samples/", f"/samples/{item.stratum.plan.reference}/", url(item), "/panel/"):
        assert signed_in(shah).get(path).status_code == 404


def _plain(text: str) -> str:
    """A page without its token, up to the history, in which the reader's own looks stand."""
    import re

    return re.sub(r"[A-Za-z0-9:_-]{60,}", "TOKEN", text.partition('id="history"')[0])


# --- reviewing ---
def test_a_review_is_kept_with_its_answers_and_one_event(item: Item, hughes: User) -> None:
    said = answers(item) | {"gowisely": ("no", "No \0warrant card")}
    made = review(hughes, item, "learning", " Name the power.\r\nThen search. ", answers=said)
    item.refresh_from_db()
    assert item.state == "reviewed"
    assert made.words == "Name the power.\nThen search."
    kept = {row.question.code: (row.value, row.words) for row in made.answers.all()}
    assert kept["gowisely"] == ("no", "No warrant card")
    assert "proportionate" not in kept and kept["whole"] == ("yes", "")
    [event] = events("sample.reviewed")
    assert event.object_ref == item.stratum.plan.reference
    assert event.parsed()["data"] == {"item": item.pk}
    assert private(event) == {
        "name": "PS 88 Hughes", "reference": item.recording.reference, "outcome": "Learning",
        "words": made.words,
    }  # fmt: skip
    assert not Complaint.objects.exists()


def test_saying_it_again_writes_over_and_the_log_has_both(
    item: Item, hughes: User, lane: User
) -> None:
    review(hughes, item)
    review(hughes, item, "good", "Calm throughout", answers=answers(item, "no"))
    review(lane, item)
    assert Review.objects.count() == 2
    assert {row.value for row in Review.objects.get(reviewer=hughes).answers.all()} == {"no"}
    assert len(events("sample.reviewed")) == 3


@pytest.mark.parametrize(
    ("change", "says", "field"),
    [
        ({"answers": {}}, "Answer: Was the whole encounter recorded", "q-whole"),
        ({"outcome": "x"}, "Select what comes of it", "outcome"),
        ({"outcome": "concern"}, "Enter what the concern is", "words"),
        ({"outcome": "learning", "words": " \0"}, "Enter what can be learned", "words"),
        ({"words": "x" * 2001}, "2,000 characters or fewer; there are 2,001", "words"),
    ],
)
def test_what_is_missing_is_said(
    change: dict[str, Any], says: str, field: str, item: Item, hughes: User
) -> None:
    with pytest.raises(NotSaid, match=says) as refused:
        review(hughes, item, **change)
    assert refused.value.field == field
    item.refresh_from_db()
    assert item.state == "to_do" and not Review.objects.exists()
    assert not events("sample.reviewed")


def test_without_its_event_there_is_no_review(item: Item, hughes: User, monkeypatch: Any) -> None:
    from evidence.sampling.actions import items

    def broken(draft: Any) -> Any:
        raise RuntimeError("the log is away")

    monkeypatch.setattr(items, "record", broken)
    for act in (lambda: review(hughes, item),
                lambda: actions.skip(by=hughes, item=item.pk, reason="why so")):  # fmt: skip
        with pytest.raises(RuntimeError):
            act()
    item.refresh_from_db()
    assert item.state == "to_do" and Item.objects.count() == 3 and not Review.objects.exists()


# --- skipping ---
def test_the_next_in_the_order_takes_its_place(item: Item, hughes: User, drawn: Plan) -> None:
    order = rule.take(bytes.fromhex(drawn.seed), item.stratum.references(), 10)
    for reason in ("", "  \0 ", "x"):
        with pytest.raises(NotSaid, match="Enter why it is left out"):
            actions.skip(by=hughes, item=item.pk, reason=reason)
    following = actions.skip(by=hughes, item=item.pk, reason="Only the inside of a pocket")
    assert following and (following.place, following.recording.reference) == (4, order[3])
    assert following.replaces == item
    item.refresh_from_db()
    assert (item.state, item.skip_reason, item.skipped_by) == (
        "skipped", "Only the inside of a pocket", hughes,
    )  # fmt: skip
    [event] = events("sample.skipped")
    assert event.parsed()["data"] == {"item": item.pk, "next": following.pk}
    assert private(event)["reason"] == "Only the inside of a pocket"
    assert all(step.good is not False for step in proof.steps(drawn))
    with pytest.raises(NotSaid, match="skipped already"):
        actions.skip(by=hughes, item=item.pk, reason="again")
    with pytest.raises(NotSaid, match="skipped meanwhile"):
        review(hughes, item)


def test_what_was_restricted_since_is_left_out_on_the_way(
    item: Item, hughes: User, drawn: Plan
) -> None:
    order = rule.take(bytes.fromhex(drawn.seed), item.stratum.references(), 10)
    Recording.objects.filter(reference=order[3]).update(restricted="covert")
    following = actions.skip(by=hughes, item=item.pk, reason="Test recording")
    assert following and (following.place, following.recording.reference) == (5, order[4])
    between = Item.objects.get(place=4, stratum=item.stratum)
    assert (between.state, between.skip_reason) == ("skipped", "It can't be shown any more.")
    assert order[3] not in signed_in(hughes).get(f"/samples/{drawn.reference}/?show=skipped").text
    assert all(step.good is not False for step in proof.steps(drawn))


def test_when_nothing_is_left_it_is_said(drawn: Plan, hughes: User) -> None:
    for _ in range(9):
        one = Item.objects.filter(state="to_do").first()
        assert (one and actions.skip(by=hughes, item=one.pk, reason="Test recording")) or True
    last = Item.objects.filter(state="to_do").last()
    assert last and Item.objects.count() == 10
    answer = signed_in(hughes).post(url(last, "skip/"), {"reason": "Test recording"}, follow=True)
    assert "There is no other in this stratum" in answer.text


# --- debrief and concerns ---
def test_a_debrief_is_noted_after_the_review(item: Item, hughes: User) -> None:
    today = timezone.localdate()
    with pytest.raises(NotSaid, match="Review it first"):
        actions.debrief(by=hughes, item=item.pk, on=today)
    review(hughes, item)
    with pytest.raises(NotSaid, match="not be after today"):
        actions.debrief(by=hughes, item=item.pk, on=date(2040, 1, 1))
    with pytest.raises(NotSaid, match="not be before the recording"):
        actions.debrief(by=hughes, item=item.pk, on=date(2031, 12, 9))
    actions.debrief(by=hughes, item=item.pk, on=today)
    [event] = events("sample.debriefed")
    assert private(event)["officer"] == "PC 4127 Shah"
    assert "4127" not in str(event.parsed())


def test_a_concern_is_told_to_standards_and_becomes_no_complaint(
    item: Item, hughes: User, lane: User, reed: User
) -> None:
    made = review(hughes, item, "concern", f"Force {XSS}")
    page = signed_in(lane).get("/samples/concerns/")
    assert "Force" in page.text and XSS not in page.text
    assert "1 concern to look at" in signed_in(lane).get("/samples/").text
    for person in (hughes, reed):
        assert signed_in(person).get("/samples/concerns/").status_code == 404
        with pytest.raises(NotAllowed):
            actions.note(by=person, review=made.pk, words="x")
    refused = signed_in(lane).post("/samples/concerns/", {"review": made.pk, "note": " "})
    assert refused.status_code == 422 and "Enter what was done about it" in refused.text
    done = signed_in(lane).post(
        "/samples/concerns/", {"review": made.pk, "note": "Spoke to Hughes"}
    )
    assert done.status_code == 302
    assert "Spoke to Hughes" in signed_in(lane).get("/samples/concerns/?show=noted").text
    assert "Spoke" not in signed_in(lane).get("/samples/concerns/").text
    with pytest.raises(NotSaid, match="noted this already"):
        actions.note(by=lane, review=made.pk, words="x")
    assert private(events("sample.noted")[0])["note"] == "Spoke to Hughes"
    assert not Complaint.objects.exists()


def test_learning_is_shown_without_names(item: Item, hughes: User, lane: User) -> None:
    review(hughes, item, "learning", f"Say the power {XSS}")
    page = signed_in(lane).get("/samples/learning/").text
    main = page.partition("<main")[2]
    assert "Say the power" in main and XSS not in page
    assert "Hughes" not in main and "Shah" not in main


# --- the pages ---
@pytest.fixture
def playable(item: Item) -> Item:
    original = item.recording.originals.get()
    Rendition.objects.create(
        original=original, kind="proxy", key=f"p-{original.pk}", content_type="video/mp4", size=3,
        sha256="0" * 64, parent_sha256="1" * 64, tool="x", tool_version="x",
        facts={"seconds": 2, "width": 10},
    )  # fmt: skip
    return item


def test_the_item_s_page_is_a_look_for_the_sample(
    playable: Item, hughes: User, settings: Any
) -> None:
    settings.VIEW_REASON = "others"
    client = signed_in(hughes)
    page = client.get(url(playable))
    assert page.status_code == 200 and 'id="player"' in page.text
    played = client.post(f"/footage/{playable.recording.reference}/play/")
    assert played.status_code == 200  # it is not asked why once more
    for kind in ("evidence.viewed", "evidence.played"):
        [event] = events(kind)
        assert event.object_ref == playable.recording.reference
        assert private(event)["reason"] == f"Dip sample {playable.stratum.plan.reference}"


def test_the_form_saves_and_leads_to_the_next(item: Item, hughes: User) -> None:
    client = signed_in(hughes)
    answer = client.post(url(item, "review/"), typed(item, outcome="nothing"))
    following = Item.objects.filter(state="to_do", pk__gt=item.pk).order_by("pk").first()
    assert following and answer["Location"] == url(following)
    for one in Item.objects.filter(state="to_do"):
        answer = client.post(url(one, "review/"), typed(one, outcome="nothing"))
    assert answer["Location"] == f"/samples/{item.stratum.plan.reference}/"
    assert "Nothing is left to review" in client.get(answer["Location"]).text


def test_what_was_typed_is_kept_when_something_is_missing(item: Item, hughes: User) -> None:
    client = signed_in(hughes)
    sent = typed(item, outcome="concern", words="") | {"w-whole": f"began late {XSS}"}
    answer = client.post(url(item, "review/"), sent)
    assert answer.status_code == 422
    assert "Enter what the concern is" in answer.text and 'href="#words"' in answer.text
    assert "began late &lt;script&gt;" in answer.text and XSS not in answer.text
    assert 'id="q-whole-yes" name="q-whole" value="yes" checked' in answer.text
    answer = client.post(url(item, "skip/"), {"reason": ""})
    assert answer.status_code == 422 and "Enter why it is left out" in answer.text
    answer = client.post(url(item, "debrief/"), {"on": "soon"})
    assert answer.status_code == 422 and "Enter the day like 22/11/2026" in answer.text


def test_nobody_s_answers_lead_another_s(item: Item, hughes: User, lane: User) -> None:
    review(hughes, item, "good", "Calm and clear")
    client = signed_in(lane)
    assert "Calm and clear" not in client.get(url(item)).text
    review(lane, item)
    assert "Calm and clear" in client.get(url(item)).text


def test_the_plan_s_page_in_each_state(
    plan: Plan, lane: User, hughes: User, shah: User, when: Any
) -> None:
    path = f"/samples/{plan.reference}/"
    client = signed_in(lane)
    assert "The seed is secret until the period is over" in client.get(path).text
    assert "Reveal and draw" not in client.get(path).text
    refused = client.post(f"{path}draw/")
    assert refused.status_code == 422 and "It can be drawn from 8 Feb 2032" in refused.text
    assert client.post(f"{path}export/").status_code == 404
    when(datetime(2032, 3, 1, tzinfo=UTC))
    client = signed_in(lane)
    assert "Overdue" in client.get(path).text
    assert "hides something" in signed_in(hughes).get("/samples/").text
    footage(shah, 5)
    assert client.post(f"{path}draw/")["Location"] == path
    page = client.get(path).text
    assert Plan.objects.get().seed in page and "Drawn" in page
    export = client.post(f"{path}export/")
    assert export.json()["plan"]["reference"] == plan.reference
    assert len(events("sample.exported")) == 1
    supervisor = signed_in(hughes).get(path).text
    assert "Reveal and draw" not in supervisor and "to draw it again" not in supervisor
    assert "Yes" in signed_in(hughes).get(f"{path}proof/").text


def test_committing_by_the_page(lane: User, shah: User) -> None:
    client, unit = signed_in(lane), shah.unit_id
    page = client.get("/samples/new/").text
    assert "stop_search-c-stop-search" in page
    sent = {
        "title": f"Spring {XSS}", "start": "1/3/2033", "end": "31/3/2033", "units": [str(unit), "x"],
        "kinds": ["stop_search"], "stop_search-categories": ["stop-search"], "each": "4",
    }  # fmt: skip
    for change, says in (
        ({"start": "soon"}, "Enter the first day like 1/12/2026"), ({"each": "²"}, "from 1 to 50"),
        ({"units": []}, "Select at least one unit"), ({"start": "1/3/2020"}, "must be after today"),
    ):  # fmt: skip
        refused = client.post("/samples/new/", sent | change)
        assert refused.status_code == 422 and says in refused.text
        assert "Spring &lt;script&gt;" in refused.text
    short = sent | {"stop_search-categories": ["non-evidential"]}
    warned = client.post("/samples/new/", short)
    assert "Nothing is committed yet" in warned.text and "Commit all the same" in warned.text
    assert "kept 31 days: that of 1 Mar 2033 until 1 Apr 2033" in warned.text
    assert not Plan.objects.exists()
    done = client.post("/samples/new/", sent, follow=True)
    assert "Committed." in done.text and XSS not in done.text
    made = Plan.objects.get()
    assert made.parameters["each"] == 4 and made.parameters["kinds"] == [
        {"code": "stop_search", "name": "Stop and search", "categories": ["stop-search"],
         "incidents": []},
    ]  # fmt: skip
    assert client.post("/samples/new/", sent).status_code == 422  # the same again
    later = short | {"start": "1/4/2033", "end": "30/4/2033", "sure": "1"}
    assert client.post("/samples/new/", later).status_code == 302


def test_counts_bars_and_the_file(drawn: Plan, hughes: User, lane: User, okoro: User) -> None:
    one, two, three = Item.objects.order_by("place")
    review(hughes, one, answers=answers(one) | {"late": ("no", "")})
    review(hughes, two, "concern", "x", answers=answers(two, "no"))
    actions.skip(by=hughes, item=three.pk, reason="Test recording")
    found = [row for row in stats.by_stratum(lane, drawn) if row.stratum.frame_size]
    [row] = found
    assert (row.to_do, row.reviewed, row.skipped, row.concerns) == (1, 2, 1, 1)
    bars = {bar.question.code: bar for bar in stats.bars(stats.answered(lane, drawn))}
    assert (bars["whole"].good, bars["whole"].seen, bars["whole"].width) == (1, 2, 120)
    assert (bars["late"].good, bars["late"].seen) == (2, 2)  # "no" is as it should be
    answer = signed_in(lane).get(f"/samples/{drawn.reference}/csv/")
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    [whole] = [line for line in lines if line["question"].startswith("Was the whole")]
    assert (whole["yes"], whole["no"], whole["in the frame"], whole["skipped"]) == (
        "1",
        "1",
        "10",
        "1",
    )
    assert "Hughes" not in answer.text and one.recording.reference not in answer.text
    elsewhere = factories.Person(username="s2", name="S", roles=["supervisor"], unit=okoro.unit)
    assert stats.by_stratum(elsewhere, drawn) == [] and not stats.answered(elsewhere, drawn)


def test_a_unit_that_is_a_formula_stays_text(lane: User, after: None, when: Any) -> None:
    shah = factories.Person(username="x", name="X", roles=["officer"],
                            unit=factories.unit("=HYPERLINK(1)"))  # fmt: skip
    when(datetime(2031, 1, 1, tzinfo=UTC))
    plan = actions.commit(by=lane, wish=wish("=HYPERLINK(1)"))
    footage(shah, 1)
    when(datetime(2032, 3, 1, tzinfo=UTC))
    actions.draw(by=lane, plan=plan)
    assert ",'=HYPERLINK" in signed_in(lane).get(f"/samples/{plan.reference}/csv/").text


def test_as_many_queries_for_many_items_as_for_few(
    lane: User, shah: User, hughes: User, when: Any
) -> None:
    counts: dict[str, list[int]] = {}
    for start, size in ((date(2033, 3, 1), 3), (date(2034, 3, 1), 45)):
        when(datetime(2031, 1, 1, tzinfo=UTC))
        plan = actions.commit(by=lane, wish=wish(start=start, end=start, each=50, title=f"N{size}"))
        footage(shah, size, at=datetime(start.year, 3, 1, 9, tzinfo=UTC))
        when(datetime(start.year, 6, 1, tzinfo=UTC))
        actions.draw(by=lane, plan=plan)
        for one in Item.objects.filter(stratum__plan=plan)[: size // 2]:
            review(hughes, one, "learning", "x")
        sequencer.run()
        first = Item.objects.filter(stratum__plan=plan, state="to_do")[0]
        reviewed = Item.objects.filter(stratum__plan=plan, state="reviewed")[0]
        for name, path in (("list", "/samples/"), ("plan", f"/samples/{plan.reference}/"),
                           ("proof", f"/samples/{plan.reference}/proof/"), ("item", url(first)), ("reviewed", url(reviewed)),
                           ("learning", "/samples/learning/")):  # fmt: skip
            for who in (lane, hughes):
                client = signed_in(who)
                client.get(path)
                with CaptureQueriesContext(connection) as queries:
                    assert client.get(path).status_code == 200
                counts.setdefault(f"{name} {who}", []).append(len(queries))
    assert {name: few for name, (few, many) in counts.items() if few != many} == {}
    assert max(max(pair) for pair in counts.values()) < 60


def test_many_items_come_in_pages(lane: User, shah: User, when: Any) -> None:
    when(datetime(2031, 1, 1, tzinfo=UTC))
    plan = actions.commit(by=lane, wish=wish(each=50, start=date(2031, 12, 1)))
    footage(shah, 40)
    footage(shah, 40, at=datetime(2032, 1, 10, tzinfo=UTC))
    when(datetime(2032, 6, 1, tzinfo=UTC))
    actions.draw(by=lane, plan=plan)
    client, path = signed_in(lane), f"/samples/{plan.reference}/"
    first = client.get(path)
    assert first.text.count("no. ") == 50
    more = client.get(f"{path}?show=to_do&after={first.context['next']}")
    assert more.text.count("no. ") == 30 and "The next ones" not in more.text
    assert client.get(f"{path}?after=x").status_code == 404
