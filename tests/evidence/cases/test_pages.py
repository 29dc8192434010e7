"""The pages of cases: lists, one case, forms, conflicts; and that they cost the same at any size."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from evidence.cases import actions, lists, timeline
from evidence.cases.models import Case, CaseLink, CaseMember, CourtDate
from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.models import User
from evidence.people.views import landing
from evidence.recordings.models import Recording
from evidence.retention import actions as retention
from evidence.retention.models import Hold, Kind
from tests import factories
from tests.evidence.cases.conftest import client_of

pytestmark = pytest.mark.django_db
MOMENT = datetime(2026, 11, 22, 22, 14, 7, tzinfo=UTC)
HOME = "/cases/01AB-12345-26/"
GIVEN = {"urn": "01AB/12345/26", "title": "R v Marsh", "status": "open", "result": ""}


# --- the list ---
def _case(by: User, number: int, **fields: Any) -> Case:
    days = fields.pop("court", None)
    made = Case.objects.create(
        urn=f"01AB/{number:05}/26", title=f"R v {number}", officer_in_case=by, **fields
    )
    if days is not None:
        day = timezone.localdate() + timedelta(days=days)
        CourtDate.objects.create(case=made, date=day, added_by=by)
    return made


def test_case_and_disclosure_officers_land_on_their_cases(price: User, reed: User) -> None:
    assert landing(price) == landing(reed) == "/cases/"
    assert client_of(price).get("/cases/").status_code == 200


def test_what_is_to_be_done_comes_first_then_the_next_day_in_court(price: User, shah: User) -> None:
    later = _case(price, 1, court=40)
    far = _case(price, 2, court=30)
    nothing = _case(price, 3)
    soon = _case(price, 4, court=14)
    missing = _case(price, 5, court=-3)
    ended = _case(price, 6, keep_until=timezone.localdate() - timedelta(days=1),
                  result="acquitted", result_on=date(2026, 1, 1))  # fmt: skip
    CaseLink.objects.create(
        case=ended, recording=factories.recording(shah), reason="x", linked_by=price
    )
    done = _case(price, 7, status="closed", result="acquitted", result_on=date(2026, 1, 1),
                 holds_released_at=timezone.now(), keep_until=date(2026, 1, 1))  # fmt: skip
    _case(shah, 8, court=1)
    page = client_of(price).get("/cases/")
    rows = page.context["page"].rows
    assert [row.case for row in rows] == [soon, ended, missing, far, later, nothing]
    assert [row.todo for row in rows[:3]] == [
        [("amber", "In court in 14 days")], [("amber", "Period ended")],
        [("amber", "Result missing")],
    ]  # fmt: skip
    assert not any(row.todo for row in rows[3:])
    closed = client_of(price).get("/cases/?show=closed").context["page"].rows
    assert [row.case for row in closed] == [done]


@pytest.mark.parametrize("show", ["", "all"])
def test_pages_of_fifty_meet_without_a_hole(lane: User, show: str) -> None:
    made = [_case(lane, number, court=number % 60 or None) for number in range(1, 121)]
    seen: list[int] = []
    query = {"show": show} if show else {}
    client, before = client_of(lane), None
    for _ in range(3):
        page = client.get("/cases/", query | ({"before": before} if before else {})).context["page"]
        seen += [row.case.pk for row in page.rows]
        before = page.older
    assert before is None
    assert len(seen) == 120
    assert set(seen) == {case.pk for case in made}


@pytest.mark.parametrize("before", ["x", "1", "0~2026-01-01~", "2~2026-01-01~1", "0~x~1", "²"])
def test_what_is_no_place_in_the_list_is_none(price: User, before: str) -> None:
    answer = client_of(price).get("/cases/", {"before": before})
    assert answer.status_code == 404


def test_the_list_costs_the_same_for_one_and_for_many(
    price: User, shah: User, django_assert_num_queries: Any
) -> None:
    client = client_of(price)
    _case(price, 1, court=3)
    client.get("/cases/")
    with django_assert_num_queries(4):  # the session, the person, their notices, the page
        client.get("/cases/")
    for number in range(2, 80):
        _case(price, number, court=number)
    with django_assert_num_queries(4):
        assert len(client.get("/cases/").context["page"].rows) == lists.PAGE


def test_a_case_is_gone_to_by_its_urn(marsh: Case, price: User, quinn: User) -> None:
    answer = client_of(price).post("/cases/", {"urn": "01ab/12345/26"})
    assert answer.headers["Location"] == HOME
    for user, urn in ((quinn, "01AB/12345/26"), (price, "01AB/12345/99")):
        answer = client_of(user).post("/cases/", {"urn": urn})
        assert answer.status_code == 422
        assert f"There is no case {urn} that you can see. Check the URN." in answer.text


# --- one case ---
def test_the_page_has_everything_of_a_case(
    marsh: Case, price: User, reed: User, shah: User, okoro: User, lane: User
) -> None:
    one = factories.recording(shah, camera="BWC-1", happened_at=MOMENT, duration_ms=600_000)
    other = factories.recording(
        okoro, camera="BWC-2", happened_at=MOMENT + timedelta(minutes=15), duration_ms=60_000
    )
    for item in (one, other):
        actions.link(by=price, case=marsh, recording=item, reason="the chase")
    actions.add_member(by=price, case=marsh, person=reed, part="disclosure_officer", reason="CPIA")
    day = timezone.localdate() + timedelta(days=5)
    actions.add_court_date(by=price, case=marsh, on=day, court="Southwark", what="plea")
    sequencer.run()
    page = client_of(price).get(HOME)
    text = page.text
    assert f"Next in court on <b>{day:%A %-d %B %Y}</b>" in text
    assert "2 recordings" in text
    assert "No camera recorded from 22:24:07 to 22:29:07 GMT, 5 min 0 s." in text
    assert "No result is known yet: kept until there is one (CPIA Code 5.7, 5.8)." in text
    assert "DC 2212 Reed" in text
    assert f"{one.reference}: Linked to case 01AB/12345/26 by DC 2210 Price: the chase" in text
    assert "style=" not in text
    [chart] = page.context["charts"]
    assert [lane_.camera for lane_ in chart.lanes] == ["BWC-1", "BWC-2"]
    sequencer.run()
    assert Event.objects.filter(type="case.viewed", object_ref=marsh.subject().ref).count() == 1
    # The history is not that of who looked.
    assert "Case opened on screen" not in client_of(price).get(HOME).text
    assert '<a class="govuk-link govuk-task-list__link" href="#footage"' in text
    # Who shares sees shares: an officer of the team does not.
    assert ">Shares<" in text
    actions.add_member(by=price, case=marsh, person=shah, part="investigator", reason="helps")
    assert "Shares" not in client_of(shah).get(HOME).text
    assert ">Shares<" in client_of(lane).get(HOME).text


def test_a_hidden_complaint_changes_no_word(
    marsh: Case, price: User, shah: User, lane: User
) -> None:
    item = factories.recording(shah, happened_at=MOMENT, duration_ms=60_000)
    own = factories.recording(price, happened_at=MOMENT, duration_ms=60_000)
    for one in (item, own):
        actions.link(by=lane, case=marsh, recording=one, reason="x")
    sequencer.run()

    def shown() -> list[str]:
        client = client_of(price)
        paths = (HOME, "/cases/", *(f"{HOME}unlink/{one.reference}/" for one in (item, own)))
        pages = [client.get(path) for path in paths]
        return [
            re.sub(r"[A-Za-z0-9]{64}|:[\w-]{6}:[\w-]{43}|data-look[^>]*", "", page.text)
            for page in pages
        ]

    before = shown()
    assert before == shown()
    retention.watch(
        by=lane, kind=Kind.COMPLAINT, reference="PC/771/26", reason="zebra", officers=[shah, price],
        start=MOMENT - timedelta(hours=1), end=MOMENT + timedelta(hours=1),
    )  # fmt: skip
    sequencer.run()
    assert Hold.objects.filter(kind=Kind.COMPLAINT).count() == 2
    assert shown() == before


def test_a_disclosure_officer_reads_and_changes_nothing(
    marsh: Case, price: User, reed: User
) -> None:
    actions.add_member(by=price, case=marsh, person=reed, part="disclosure_officer", reason="CPIA")
    page = client_of(reed).get(HOME)
    assert page.status_code == 200
    for word in ("Find more footage", "Unlink", "Change or enter", "Link footage"):
        assert word not in page.text


def test_a_page_costs_the_same_for_one_and_for_a_hundred(
    marsh: Case, price: User, shah: User, django_assert_max_num_queries: Any
) -> None:
    client = client_of(price)

    def link(count: int) -> None:
        for number in range(count):
            item = factories.recording(
                shah, camera=f"C-{number % 7}", happened_at=MOMENT + timedelta(hours=number)
            )
            CaseLink.objects.create(case=marsh, recording=item, reason="x", linked_by=price)

    link(1)
    sequencer.run()
    client.get(HOME)
    with django_assert_max_num_queries(100) as few:
        client.get(HOME)
    link(99)
    for number in range(20):
        CourtDate.objects.create(case=marsh, date=timezone.localdate(), added_by=price)
        person = factories.Person(username=f"m{number}", roles=["case_officer"])
        CaseMember.objects.create(case=marsh, person=person, part="case_officer", reason="x",
                                  added_by=price)  # fmt: skip
    with django_assert_max_num_queries(len(few)) as many:
        assert "100 recordings" in client.get(HOME).text
    assert len(many) == len(few)


def test_more_than_two_hundred_are_not_all_shown(marsh: Case, price: User, shah: User) -> None:
    made = Recording.objects.bulk_create(
        Recording(officer=shah, camera="X", happened_at=MOMENT + timedelta(minutes=number))
        for number in range(203)
    )
    CaseLink.objects.bulk_create(
        CaseLink(case=marsh, recording=item, reason="x", linked_by=price) for item in made
    )
    page = client_of(price).get(HOME)
    assert len(page.context["days"]) == 200
    assert "More than 200 recordings" in page.text


def test_days_apart_stand_on_clocks_of_their_own() -> None:
    def piece(hours: float, minutes: int, camera: str) -> timeline.Piece:
        start = MOMENT + timedelta(hours=hours)
        return timeline.Piece(camera, "", start, start + timedelta(minutes=minutes), "R", "/")

    charts = timeline.charts(
        [piece(50, 10, "A"), piece(0, 10, "A"), piece(0.1, 2, "B"), piece(1, 30, "A")]
    )
    assert [[lane.camera for lane in chart.lanes] for chart in charts] == [["A", "B"], ["A"]]
    first = charts[0]
    assert first.gaps == ["No camera recorded from 22:24:07 to 23:14:07 GMT, 50 min 0 s."]
    assert (first.lanes[0].bars[0].x, first.lanes[0].bars[-1].x) == (0.0, 666.7)
    bars = [bar for chart in charts for lane in chart.lanes for bar in lane.bars]
    assert all(0 <= bar.x < bar.x + bar.width <= 1000.1 for bar in bars)
    assert len(first.marks) == 5
    assert timeline.charts([]) == []


def test_an_instant_is_drawn_and_stays_on_the_chart() -> None:
    pieces = [
        timeline.Piece("A", "", MOMENT, MOMENT + timedelta(hours=1), "R", "/"),
        timeline.Piece("B", "", MOMENT + timedelta(hours=1), MOMENT + timedelta(hours=1), "S", "/"),
    ]
    [chart] = timeline.charts(pieces)
    assert (chart.lanes[1].bars[0].x, chart.lanes[1].bars[0].width) == (996, 4)
    [alone] = timeline.charts(pieces[1:])
    assert alone.lanes[0].bars[0].x == 0


# --- opening and changing ---
def test_a_case_is_opened_by_the_form(price: User, shah: User) -> None:
    client = client_of(price)
    assert client.get("/cases/new/").status_code == 200
    answer = client.post(
        "/cases/new/", GIVEN | {"urn": "01ab/12345/26", "officer_in_case": "4127"}, follow=True
    )
    assert "Case 01AB/12345/26 is open" in answer.text
    assert Case.objects.get().officer_in_case == shah


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"urn": "nonsense"}, "Enter a URN like 01AB/12345/26"),
        ({"urn": ""}, "Enter the URN"),
        ({"title": ""}, "Enter a title, like R v Marsh"),
        ({"title": "x" * 121}, "Title must be 120 characters or fewer"),
        ({"crime_reference": "12"}, "Enter a crime reference like 01AB/12345/26"),
        ({"officer_in_case": "9999"},
         "There is nobody with the collar number 9999. Check it."),
        ({"officer_in_case": "\0"}, "without odd characters"),
        ({"status": "king"}, "Select the status"),
    ],
)  # fmt: skip
def test_a_wrong_form_says_so_and_keeps_nothing(
    price: User, more: dict[str, str], says: str
) -> None:
    answer = client_of(price).post("/cases/new/", GIVEN | {"offence": "Kept here"} | more)
    assert answer.status_code == 422
    assert says in answer.text
    assert "There is a problem" in answer.text
    assert "Kept here" in answer.text
    assert not Case.objects.exists()


def test_an_impossible_date_is_named_and_nothing_is_half_saved(marsh: Case, price: User) -> None:
    before = Case.objects.values().get()
    for day, says in (
        ("2026-02-30", "Enter a real date for the result"),
        ("0001-01-01", "Enter a real date for the result"),
        ("9999-12-31", "Enter a real date for the result"),
        ("2190-01-01", "The day of the result can&#x27;t be after today"),
        ("", "Enter the day of the result"),
    ):
        answer = client_of(price).post(
            f"{HOME}change/",
            GIVEN | {"title": "Changed", "result": "convicted", "result_on": day, "version": "1"},
        )
        assert answer.status_code == 422
        assert says in answer.text, day
    assert Case.objects.values().get() == before


def test_the_result_explains_the_period(marsh: Case, price: User) -> None:
    answer = client_of(price).post(
        f"{HOME}change/",
        GIVEN | {"result": "convicted", "result_on": "03/03/2026", "version": "1"}, follow=True,
    )  # fmt: skip
    assert (
        "Convicted on 3 March 2026: kept until 3 September 2026, six months after conviction "
        "(CPIA Code 5.9), or release from custody if that is later." in answer.text
    )


def test_two_editors_see_both_and_choose(marsh: Case, price: User, lane: User) -> None:
    first, second = client_of(lane), client_of(price)
    assert 'name="version" value="1"' in second.get(f"{HOME}change/").text
    first.post(f"{HOME}change/", GIVEN | {"title": "R v Marsh and Webb", "version": "1"})
    answer = second.post(
        f"{HOME}change/", GIVEN | {"title": "R v Marsh and others", "offence": "Theft",
                                   "version": "1"},
    )  # fmt: skip
    assert answer.status_code == 409
    at = timezone.localtime(Case.objects.get().changed_at)
    assert f"DS 12 Lane saved this at {at:%H:%M}. Compare and choose." in answer.text
    for words in ("R v Marsh and Webb", "R v Marsh and others", "Theft"):
        assert words in answer.text
    assert Case.objects.get().title == "R v Marsh and Webb"
    # What is chosen is posted with the version that was shown.
    row = answer.context["rows"]
    assert [one["name"] for one in row] == ["title", "offence"]
    chosen = dict(answer.context["same"]) | {
        "title": row[0]["their_value"], "offence": row[1]["my_value"],
        "version": answer.context["version"],
    }  # fmt: skip
    second.post(f"{HOME}change/", chosen)
    case = Case.objects.get()
    assert (case.title, case.offence, case.version) == ("R v Marsh and Webb", "Theft", 3)
    # Without a version nothing is overwritten either.
    assert second.post(f"{HOME}change/", GIVEN).status_code == 409


def test_the_admins_form_keeps_the_version_too(marsh: Case, lane: User, price: User) -> None:
    client, path = client_of(lane), f"/admin/cases/case/{marsh.pk}/change/"
    assert 'name="seen_version" value="1"' in client.get(path).text
    sent = GIVEN | {"title": "By the admin", "seen_version": "1"}
    client.post(path, sent)
    assert Case.objects.get().title == "By the admin"
    answer = client.post(path, sent | {"title": "Too late"}, follow=True)
    assert "DS 12 Lane saved this at" in answer.text
    assert Case.objects.get().title == "By the admin"
    answer = client.post(path, sent | {"seen_version": "2", "result": "convicted"})
    assert "Enter the day of the result" in answer.text


# --- the other pages ---
def test_days_in_court_by_the_page(marsh: Case, price: User) -> None:
    client, day = client_of(price), timezone.localdate() + timedelta(days=3)
    answer = client.post(f"{HOME}court/", {"date": day.isoformat(), "court": "Southwark"},
                         follow=True)  # fmt: skip
    assert "added." in answer.text
    made = CourtDate.objects.get()
    assert client.post(f"{HOME}court/", {"date": "30/02/2026"}).status_code == 422
    client.post(f"{HOME}court/{made.pk}/")
    made.refresh_from_db()
    assert made.removed_by == price
    other = _case(price, 7, court=2).court_dates.get()
    assert client.post(f"{HOME}court/{other.pk}/").status_code == 404


def test_the_team_by_the_page(marsh: Case, price: User, reed: User) -> None:
    client = client_of(price)
    sent = {"person": "2212", "part": "disclosure_officer", "reason": "CPIA"}
    for more, says in (
        ({"person": "9"}, "There is nobody with the collar number 9. Check it."),
        ({"part": ""}, "Select what this person does in the case"),
        ({"reason": " "}, "Enter why this person works on the case"),
        ({"until": "2020-01-01"}, "The last day can&#x27;t be before today"),
    ):
        answer = client.post(f"{HOME}team/", sent | more)
        assert answer.status_code == 422
        assert says in answer.text
    assert "DC 2212 Reed works on this case." in client.post(
        f"{HOME}team/", sent, follow=True
    ).text  # fmt: skip
    part = CaseMember.objects.get(person=reed)
    assert client.get(f"{HOME}team/{part.pk}/").status_code == 200
    assert client.post(f"{HOME}team/{part.pk}/", {"reason": ""}).status_code == 422
    client.post(f"{HOME}team/{part.pk}/", {"reason": "moved on"})
    assert client_of(reed).get(HOME).status_code == 404
    # Whoever leaves by their own hand is led to where they may be.
    own = CaseMember.objects.get(person=price)
    answer = client.post(f"{HOME}team/{own.pk}/", {"reason": "handed over"}, follow=True)
    assert answer.status_code == 200
    assert client.get(HOME).status_code == 404


def test_unlinking_by_the_page(marsh: Case, price: User, shah: User) -> None:
    item = factories.recording(shah, happened_at=timezone.now())
    actions.link(by=price, case=marsh, recording=item, reason="x")
    client, path = client_of(price), f"{HOME}unlink/{item.reference}/"
    last = timezone.localdate() + timedelta(days=31)
    page = client.get(path)
    assert f"After this it goes on {last:%-d %b %Y}, not when the case has ended." in page.text
    assert CaseLink.objects.get().unlinked_at is None
    assert client.post(path, {"reason": " "}).status_code == 422
    assert "is unlinked." in client.post(path, {"reason": "wrong door"}, follow=True).text
    assert client.get(path).status_code == 404


def test_unlinking_and_releasing_need_a_fresh_proof(
    marsh: Case, price: User, shah: User, settings: Any
) -> None:
    item = factories.recording(shah)
    actions.link(by=price, case=marsh, recording=item, reason="x")
    settings.FRESH_SECONDS = 0
    client = client_of(price)
    for path in (f"{HOME}unlink/{item.reference}/", f"{HOME}release/"):
        answer = client.post(path, {"reason": "x"})
        assert answer.status_code == 302
        assert "again" in answer.headers["Location"] or "sso" in answer.headers["Location"]
    assert CaseLink.objects.get().unlinked_at is None


def test_releasing_by_the_page(marsh: Case, price: User, shah: User) -> None:
    item = factories.recording(shah, happened_at=MOMENT - timedelta(days=900))
    actions.link(by=price, case=marsh, recording=item, reason="x")
    client = client_of(price)
    assert "Enter the result first" in client.get(f"{HOME}release/").text
    client.post(f"{HOME}change/", GIVEN | {"result": "acquitted", "result_on": "2026-01-05",
                                           "version": "1"})  # fmt: skip
    assert "Period ended" in client.get(HOME).text
    page = client.get(f"{HOME}release/").text
    assert "1 is past its own days and can be disposed of" in page
    answer = client.post(f"{HOME}release/", {"reason": "acquitted"}, follow=True)
    assert "The case&#x27;s 1 hold was released. The links stay." in answer.text
    assert "it keeps nothing any more" in answer.text


# --- many at once, from a search ---
def test_many_are_linked_from_a_search(marsh: Case, price: User, shah: User, lane: User) -> None:
    items = [factories.recording(shah, happened_at=MOMENT + timedelta(hours=n)) for n in range(3)]
    page = client_of(lane).get("/search/", {"officer": "4127", "q": ""})
    reasoned = client_of(lane)
    page = reasoned.get("/search/", {"start": "2026-11-22"})
    assert 'form="to-case"' in page.text
    assert 'action="/cases/link/"' in page.text
    picks = [item.reference for item in items]
    chooser = reasoned.post("/cases/link/", {"pick": [*picks, "R-2222-2222"]})
    assert chooser.status_code == 200
    assert "Link 4 recordings to a case" in chooser.text
    assert not CaseLink.objects.exists()
    for sent, says in (
        ({"reason": "x"}, "Select a case, or enter its URN"),
        ({"reason": "x", "other": "01AB/9/26"},
         "There is no case 01AB/9/26 that you can change. Check the URN."),
        ({"urn": marsh.urn}, "Enter why this footage belongs to the case."),
    ):  # fmt: skip
        answer = reasoned.post("/cases/link/", {"pick": picks, "link": "1"} | sent)
        assert answer.status_code == 422
        assert says in answer.text
    answer = reasoned.post(
        "/cases/link/", {"pick": [*picks, "R-2222-2222"], "other": marsh.urn, "reason": "chase",
                         "link": "1"}, follow=True,
    )  # fmt: skip
    assert "3 linked. 1 was not: there is nothing at R-2222-2222 that you can see." in answer.text
    assert "In 01AB/12345/26" in reasoned.post("/cases/link/", {"pick": picks}).text


def test_officers_are_offered_no_linking(shah: User) -> None:
    factories.recording(shah, happened_at=MOMENT)
    client = client_of(shah)
    page = client.get("/search/", {"start": "2026-11-22"}).text
    assert "to-case" not in page
    assert client.post("/cases/link/", {"pick": "R-2222-2222"}).status_code == 404


def test_what_is_picked_costs_the_same_for_one_and_for_many(
    marsh: Case, price: User, shah: User, django_assert_num_queries: Any
) -> None:
    items = [factories.recording(shah, happened_at=MOMENT) for _ in range(60)]
    actions.link(by=price, case=marsh, recording=items[0], reason="x")
    client = client_of(price)
    with django_assert_num_queries(9):
        client.post("/cases/link/", {"pick": [items[0].reference]})
    with django_assert_num_queries(9):
        client.post("/cases/link/", {"pick": [item.reference for item in items]})


def test_no_script_and_hostile_words(price: User, client: Client) -> None:
    bad = "<script>alert(1)</script>"
    case = actions.save(by=price, case=Case(urn="01AB/12345/26", title=bad, offence=bad),
                        changed=[])  # fmt: skip
    actions.add_court_date(by=price, case=case, on=timezone.localdate(), court=bad, what=bad)
    for path in ("/cases/", HOME, f"{HOME}court/", f"{HOME}team/", f"{HOME}change/"):
        text = client_of(price).get(path).text
        assert "<script>alert" not in text, path
