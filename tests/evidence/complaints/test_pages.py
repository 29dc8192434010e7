"""The pages of a complaint: nothing typed is lost, nobody overwrites anybody unseen, and a list
costs the same whatever there is."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.complaints import actions
from evidence.complaints.access import visible_to
from evidence.complaints.admin.steps import STEPS
from evidence.complaints.models import Complaint, Named, Question
from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.models import Supervision, User
from evidence.recordings.models import Recording
from evidence.retention.models import Hold
from tests import factories
from tests.evidence.complaints import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(lane: User) -> Client:
    client = Client()
    client.force_login(lane)
    return client


@pytest.fixture
def complaint(shah: User, lane: User) -> Complaint:
    factories.recording(shah, happened_at=timezone.now() - timedelta(hours=1), duration_ms=1000)
    return making.recorded(lane, shah)


def page(complaint: Complaint, step: str) -> str:
    return f"/admin/complaints/complaint/{complaint.pk}/{step}/"


def record(complaint: Complaint, **more: Any) -> dict[str, Any]:
    """The record's form as a browser sends it."""
    local = [timezone.localtime(moment) for moment in (complaint.start, complaint.end)]
    form = {
        "received": complaint.received.isoformat(), "source": complaint.source,
        "complainant": complaint.complainant, "standing": complaint.standing,
        "contact": complaint.contact, "account": complaint.account,
        "start": f"{local[0]:%Y-%m-%dT%H:%M:%S}", "end": f"{local[1]:%Y-%m-%dT%H:%M:%S}",
        "place": complaint.place, "latitude": "", "longitude": "", "radius": "200",
    }  # fmt: skip
    named = {f"record-{name}": value for name, value in (form | more).items()}
    return {"act": "record", "version": complaint.version} | named


def clear_of_seconds(complaint: Complaint) -> Complaint:
    """Its time in whole seconds, as a browser's field has it."""
    Complaint.objects.filter(pk=complaint.pk).update(
        start=complaint.start.replace(microsecond=0), end=complaint.end.replace(microsecond=0)
    )
    return making.fresh(complaint)


def test_every_step_opens_and_says_what_to_do(office: Client, complaint: Complaint) -> None:
    for step in STEPS:
        if not step.url:
            answer = office.get(page(complaint, step.name))
            assert answer.status_code == 200, step.name
            assert step.title in answer.text
            for banned in ("please", "sorry", "invalid", "successfully"):
                assert banned not in answer.text.lower(), (step.name, banned)
    work = office.get(page(complaint, "change")).text
    assert all(step.title in work for step in STEPS)
    assert "1 held." in work


def test_the_course_of_a_complaint_by_its_pages(
    office: Client, complaint: Complaint, lane: User, shah: User
) -> None:
    price = making.authority()
    decides = Client()
    decides.force_login(price)

    def send(step: str, act: str, **values: Any) -> str:
        client = decides if act in ("decide", "outcome") else office
        form = {f"{act}-{name}": value for name, value in values.items()}
        version = making.fresh(complaint).version
        answer = client.post(page(complaint, step), form | {"act": act, "version": version},
                             follow=True)  # fmt: skip
        assert answer.status_code == 200, re.findall(r"Not done.*?</div>|errorlist.*?</ul>",
                                                     answer.text, re.DOTALL)  # fmt: skip
        return str(answer.text)

    whole = record(clear_of_seconds(complaint), contact="Large print")
    send("record", "record", **{
        name.removeprefix("record-"): value for name, value in whole.items() if "-" in name
    })  # fmt: skip
    send("officers", "name", about="4127", present="")
    send("handling", "hand", handler=lane.pk, authority=price.pk, handling="otherwise",
         severity="misconduct")  # fmt: skip
    category = making.alleged(complaint, lane).category
    send("allegations", "allege", category=category.pk, words="And pushed", officers=[shah.pk])
    two = making.fresh(complaint).allegations.get(number=2)
    send("allegations", "withdraw", allegation=two.pk, reason="Taken back")
    answers = {f"q{row.pk}": "no" for row in Question.objects.all()}
    assert "Every question is answered" in send("referral", "answer", **answers)
    one = complaint.allegations.get(number=1)
    send("findings", "propose", allegation=one.pk, wording=making.wording("acceptable").pk,
         reasons="The film")  # fmt: skip
    finding = one.findings.get()
    send("findings", "decide", finding=finding.pk, agree="yes", reason="")
    send("body", "body", authority_is_lpb="no", may_justify_proceedings="no",
         may_involve_rights="no")  # fmt: skip
    send("outcome", "outcome")
    send("measures", "measure", kind="reflective", words="Talk", officer=shah.pk, footage="",
         due_on="")  # fmt: skip
    send("measures", "done", measure=complaint.measures.get().pk, report="Talked",
         done_on=timezone.localdate().isoformat())  # fmt: skip
    making.told(complaint, 40)
    send("reviews", "review", body="lpb", applied_on=timezone.localdate().isoformat(),
         wrong_body_days="12", grounds="", late_reason="")  # fmt: skip
    send("reviews", "reviewed", review=complaint.reviews.get().pk, decision="stands",
         decided_on=timezone.localdate().isoformat(), recommendations="")  # fmt: skip
    send("close", "close")
    assert "1 recordings are not held" in send("holds", "release", reason="It is over")
    assert making.fresh(complaint).status == "closed"
    assert not Hold.objects.filter(released_at=None).exists()
    sequencer.run()
    types = set(Event.objects.filter(object_ref=f"complaint-{complaint.pk}")
                .values_list("type", flat=True))  # fmt: skip
    assert types >= {
        "complaint.recorded", "complaint.changed", "complaint.named", "complaint.handed",
        "complaint.allegation_added", "complaint.allegation_withdrawn", "complaint.answered",
        "complaint.found", "complaint.finding_decided", "complaint.body_chosen",
        "complaint.decided", "complaint.measured", "complaint.review_entered",
        "complaint.review_decided", "complaint.closed", "complaint.released",
    }  # fmt: skip


