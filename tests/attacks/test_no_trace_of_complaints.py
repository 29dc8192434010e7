"""Somebody finds no trace of a complaint that names them, or whom they supervise: on no page, in no
number of queries, before the footage's period ends and after.

Each page is asked twice, with the complaint and without; the answers have to be the same.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.complaints.models import Complaint
from evidence.complaints.models import Named as NamedOfficer
from evidence.custody import sequencer
from evidence.people.models import Supervision, User
from evidence.recordings import rules
from evidence.recordings.models import Category, Recording
from evidence.retention import actions as retention
from evidence.retention.models import Hold, Kind, Watch
from tests import factories
from tests.attacks.comparing import (
    MOMENT,
    OFFICE,
    a_person,
    a_thing,
    an_owner,
    client_of,
    difference,
    plain,
)
from tests.attacks.test_no_trace import NAMED, Named, listings

pytestmark = pytest.mark.django_db


# --- a complaint that names the reader ---
@pytest.fixture
def named(db: None) -> tuple[User, Complaint, Recording]:
    """Standards' own Stan is complained of; Jo records it; Stan's footage is held for it."""
    stan = a_person("stan", "professional_standards", collar="991", rank="DC")
    jo = a_person("jo", "professional_standards")
    made = factories.recording(stan, happened_at=MOMENT, note="x")
    complaint = Complaint.objects.create(
        reference="PC/771/26", received=MOMENT.date(), complainant="Zebra Person", account="zebraaccount",
        start=MOMENT - timedelta(hours=1), end=MOMENT + timedelta(hours=1), recorded_by=jo,
    )  # fmt: skip
    complaint.officers.set([stan])
    retention.watch(by=jo, kind=Kind.COMPLAINT, reference=complaint.reference, officers=[stan],
                    reason=f"Complaint {complaint.reference}", start=complaint.start, end=complaint.end)  # fmt: skip
    sequencer.run()
    return stan, complaint, made


COMPLAINT = [
    "/admin/", "/admin/complaints/complaint/", "/admin/complaints/complaint/?q=PC/771/26",
    "/admin/complaints/complaint/?q=zebra", "/admin/complaints/complaint/{complaint}/change/",
    "/admin/complaints/complaint/?state=all", "/admin/complaints/complaint/?state=overdue",
    "/admin/complaints/complaint/?handler=nobody", "/notices/", "/notices/{notice}/",
    *(f"/admin/complaints/complaint/{{complaint}}/{step}/" for step in (
        "record", "officers", "holds", "allegations", "handling", "referral", "findings", "body",
        "outcome", "measures", "reviews", "close")),
    "/admin/complaints/complaint/{complaint}/history/", "/admin/complaints/complaint/{complaint}/delete/",
    "/admin/complaints/complaint/{complaint}/review/", "/admin/complaints/complaint/{complaint}/review/?r={ref}",
    "/admin/complaints/complaint/{complaint}/review/{ref}/facts/",
    "/admin/retention/hold/", "/admin/retention/hold/?q=PC/771/26", "/admin/retention/hold/?kind__exact=complaint",
    "/admin/retention/hold/{hold}/change/", "/admin/retention/hold/{hold}/release/",
    "/admin/retention/hold/{hold}/history/", "/retention/holds/", "/retention/holds/?show=all",
    "/retention/holds/?show=coming", "/retention/holds/{hold}/", "/retention/holds/{hold}/change/",
    "/retention/holds/{hold}/release/", "/search/?q=PC/771/26", "/search/?q=zebra",
    "/search/?q=complaint", "/footage/", "/footage/{ref}/", "/footage/{ref}/status/",
    "/admin/recordings/recording/", "/admin/recordings/recording/?q=771",
    "/admin/recordings/recording/{pk}/change/", "/admin/recordings/recording/{pk}/custody/",
    "/admin/cases/case/", "/admin/sharing/share/", "/admin/recordings/package/", "/shares/",
    "/shares/new/?recording={ref}",
]  # fmt: skip


@pytest.mark.parametrize("path", COMPLAINT)
def test_a_complaint_leaves_no_trace_for_whom_it_names(
    path: str, named: tuple[User, Complaint, Recording]
) -> None:
    stan, complaint, recording = named
    hold = Hold.objects.get(recording=recording)
    client = client_of(stan)
    names: dict[str, Any] = {
        "complaint": complaint.pk,
        "hold": hold.pk,
        "notice": NamedOfficer.objects.get(complaint=complaint).pk,
        "ref": recording.reference,
        "pk": recording.pk,
    }
    answer = client.get(path.format(**names))
    shown = answer.text.replace('value="PC/771/26"', "").replace("PC/771/26</bdi>", "").lower()
    assert "zebra person" not in shown
    assert "zebraaccount" not in shown
    asked = path.partition("?")[2].lower()
    assert "pc/771/26" not in shown.replace(asked, "").replace("q=pc/771/26", "")
    if "{complaint}" in path or "{hold}" in path or "{notice}" in path:
        none = {
            key: value if key in ("ref", "pk") else 10**9 + int(value)
            for key, value in names.items()
        }
        absent = client.get(path.format(**none))
        assert answer.status_code == absent.status_code
        assert answer.headers.get("Location") == absent.headers.get("Location")


@pytest.mark.parametrize("path", COMPLAINT)
def test_a_complaint_leaves_no_trace_for_whoever_supervises_whom_it_names(
    path: str, named: tuple[User, Complaint, Recording]
) -> None:
    """The same probes, by a supervisor of the officer; Jo, who recorded it, is nobody's."""
    stan, complaint, recording = named
    boss = a_person("boss", "professional_standards")
    Supervision.objects.create(person=stan, supervisor=boss, since=MOMENT)
    test_a_complaint_leaves_no_trace_for_whom_it_names(path, (boss, complaint, recording))


