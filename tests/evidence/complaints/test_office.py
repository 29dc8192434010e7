"""The office's pages of letters, costs, report and figures: as a person uses them."""

from __future__ import annotations

import csv
import io
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.complaints import letter_text
from evidence.complaints.models import Complaint, Letter, Named, Rate, Template, Told, Work
from evidence.people.models import User
from tests import factories
from tests.evidence.complaints import casting

pytestmark = pytest.mark.django_db
BASE = "/admin/complaints/complaint/"


@pytest.fixture
def made(lane: User, shah: User) -> Complaint:
    found = casting.complaint(
        lane, about=shah, received=timezone.localdate() - timedelta(days=10),
        account="He said <script>alert(1)</script> & left",
    )  # fmt: skip
    casting.allegation(found)
    return found


@pytest.fixture
def client(lane: User) -> Client:
    found = Client()
    found.force_login(lane)
    return found


def _of(made: Complaint, more: str) -> str:
    return f"{BASE}{made.pk}/{more}"


# --- letters ---
def test_a_letter_is_written_looked_at_kept_taken_and_sent(client: Client, made: Complaint) -> None:
    page = client.get(_of(made, "letters/new/update/"))
    assert "something in place of “[Say what was done since the last letter.]”" in page.text
    written = page.context["written"]
    fields = {"to": written.to, "subject": written.subject, "body": written.body}
    refused = client.post(_of(made, "letters/new/update/"), fields | {"do": "keep"})
    assert refused.status_code == 422 and "This letter needs" in refused.text
    assert "[Say what comes next" in refused.text  # nothing typed is lost
    fields["body"] = letter_text.HOLE.sub("Two witnesses have been heard.", written.body)
    looked = client.post(_of(made, "letters/new/update/"), fields | {"do": "look"})
    assert "It has all that the rules want" in looked.text and not Letter.objects.exists()
    kept = client.post(_of(made, "letters/new/update/"), fields | {"do": "keep"})
    letter = Letter.objects.get()
    assert kept["Location"] == _of(made, f"letters/{letter.pk}/")
    file = client.post(_of(made, f"letters/{letter.pk}/pdf/"))
    assert file["Content-Type"] == "application/pdf" and bytes(file.content[:5]) == b"%PDF-"
    assert client.get(_of(made, f"letters/{letter.pk}/pdf/")).status_code == 405
    today = timezone.localdate().isoformat()
    client.post(_of(made, f"letters/{letter.pk}/"), {"to": "The complainant", "on": today})
    assert Told.objects.get().letter == letter
    made.refresh_from_db()
    assert made.next_due is not None
    listed = client.get(_of(made, "letters/"))
    assert "By letter" in listed.text and "not sent</" not in listed.text


def test_what_was_typed_is_text_on_every_page(client: Client, made: Complaint) -> None:
    for more in ("letters/", "letters/new/acknowledgement/", "told/", "costs/", "report/"):
        page = client.get(_of(made, more))
        assert page.status_code == 200
        assert "<script>alert" not in page.text, more
    shown = client.get(_of(made, "letters/new/acknowledgement/")).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"on": ""}, "Enter the day"), ({"on": "2026-13-40"}, "Enter the day"),
        ({"on": "\0"}, "Enter the day"), ({"to": ""}, "Choose what was told"),
        ({"what": "x"}, "Choose what was told"), ({"words": ""}, "Enter what they were told"),
        ({"how": "oral"}, "told in writing"),
    ],
)  # fmt: skip
def test_what_can_t_be_told_says_why_and_loses_nothing(
    client: Client, made: Complaint, change: dict[str, str], says: str
) -> None:
    form = {"what": "update", "how": "written", "to": "The complainant", "words": "We go on.",
            "on": timezone.localdate().isoformat()}  # fmt: skip
    answer = client.post(_of(made, "told/"), form | change)
    assert answer.status_code == 422 and says in answer.text
    if "words" not in change:
        assert "We go on." in answer.text
    assert not Told.objects.exists()


def test_a_letter_of_another_complaint_is_not_there(
    client: Client, made: Complaint, lane: User
) -> None:
    other = casting.complaint(lane, 2)
    letter = Letter.objects.create(
        complaint=other, template=Template.objects.get(code="update"), to="A", subject="B",
        body="C", sha256="0" * 64, made_by=lane,
    )  # fmt: skip
    assert client.get(_of(made, f"letters/{letter.pk}/")).status_code == 404
    assert client.post(_of(made, f"letters/{letter.pk}/pdf/")).status_code == 404
    changed = client.get(_of(other, f"letters/{letter.pk}/"))
    assert "This letter is not as it was written" in changed.text


def test_whoever_is_named_or_tied_finds_nothing(
    client: Client, made: Complaint, lane: User
) -> None:
    Named.objects.create(complaint=made, officer=lane)
    for more in ("letters/", "letters/new/update/", "told/", "costs/", "report/"):
        assert client.get(_of(made, more)).status_code == 404
    assert client.post(_of(made, "report/")).status_code == 404
    assert client.get(f"{BASE}{'9' * 18}/letters/").status_code == 404