def test_two_people_who_edit_one_record_see_both_versions(
    office: Client, complaint: Complaint, lane: User
) -> None:
    complaint = clear_of_seconds(complaint)
    mine = record(complaint, account="MY ACCOUNT", place="Mine")
    jo = making.investigator("jo", rank="DC", collar="77")
    actions.change_record(by=jo, complaint=complaint, version=complaint.version,
                          values={"account": "THEIR ACCOUNT", "source": "phone"})  # fmt: skip
    answer = office.post(page(complaint, "record"), mine)
    assert answer.status_code == 409
    local = timezone.localtime(making.fresh(complaint).changed_at)
    assert f"DC 77 Other saved this at {local:%H:%M}. Compare and choose." in answer.text
    shown = re.sub(r"\s+", " ", answer.text)
    assert "<td>THEIR ACCOUNT</td><td>MY ACCOUNT</td>" in shown
    assert "<td>Telephone</td><td>Online form</td>" in shown
    assert 'value="Mine"' in answer.text  # nothing typed is lost
    assert making.fresh(complaint).account == "THEIR ACCOUNT"
    version = re.findall(r'name="version" value="(\d+)"', answer.text)[0]
    again = office.post(page(complaint, "record"), mine | {"version": version})
    assert again.status_code == 302
    assert making.fresh(complaint).account == "MY ACCOUNT"


def test_a_mistake_in_the_form_does_not_hide_what_another_saved(
    office: Client, complaint: Complaint, lane: User
) -> None:
    complaint = clear_of_seconds(complaint)
    wrong = record(complaint, complainant="", account="MINE")
    actions.change_record(by=lane, complaint=complaint, version=None,
                          values={"account": "THEIRS"})  # fmt: skip
    answer = office.post(page(complaint, "record"), wrong)
    assert answer.status_code == 422
    version = re.findall(r'name="version" value="(\d+)"', answer.text)[0]
    mended = record(complaint, account="MINE") | {"version": version}
    assert office.post(page(complaint, "record"), mended).status_code == 409
    assert making.fresh(complaint).account == "THEIRS"


@pytest.mark.parametrize("version", ["", "x", "0", "9" * 4000, "-1", "²"])
def test_a_form_without_its_version_saves_nothing(
    office: Client, complaint: Complaint, version: str
) -> None:
    form = record(clear_of_seconds(complaint), account="MINE") | {"version": version}
    assert office.post(page(complaint, "record"), form).status_code == 409
    assert making.fresh(complaint).account == "He was rude."


def test_what_can_t_be_kept_is_refused_by_every_form(office: Client, complaint: Complaint) -> None:
    """No value is our fault: NUL, too long, other people's numbers, none at all."""
    for step in STEPS:
        for act in step.acts:
            shown = act.form(user=User.objects.get(username="lane"), complaint=complaint)
            for hostile in ("\0", "9" * 25_000, "", "9999-12-31"):
                form = {f"{act.name}-{name}": hostile for name in shown.fields}
                version = making.fresh(complaint).version
                answer = office.post(page(complaint, step.name),
                                     form | {"act": act.name, "version": version})  # fmt: skip
                assert answer.status_code in (302, 404, 422), (act.name, hostile[:9])
    assert office.post(page(complaint, "record"), {"act": "\0"}).status_code == 404
    assert making.fresh(complaint).status == "recorded"