@pytest.mark.parametrize("days", [2, 27, 40])
@pytest.mark.parametrize("code", ["", "non-evidential", "arrest"])
def test_the_page_of_who_recorded_it_is_the_same_with_and_without_a_complaint(
    days: int, code: str
) -> None:
    """Byte for byte, the ladder included; near the rule's end, and after it."""
    owner, jo = an_owner(), a_person("jo", "professional_standards")
    chief = a_person("chief", "supervisor", unit="Charing Cross")
    made = factories.recording(
        owner, happened_at=timezone.now() - timedelta(days=days), duration_ms=5000,
        category=Category.objects.filter(code=code).first(),
    )  # fmt: skip
    paths = [made.get_absolute_url(), "/footage/", f"{made.get_absolute_url()}categorise/"]
    clients = [client_of(owner), client_of(chief)]
    for client in clients:
        client.get(made.get_absolute_url())  # what a first look changes
    shown = [[plain(client.get(path)) for path in paths] for client in clients]
    complaint = Complaint.objects.create(
        reference="PC/772/26", received=MOMENT.date(), complainant="Zebra", account="z",
        start=made.happened_at - timedelta(hours=1), end=made.happened_at + timedelta(hours=1),
        recorded_by=jo,
    )  # fmt: skip
    complaint.officers.set([owner])
    retention.watch(by=jo, kind=Kind.COMPLAINT, reference=complaint.reference, officers=[owner],
                    reason="PC/772/26", start=complaint.start, end=complaint.end)  # fmt: skip
    for status in ("recorded", "closed"):
        today = timezone.localdate()
        Complaint.objects.update(status=status, told_on=today, closed_on=today)
        again = [[plain(client.get(path)) for path in paths] for client in clients]
        for before, after in zip(shown, again, strict=True):
            for one, other in zip(before, after, strict=True):
                assert one == other, difference(one[2], other[2])
        Hold.objects.update(released_at=timezone.now())
    made.refresh_from_db()
    assert made.kept_until == rules.reckon(made, rules.book())


def test_the_watch_of_a_complaint_is_there_so_that_the_probes_mean_something(
    named: tuple[User, Complaint, Recording],
) -> None:
    _, complaint, recording = named
    assert Watch.objects.filter(reference=complaint.reference).exists()
    jo = client_of(User.objects.get(username="jo"))
    assert "Zebra Person" in jo.get("/admin/complaints/complaint/").text
    assert "PC/771/26" in jo.get(f"/admin/recordings/recording/{recording.pk}/custody/").text


# --- a complaint that holds footage, before its period ends and after ---
_LOOK = re.compile(rb"[\w-]{20,}:[\w-]{6}:[\w-]{43}")
OWN_PAGES = [
    "/footage/", "/footage/?show=all", "/footage/new/", "/footage/{ref}/", "/footage/{ref}/status/",
    "/footage/{ref}/why/", "/footage/{ref}/clip/", "/footage/categorise/?pick={ref}",
    "/together/?r={ref}&r={beside}", "/search/", "/search/?q={ref}", "/search/?q=zebranote",
    "/search/?category=arrest", "/team/", "/cases/", "/notices/", "/retention/holds/",
    "/retention/holds/new/", "/retention/holds/{hold}/", "/footage/{beside}/",
]  # fmt: skip


def _asked(client: Client, path: str, *names: str) -> tuple[Any, int]:
    """What a person gets, without what differs between any two answers, and by how many queries."""
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path)
    status, headers, body = plain(answer, *names)
    # One's own looks stand in the history, one more each time: every other line has to be the same.
    own = re.escape(User.objects.get(pk=client.session["_auth_user_id"]).short.encode())
    body = re.sub(
        rb"<li><time (?:(?!</li>).)*by " + own + rb"</span>(?:(?!</li>).)*</li>", b"", body
    )
    headers = headers | {"Content-Length": ""}
    return (status, headers, _LOOK.sub(b"LOOK", body)), len(queries)


