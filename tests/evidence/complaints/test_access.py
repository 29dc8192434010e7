"""Who may know of a complaint: nobody it names, nobody over or under them in its time or since."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from evidence.audit import subjects
from evidence.complaints import actions
from evidence.complaints.access import NOBODY, conflicted, may_handle, visible_to
from evidence.complaints.models import Complaint, Named
from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.custody.record import Draft, record
from evidence.people import actions as people
from evidence.people.actions import NotAllowed
from evidence.people.models import Supervision, User
from evidence.recordings import pages
from evidence.retention import actions as retention
from evidence.retention.models import Hold
from tests import factories
from tests.evidence.complaints import making

pytestmark = pytest.mark.django_db


def supervises(boss: User, person: User, since: datetime, until: datetime | None = None) -> None:
    Supervision.objects.create(person=person, supervisor=boss, since=since, until=until)


def ago(**more: float) -> datetime:
    return timezone.now() - timedelta(**more)


@pytest.mark.parametrize("over", [True, False])
@pytest.mark.parametrize(
    ("since", "until", "sees"),
    [
        (900, None, False),  # still
        (900, 1, False),  # until after it
        (900, 2.5 / 24, False),  # until within its time
        (0.5, None, False),  # only since
        (900, 5, True),  # over before it began
    ],
)
def test_supervision_in_its_time_or_since_hides_it_both_ways(
    shah: User, lane: User, over: bool, since: float, until: float | None, sees: bool
) -> None:
    other = making.investigator("jo")
    pair = (other, shah) if over else (shah, other)
    end = None if until is None else ago(days=until)
    supervises(*pair, since=ago(days=since), until=end)
    start = ago(days=1.5) if until == 1 else ago(hours=3)
    complaint = making.recorded(lane, shah, start=start)
    assert visible_to(other).filter(pk=complaint.pk).exists() is sees
    assert (other.pk not in conflicted(complaint)) is sees
    assert may_handle(complaint, "complaint.change").filter(pk=other.pk).exists() is sees
    assert visible_to(lane).filter(pk=complaint.pk).exists()


def test_the_account_as_it_is_counts_without_any_history(shah: User, lane: User) -> None:
    jo, kim = making.investigator("jo"), making.investigator("kim")
    complaint = making.recorded(lane, shah)
    User.objects.filter(pk=shah.pk).update(supervisor=jo)
    User.objects.filter(pk=kim.pk).update(supervisor=shah)
    for person in (jo, kim):
        person.refresh_from_db()
        assert not visible_to(person).exists()
        assert person.pk in conflicted(complaint)


def test_an_earlier_supervisor_s_other_complaints_stay_visible(
    shah: User, okoro: User, lane: User
) -> None:
    jo = making.investigator("jo")
    supervises(jo, shah, since=ago(days=900), until=ago(days=100))
    making.recorded(lane, shah, reference="PC/1/26", start=ago(days=120), end=ago(days=119))
    late = making.recorded(lane, shah, reference="PC/2/26")
    other = making.recorded(lane, okoro, reference="PC/3/26")
    assert set(visible_to(jo)) == {late, other}


def test_history_is_kept_wherever_the_supervisor_changes(
    shah: User, hughes: User, lane: User, administrator: User
) -> None:
    client = Client()
    client.force_login(administrator)
    form = {"username": "shah", "name": shah.name, "rank": "PC", "collar": "4127", "email": "",
            "unit": shah.unit_id, "roles": ["officer"], "status": "working",
            "sso_subject": ""}  # fmt: skip
    path = f"/admin/people/user/{shah.pk}/change/"
    for boss in (hughes, lane, lane):
        client.post(path, form | {"supervisor": boss.pk})
    rows = list(Supervision.objects.filter(person=shah).order_by("since"))
    assert [(row.supervisor, row.until is None) for row in rows] == [(hughes, False), (lane, True)]
    client.post(path, form | {"supervisor": ""})
    assert not Supervision.objects.filter(person=shah, until=None).exists()
    shah.refresh_from_db()
    people.supervised(shah)
    assert Supervision.objects.filter(person=shah).count() == 2


def test_nobody_in_conflict_does_anything_and_all_of_it_looks_like_not_there(
    shah: User, lane: User
) -> None:
    jo = making.investigator("jo")
    complaint = making.recorded(lane, shah, jo)
    client = Client()
    client.force_login(jo)
    for step in ("record", "officers", "holds", "handling", "referral", "close", "change"):
        there = client.get(f"/admin/complaints/complaint/{complaint.pk}/{step}/")
        absent = client.get(f"/admin/complaints/complaint/{10**9}/{step}/")
        assert (there.status_code, absent.status_code) == (404, 404)
    with pytest.raises(NotAllowed) as refused:
        actions.change_record(by=jo, complaint=complaint, version=None, values={"place": "x"})
    assert "PC/1/26" not in str(refused.value)
    with pytest.raises(NotAllowed):
        actions.close(by=jo, complaint=complaint, version=None)
    with pytest.raises(actions.Refused, match="There is no complaint PC/1/26 that you can see"):
        other = making.recorded(lane, shah, reference="PC/2/26")
        Named.objects.filter(complaint=other).delete()
        actions.same_incident(by=jo, complaint=other, version=None, other="PC/1/26")


def test_holds_of_it_are_hidden_from_supervisors_too(shah: User, okoro: User, lane: User) -> None:
    jo, kim = making.investigator("jo"), making.investigator("kim")
    supervises(jo, shah, since=ago(days=9))
    factories.recording(okoro, happened_at=ago(hours=1))
    making.recorded(lane, shah, present=(okoro,))
    hold = Hold.objects.get()
    assert not retention.visible_to(jo).exists()
    assert retention.visible_to(kim).get() == hold
    with pytest.raises(NotAllowed):
        retention.release(by=jo, hold=hold, reason="x")


def test_why_others_looked_at_its_footage_is_hidden_with_it(
    shah: User, okoro: User, lane: User
) -> None:
    """Somebody's reason for looking names the complaint that the reader may not know of."""
    jo, kim = making.investigator("jo"), making.investigator("kim")
    supervises(jo, shah, since=ago(days=9))
    item = factories.recording(okoro, happened_at=ago(hours=1))
    making.recorded(lane, shah, present=(okoro,))
    with transaction.atomic():
        record(Draft("evidence.viewed", item.subject(), lane.actor(),
                     private={"name": lane.short, "reason": "Reviewing PC/1/26"}))  # fmt: skip
    sequencer.run()

    def told(reader: User) -> str:
        return " ".join(line.words for line in pages.past(item, reader))

    assert f"opened by {lane.short}" in told(kim)
    assert "PC/1/26" not in told(jo)
    assert lane.short not in told(jo)