def test_refusals_say_everything_that_is_missing(office: Client, complaint: Complaint) -> None:
    form = {"act": "close", "version": complaint.version}
    answer = office.post(page(complaint, "close"), form)
    assert answer.status_code == 422
    for words in ("7 questions need an answer", "Say who handles it", "Enter what is alleged",
                  "Choose the review body", "Tell the complainant the outcome"):  # fmt: skip
        assert words in answer.text


def test_an_authority_decides_and_records_nothing(complaint: Complaint) -> None:
    client = Client()
    client.force_login(making.authority())
    assert client.get("/admin/complaints/complaint/add/").status_code == 404
    shown = client.get(page(complaint, "record")).text
    assert "There is nothing for you to do here now." in shown
    form = record(clear_of_seconds(complaint), account="X")
    assert client.post(page(complaint, "record"), form).status_code == 404


# --- size ---
def many(lane: User, officers: list[User], count: int) -> None:
    """So many complaints, two officers each, as rows."""
    now = timezone.now()
    rows = Complaint.objects.bulk_create(
        Complaint(
            reference=f"PC/{n}/25", received=now.date(), complainant=f"Person {n}", account="x",
            start=now - timedelta(days=n % 300 + 1), end=now, recorded_by=lane, handler=lane,
            status="closed" if n % 4 else "handled", next_due=None if n % 4 else
            now.date() + timedelta(days=n % 90 - 20),
        ) for n in range(1, count + 1)
    )  # fmt: skip
    Named.objects.bulk_create(
        Named(complaint=row, officer=officers[(n + part) % len(officers)])
        for n, row in enumerate(rows) for part in (0, 1)
    )  # fmt: skip
    with connection.cursor() as cursor:
        for table in ("complaints_complaint", "complaints_named", "people_supervision"):
            cursor.execute(f"ANALYZE {table}")


@pytest.fixture
def crowd(db: None) -> list[User]:
    return User.objects.bulk_create(
        User(username=f"crowd{n}", name=f"Crowd {n}", roles=["officer"]) for n in range(200)
    )


def queries(client: Client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as found:
        assert client.get(path).status_code == 200
    return len(found)


def test_lists_and_pages_cost_the_same_at_twenty_thousand(
    office: Client, lane: User, crowd: list[User], shah: User, complaint: Complaint
) -> None:
    lists = ["/admin/complaints/complaint/" + more for more in
             ("", "?state=overdue", "?state=closed", "?state=all", "?handler=mine",
              "?handler=nobody", "?severity__exact=service", "?q=PC/1/25")]  # fmt: skip
    work = page(complaint, "change")
    # A tie that ended: the longest way that the question takes.
    Supervision.objects.create(person=crowd[0], supervisor=lane,
                               since=timezone.now() - timedelta(days=900),
                               until=timezone.now() - timedelta(days=100))  # fmt: skip
    many(lane, crowd, 20)
    few = [queries(office, path) for path in [*lists, work]]
    Named.objects.exclude(complaint=complaint).delete()
    Complaint.objects.exclude(pk=complaint.pk).delete()
    many(lane, crowd, 20_000)
    Recording.objects.bulk_create(
        Recording(officer=crowd[n % 200], camera="C", reference=f"R-{n:04d}-{n // 10_000:04d}",
                  happened_at=timezone.now() - timedelta(days=500, minutes=n))
        for n in range(100_000)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE recordings_recording")
    assert [queries(office, path) for path in [*lists, work]] == few
    with CaptureQueriesContext(connection) as found:
        making.recorded(lane, shah, reference="PC/3/26", latitude=51.5, longitude=0.0)
    assert len(found) < 45
    # The list itself: by the index of what is due, not by reading and sorting everything.
    tied = visible_to(lane).exclude(status="closed").order_by("next_due", "id")[:50].explain()
    assert "complaint_next_due" in tied, tied
    Supervision.objects.all().delete()
    plain = visible_to(lane).exclude(status="closed").order_by("next_due", "id")[:50].explain()
    assert "complaint_next_due" in plain, plain
    # (Of a table of links that is empty all is read.)
    assert "Seq Scan on complaints_complaint " not in plain, plain
    assert "Seq Scan on complaints_named" not in plain, plain