def test_the_work_page_leads_to_them(client: Client, made: Complaint) -> None:
    page = client.get(_of(made, "change/")).text
    for more in ("letters/", "costs/", "report/"):
        assert f'href="{_of(made, more)}"' in page


# --- costs and report ---
def test_work_is_entered_with_what_it_came_to(client: Client, made: Complaint) -> None:
    form = {"rate": "investigator", "on": timezone.localdate().isoformat(), "minutes": "90",
            "words": "Statements"}  # fmt: skip
    assert client.post(_of(made, "costs/"), form).status_code == 302
    page = client.get(_of(made, "costs/")).text
    assert "£87.00 so far" in page and "Statements" in page
    for change in ({"minutes": "²"}, {"minutes": "9" * 30}, {"rate": "letter"}, {"on": "x"}):
        assert client.post(_of(made, "costs/"), form | change).status_code == 422
    assert Work.objects.count() == 1


def test_the_report_asks_first_and_needs_a_fresh_proof(client: Client, made: Complaint) -> None:
    assert "Make the report" in client.get(_of(made, "report/")).text
    file = client.post(_of(made, "report/"))
    assert file["Content-Disposition"] == 'attachment; filename="PC-1-26-report.pdf"'
    session = client.session
    for method in session["account_authentication_methods"]:
        method["at"] = time.time() - 3600
    session.save()
    again = client.post(_of(made, "report/"))
    assert again.status_code == 302 and again["Location"].startswith("/account/again/")


# --- figures ---
def _csv(answer: Any) -> list[list[str]]:
    assert answer["Content-Type"].startswith("text/csv")
    text = answer.content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def test_each_figure_as_a_file_says_what_the_page_says(client: Client, made: Complaint) -> None:
    page = client.get(f"{BASE}statistics/")
    assert page.status_code == 200
    assert "<svg" in page.text and "style=" not in page.text.split("<main")[-1]
    for figure, _ in page.context["figures"]:
        span = page.context["span"]
        answer = client.post(f"{BASE}statistics/{figure.slug}/csv/",
                             {"since": span.first.isoformat(), "until": span.last.isoformat()})  # fmt: skip
        rows = _csv(answer)
        assert rows[0] == list(figure.head)
        assert rows[1 : len(figure.rows) + 1] == [
            [str(cell) for cell in row] for row in figure.rows
        ]
    assert client.post(f"{BASE}statistics/nonsense/csv/").status_code == 404


def test_no_cell_of_a_file_is_a_formula(client: Client, made: Complaint, shah: User) -> None:
    shah.unit = factories.unit("=HYPERLINK(1)")
    shah.save()
    rows = _csv(client.post(f"{BASE}statistics/units/csv/"))
    assert rows[1][0] == "'=HYPERLINK(1)"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("?since=2026-02-30&until=2026-03-01", "Enter both days"),
        ("?since=2026-03-02", "Enter both days"),
        ("?since=2026-03-02&until=2026-03-01", "not before the first"),
        ("?since=0001-01-01&until=9999-12-31", "Choose days since 1990"),
        ("?since=1991-01-01&until=2026-01-01", "ten years at most"),
        ("?since=%00&until=%00", "Enter both days"),
    ],
)  # fmt: skip
def test_days_that_no_figures_can_be_made_of(client: Client, query: str, says: str) -> None:
    answer = client.get(f"{BASE}statistics/{query}")
    assert answer.status_code == 422 and says in answer.text


def test_the_page_of_figures_asks_the_same_whatever_there_is(
    client: Client, made: Complaint, lane: User
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(f"{BASE}statistics/")
        return len(asked)

    few = queries()
    for number in range(2, 30):
        casting.allegation(casting.complaint(lane, number))
    assert queries() == few


# --- texts and rates ---
def test_a_rate_is_changed_for_what_is_entered_from_then_on(client: Client) -> None:
    rate = Rate.objects.get(code="support")
    page = f"/admin/complaints/rate/{rate.pk}/change/"
    form = {"name": rate.name, "pence": "4000", "source": "Finance, 2026", "active": "on"}
    assert client.post(page, form).status_code == 302
    rate.refresh_from_db()
    assert rate.pence == 4000


def test_a_new_version_of_a_text_is_checked_before_it_is_used(client: Client) -> None:
    page = "/admin/complaints/template/add/"
    form = {"code": "update", "version": "2", "name": "Progress", "subject": "$reference",
            "body": "Dear $complainent", "wanted": "reference\nsection:What we do", "position": "30",
            "active": "on"}  # fmt: skip
    assert "stands for nothing" in client.post(page, form).text
    wrong = client.post(page, form | {"body": "x", "wanted": "everything"})
    assert "nothing that a letter can be checked for" in wrong.text
    assert client.post(page, form | {"body": "Dear $complainant"}).status_code == 302
    made = Template.objects.get(code="update", version=2)
    assert made.needs == ["reference", "section:What we do"]
    again = f"/admin/complaints/template/{made.pk}/change/"
    client.post(again, {"body": "Something else", "position": "40"})
    made.refresh_from_db()
    assert (made.body, made.active, made.position) == ("Dear $complainant", False, 40)