def test_assigning_somebody_in_conflict_is_refused_without_saying_why(
    shah: User, lane: User
) -> None:
    jo, boss = making.investigator("jo"), making.authority()
    supervises(jo, shah, since=ago(days=9))
    complaint = making.recorded(lane, shah)
    User.objects.filter(pk=shah.pk).update(supervisor=boss)
    for wanted in ({"to": jo}, {"to": lane, "decides": boss}):
        with pytest.raises(actions.Refused) as refused:
            making.handed(complaint, lane, **wanted)  # type: ignore[arg-type]
        assert "can't have this complaint. Choose somebody else." in str(refused.value)
        assert "superv" not in str(refused.value)
    client = Client()
    client.force_login(lane)
    page = client.get(f"/admin/complaints/complaint/{complaint.pk}/handling/").text
    assert str(lane) in page
    assert str(jo) not in page
    assert str(boss) not in page


def test_a_handler_who_comes_into_conflict_loses_it(shah: User, okoro: User, lane: User) -> None:
    jo = making.investigator("jo")
    complaint = making.recorded(lane, shah)
    making.handed(complaint, lane, jo)
    supervises(jo, okoro, since=ago(days=9))
    actions.name_officers(by=lane, complaint=complaint, version=None, officers=[okoro])
    assert making.fresh(complaint).handler is None
    assert not visible_to(jo).exists()


def test_when_nobody_is_left_it_says_what_to_do(shah: User, lane: User) -> None:
    complaint = making.recorded(lane, shah)
    client = Client()
    client.force_login(making.authority())
    path = f"/admin/complaints/complaint/{complaint.pk}/change/"
    assert NOBODY not in client.get(path).text.replace("&#x27;", "'")
    User.objects.filter(pk=shah.pk).update(supervisor=lane)
    assert NOBODY in client.get(path).text.replace("&#x27;", "'")