def _beside(thing: Recording) -> Recording:
    """Footage of the same moment that runs on: what stands beside it is said on its page."""
    other = factories.recording(thing.officer, happened_at=MOMENT, duration_ms=5000)
    Recording.objects.filter(pk=other.pk).update(kept_until=timezone.now() + timedelta(days=20))
    return other


@pytest.mark.parametrize("name", ["who recorded it", "their supervisor"])
@pytest.mark.parametrize("days", [20, -1], ids=["before its end", "after its end"])
def test_a_hold_for_a_complaint_changes_no_byte_and_no_query(name: str, days: int) -> None:
    an_owner()
    jo = a_person("jo", "professional_standards")
    client = client_of(OFFICE[name]())
    thing = a_thing()
    Recording.objects.update(kept_until=timezone.now() + timedelta(days=days))
    names = {"ref": thing.reference, "beside": _beside(thing).reference, "hold": 10**9}
    for path in OWN_PAGES:
        client.get(path.format(**names))
    sequencer.run()  # one's own looks stand in the history from the start
    before = [_asked(client, path.format(**names)) for path in OWN_PAGES]
    hold = retention.hold(by=jo, recording=thing, kind=Kind.COMPLAINT, reason="zebrareason",
                          reference="PC/771/26")  # fmt: skip
    sequencer.run()
    names["hold"] = hold.pk
    after = [_asked(client, path.format(**names)) for path in OWN_PAGES]
    for path, (one, cost), (other, costs) in zip(OWN_PAGES, before, after, strict=True):
        if "{hold}" not in path:
            assert one == other, (path, difference(one[2], other[2]))
        assert one[0] == other[0], path
        assert cost == costs, path
        assert b"zebrareason" not in other[2], path
    seen = dict(zip(OWN_PAGES, (one[0] for one, _ in before), strict=True))
    # The probes mean something: it is there before its end, and then it is not.
    assert seen["/footage/{ref}/"] == (200 if days > 0 else 410)
    assert seen["/footage/{beside}/"] == 200


@pytest.mark.parametrize("name", ["who recorded it", "their supervisor"])
def test_what_is_held_after_its_end_answers_as_what_was_disposed_of(name: str) -> None:
    """By every address that names it, with the same number of queries."""
    an_owner()
    jo = a_person("jo", "professional_standards")
    manager = a_person("mana", "evidence_manager")
    client = client_of(OFFICE[name]())
    held, went = a_thing(), a_thing()
    Recording.objects.update(kept_until=timezone.now() - timedelta(days=1))
    retention.hold(by=jo, recording=held, kind=Kind.COMPLAINT, reason="zebrareason",
                   reference="PC/771/26")  # fmt: skip
    numbers = {one.pk: str(one.originals.get().pk) for one in (held, went)}
    factories.disposed_of(went, jo, manager)
    sequencer.run()

    def ask(one: Recording, probe: Named) -> tuple[Any, int]:
        method, path, data, headers = probe
        ref = one.reference
        of = {"ref": ref, "low": ref.lower(), "bare": ref.replace("-", ""), "pk": str(one.pk),
              "original": numbers[one.pk]}  # fmt: skip
        given = {key: value.format(**of) for key, value in data.items()}
        with CaptureQueriesContext(connection) as queries:
            answer = getattr(client, method)(path.format(**of), given, headers=headers)
        return plain(answer, ref, f"/{one.pk}/", f"/{numbers[one.pk]}/"), len(queries)

    for probe in NAMED:
        ask(held, probe)
        one, other = ask(held, probe), ask(went, probe)
        assert one[0] == other[0], (probe, difference(one[0][2], other[0][2]))
        assert one[1] == other[1], (probe, "queries")
    assert b"not shown any more" in ask(went, NAMED[0])[0][2]


def test_lists_and_counts_are_those_of_what_was_disposed_of() -> None:
    an_owner()
    jo = a_person("jo", "professional_standards")
    clients = [client_of(OFFICE[name]()) for name in ("who recorded it", "their supervisor")]
    paths = [path for path in listings() if not path.startswith("/admin/")]

    def answers() -> list[Any]:
        for client in clients:
            for path in paths:
                client.get(path)
        return [plain(client.get(path)) for client in clients for path in paths]

    before = answers()
    thing = a_thing()
    Recording.objects.update(kept_until=timezone.now() - timedelta(days=1))
    retention.hold(by=jo, recording=thing, kind=Kind.COMPLAINT, reason="zebrareason",
                   reference="PC/771/26")  # fmt: skip
    after = answers()
    for path, one, other in zip(paths * 2, before, after, strict=True):
        assert one == other, (path, difference(one[2], other[2]))


def test_there_are_at_least_fifteen_pages() -> None:
    assert len(COMPLAINT) >= 15