def test_an_auditor_who_is_named_or_tied_reads_no_trace_of_it(
    shah: User, lane: User, auditor: User
) -> None:
    complaint = making.recorded(lane, shah)
    ref = f"complaint-{complaint.pk}"
    sequencer.run()
    assert subjects.find(auditor, ref).label == "PC/1/26"
    supervises(auditor, shah, since=ago(days=9))
    assert subjects.hidden(auditor, [ref]) == {ref}
    with pytest.raises(subjects.NotThere):
        subjects.find(auditor, ref)


def test_what_somebody_did_stays_readable_when_they_have_left(shah: User, lane: User) -> None:
    jo = making.investigator("jo", rank="DC", collar="77")
    complaint = making.recorded(jo, shah)
    making.handed(complaint, jo, jo)
    making.alleged(complaint, jo)
    User.objects.filter(pk=jo.pk).update(status="left", roles=[])
    client = Client()
    client.force_login(lane)
    page = client.get(f"/admin/complaints/complaint/{complaint.pk}/change/").text
    assert "recorded by DC 77 Other" in page
    with pytest.raises(Exception, match="protected"):
        jo.delete()


# --- served ---
def test_an_officer_learns_of_it_on_the_day_of_the_notice_and_no_more_than_it_says(
    shah: User, okoro: User, lane: User
) -> None:
    client = Client()
    client.force_login(shah)

    def shown() -> list[str]:
        paths = ("/notices/", "/footage/", "/account/", "/search/?q=PC/1/26")
        return [re.sub("[A-Za-z0-9]{64}", "", client.get(path).text) for path in paths]

    before = shown()
    complaint = making.recorded(lane, shah, present=(okoro,), account="zebra", complainant="Zeb Ra")
    named = Named.objects.get(officer=shah)
    assert shown() == before
    assert client.get(f"/notices/{named.pk}/").status_code == 404
    with pytest.raises(actions.Refused, match="was there"):
        actions.serve(by=lane, named=Named.objects.get(officer=okoro), version=None,
                      on=timezone.localdate(), notice="x")  # fmt: skip
    for on, notice in ((timezone.localdate() + timedelta(days=1), "x"),
                       (complaint.received - timedelta(days=1), "x"),
                       (timezone.localdate(), " ")):  # fmt: skip
        with pytest.raises(actions.Refused):
            actions.serve(by=lane, named=named, version=None, on=on, notice=notice)
    assert shown() == before
    actions.serve(by=lane, named=named, version=None, on=timezone.localdate(),
                  notice="It is alleged that you swore.")  # fmt: skip
    assert 'href="/notices/"' in client.get("/footage/").text
    page = client.get(f"/notices/{named.pk}/").text
    assert "It is alleged that you swore." in page
    assert "PC/1/26" in page
    for secret in ("zebra", "Zeb Ra", "Okoro", "Lane"):
        assert secret not in page
    sequencer.run()
    event = Event.objects.get(type="notice.read")
    assert (event.actor_ref, event.object_ref) == (shah.ref, f"complaint-{complaint.pk}")
    with pytest.raises(actions.Refused, match="served already"):
        actions.serve(by=lane, named=named, version=None, on=timezone.localdate(), notice="y")
    with pytest.raises(actions.Refused, match="stands"):
        actions.unname_officer(by=lane, complaint=complaint, version=None, named=named, reason="x")


def test_another_s_notice_is_not_there(shah: User, okoro: User, lane: User) -> None:
    making.recorded(lane, shah)
    named = Named.objects.get()
    actions.serve(by=lane, named=named, version=None, on=timezone.localdate(), notice="x")
    for user in (okoro, lane):
        client = Client()
        client.force_login(user)
        assert client.get(f"/notices/{named.pk}/").status_code == 404
        assert 'href="/notices/"' not in client.get("/footage/").text


def test_served_opens_the_notice_and_not_the_complaint(shah: User, lane: User) -> None:
    jo = making.investigator("jo")
    complaint = making.recorded(lane, jo)
    actions.serve(by=lane, named=Named.objects.get(), version=None, on=timezone.localdate(),
                  notice="x")  # fmt: skip
    assert not visible_to(jo).exists()
    assert not Complaint.objects.filter(pk__in=visible_to(jo).values("pk")).exists()
    client = Client()
    client.force_login(jo)
    assert client.get(f"/admin/complaints/complaint/{complaint.pk}/change/").status_code == 404
    assert "PC/1/26" not in client.get("/admin/complaints/complaint/?state=all").text
