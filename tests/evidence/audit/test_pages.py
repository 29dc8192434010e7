"""The auditor's pages: everything of the log, nothing of the footage, nothing of themselves."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.audit import actions, looks, scan
from evidence.audit.models import Unusual
from evidence.cases.models import Case
from evidence.complaints.models import Complaint
from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.custody.record import Actor, Draft, Subject, record
from evidence.custody.spreadsheet import harmless
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.models import Recording
from tests import factories
from tests.evidence.audit.casting import look, refuse

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
XSS = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture
def item(shah: User) -> Recording:
    made = factories.recording(shah)
    factories.poster(made)
    return made


@pytest.fixture
def page(auditor: User) -> Client:
    client = Client()
    client.force_login(auditor)
    return client


def plain(answer: Any) -> str:
    text = re.sub(r"<[^>]+>", " ", answer.content.decode().partition("<main")[2])
    return " ".join(text.split())


def of(item: Recording) -> str:
    return f"/audit/recordings/{item.reference}/"


# --- who looked at this ---
def test_who_looked_is_said_in_sentences_newest_first(
    item: Recording, hughes: User, lane: User, page: Client
) -> None:
    look(hughes, item.reference, at=NOON - timedelta(days=1), name="PS 88 Hughes")
    look(lane, item.reference, at=NOON, kind="evidence.played", name="DS 12 Lane",
         reason="PC/12/26")  # fmt: skip
    said = plain(page.get(of(item)))
    first = f"12:00:00 GMT DS 12 Lane played {item.reference} . Reason: PC/12/26"
    second = f"12:00:00 GMT PS 88 Hughes opened the page of {item.reference}"
    assert first in said and second in said
    assert said.index(first) < said.index("23 Nov 2026") < said.index(second)
    assert "Supervisor · 10.1.2.3 · event 0" in said
    assert "Professional standards investigator · 10.1.2.3 · event 1" in said


def test_the_range_that_was_played_is_said() -> None:
    assert looks._range({"from_ms": 130_000, "to_ms": 240_000}) == "02:10–04:00 of "
    assert looks._range({"from_ms": 0, "to_ms": 3_661_000}) == "00:00–1:01:01 of "
    assert looks._range({}) == ""


def test_looks_at_what_was_joined_in_and_from_outside_stand_there_too(
    item: Recording, shah: User, hughes: User, page: Client
) -> None:
    part = factories.recording(shah, camera="BWC-1", joined_into=item)
    look(hughes, part.reference, at=NOON)
    outside = Actor("share", "S-2222-2222", auth="code")
    with transaction.atomic():
        private = {"recipient": "J Marlow", "address": "10.7.7.7"}
        data = {"share": "S-2222-2222"}
        record(Draft("share.viewed", Subject(item.reference), outside, data, private))
    sequencer.run()
    answer = page.get(of(part))
    assert answer["Location"] == of(item)
    said = plain(page.get(of(item)))
    assert f"opened the page of {part.reference}" in said
    assert f"J Marlow opened the page of {item.reference} from outside" in said


def test_what_is_no_look_is_not_there(item: Recording, hughes: User, page: Client) -> None:
    with transaction.atomic():
        private = {"name": "PS 88 Hughes", "category": "Arrest", "note": ""}
        data = {"category": "arrest", "before": ""}
        record(
            Draft("recording.categorised", Subject(item.reference), hughes.actor(), data, private)
        )
    sequencer.run()
    assert "Nobody has looked" in plain(page.get(of(item)))
    assert not {"evidence.verified", "evidence.received", "person.signed_in"} & set(
        looks.look_types()
    )


def test_what_auditors_read_is_kept_apart(item: Recording, lane: User, page: Client) -> None:
    look(lane, item.reference, at=NOON)
    page.get(of(item))
    page.post(of(item) + "csv/")
    sequencer.run()
    assert "read who looked" not in plain(page.get(of(item)))
    said = plain(page.get(of(item) + "?kind=audit"))
    assert "Auditor read who looked" in said and "Auditor took away who looked" in said
    assert "opened the page" not in said


def test_narrowed_by_kind_and_by_local_days(item: Recording, lane: User, page: Client) -> None:
    look(lane, item.reference, at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))  # 23:30 BST
    look(
        lane,
        item.reference,
        at=datetime(2026, 7, 1, 23, 30, tzinfo=UTC),
        kind="evidence.downloaded",
    )
    seen = plain(page.get(of(item) + "?kind=seen"))
    assert "opened the page" in seen and "downloaded R" not in seen
    first = plain(page.get(of(item) + "?since=2026-07-01&until=2026-07-01"))
    assert "opened the page" in first and "downloaded R" not in first
    second = plain(page.get(of(item) + "?since=2026-07-02"))
    assert "downloaded R" in second and "opened the page" not in second
    wrong = page.get(of(item) + "?since=2026-07-02&until=2026-07-01")
    assert wrong.status_code == 422
    assert "must not be before the first, 02/07/2026" in plain(wrong)


def test_references_lead_to_their_looks_and_say_nothing_in_the_address(
    item: Recording, lane: User, page: Client
) -> None:
    case = Case.objects.create(urn="01AB/12345/26", title="R v Marsh")
    now = timezone.now()
    complaint = Complaint.objects.create(
        reference="PC/12/26", received=now.date(), complainant="A", account="B", start=now,
        end=now, recorded_by=lane,
    )  # fmt: skip
    for typed, ref in (
        (f" {item.reference.lower()} ", item.reference), ("PC/12/26", f"complaint-{complaint.pk}"),
        ("01ab/12345/26", f"case-{case.pk}"),
    ):  # fmt: skip
        answer = page.post("/audit/recordings/", {"reference": typed})
        assert answer["Location"] == f"/audit/recordings/{ref}/", typed
    assert "Who looked at PC/12/26" in plain(
        page.get(f"/audit/recordings/complaint-{complaint.pk}/")
    )
    for typed in ("", "R-2222-2222", "PC/99/26", "' OR 1=1", "case-99999999", "\0", "log-1"):
        answer = page.post("/audit/recordings/", {"reference": typed})
        assert answer.status_code == 422, typed
        assert "Error: " in answer.content.decode()


def test_erased_details_are_said_to_be_erased(item: Recording, lane: User, page: Client) -> None:
    from evidence.custody.models import Private

    look(lane, item.reference, at=NOON, kind="share.created", name="DS 12 Lane", recipient="J")
    Private.objects.all()._raw_delete("default")
    said = plain(page.get(of(item)))
    assert f"{lane.ref} shared {item.reference} with (erased)" in said


# --- a person ---
def test_a_persons_looks_sign_ins_and_refusals(item: Recording, hughes: User, page: Client) -> None:
    look(hughes, hughes.ref, at=NOON - timedelta(hours=1), kind="person.signed_in")
    look(hughes, item.reference, at=NOON, name="PS 88 Hughes")
    refuse(hughes, NOON + timedelta(hours=1))
    answer = page.post("/audit/people/", {"person": "88 hughes"})
    assert answer["Location"] == f"/audit/people/{hughes.ref}/"
    said = plain(page.get(answer["Location"]))
    assert "Somebody tried to sign in as PS 88 Hughes Refused" in said
    assert f"opened the page of {item.reference}" in said
    assert "signed in" in said
    assert "24 Nov 2026 1" in said  # looks a day
    assert "what was typed" not in said
    assert "what was typed" not in page.post(answer["Location"] + "csv/").content.decode()


def test_people_are_found_by_name_number_user_name_and_pseudonym(
    shah: User, okoro: User, page: Client
) -> None:
    for typed in ("aisha", "4127", "SHAH", shah.ref, "PC 4127 Shah"):
        assert page.post("/audit/people/", {"person": typed})["Location"].endswith(f"{shah.ref}/")
    both = page.post("/audit/people/", {"person": "PC"})
    assert "2 people" in plain(both)
    assert page.post("/audit/people/", {"person": "nobody like this"}).status_code == 422
    assert page.post("/audit/people/", {"person": ""}).status_code == 422


# --- reading is an act ---
def test_each_page_is_an_event_of_its_own(
    item: Recording, hughes: User, auditor: User, page: Client
) -> None:
    look(hughes, item.reference, at=NOON)
    page.get(of(item))
    page.get(f"/audit/people/{hughes.ref}/")
    page.get("/audit/unusual/")
    page.post(of(item) + "csv/")
    sequencer.run()
    rows = Event.objects.filter(actor_ref=auditor.ref).order_by("index")
    assert list(rows.values_list("type", "object_ref")) == [
        ("audit.read", item.reference), ("audit.read", hughes.ref), ("audit.read", "unusual"),
        ("audit.exported", item.reference),
    ]  # fmt: skip


def test_no_event_no_page(item: Recording, page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(draft: Any, **more: Any) -> None:
        raise RuntimeError("no log")

    monkeypatch.setattr(actions, "record", away)
    with pytest.raises(RuntimeError):
        page.get(of(item))
    with pytest.raises(RuntimeError):
        page.post(of(item) + "csv/")


# --- no footage ---
def test_no_footage_no_still_and_no_link_to_either(
    item: Recording, okoro: User, auditor: User, page: Client
) -> None:
    look(okoro, item.reference, at=NOON)
    scan.run()
    addresses = ["/audit/recordings/", of(item), "/audit/people/", f"/audit/people/{okoro.ref}/",
                 "/audit/unusual/", f"/audit/unusual/{Unusual.objects.get().pk}/"]  # fmt: skip
    for address in addresses:
        text = page.get(address).content.decode()
        assert "<img" not in text and "<video" not in text, address
        assert "/footage/" not in text and "X-Amz" not in text, address
    assert page.get(f"/footage/{item.reference}/").status_code == 404


# --- others, and oneself ---
def every(item: Recording, person: User, row: int) -> list[tuple[str, str]]:
    return [
        ("get", "/audit/"), ("get", "/audit/recordings/"), ("post", "/audit/recordings/"),
        ("get", of(item)), ("post", of(item) + "csv/"), ("get", "/audit/people/"),
        ("post", "/audit/people/"), ("get", f"/audit/people/{person.ref}/"),
        ("post", f"/audit/people/{person.ref}/csv/"), ("get", "/audit/unusual/"),
        ("get", f"/audit/unusual/{row}/"), ("post", f"/audit/unusual/{row}/"),
    ]  # fmt: skip


def test_to_every_other_role_the_room_is_not_there(
    item: Recording, shah: User, okoro: User, hughes: User, lane: User, administrator: User
) -> None:
    from evidence.people import table

    look(okoro, item.reference, at=NOON)
    scan.run()
    row = Unusual.objects.get().pk
    missing = Client().get("/nothing/here/")
    for role in table.ROLES:
        if role == table.AUDITOR:
            continue
        who = factories.Person(username=f"one-{role}", name="One Other", roles=[role])
        client = Client()
        client.force_login(who)
        missing = client.get("/nothing/here/")
        for method, address in every(item, okoro, row):
            answer = getattr(client, method)(address, {"note": "x", "reference": item.reference})
            assert answer.status_code == 404, (role, address)
        assert _bytes(client.get(of(item))) == _bytes(missing)
    for method, address in every(item, okoro, row):
        answer = getattr(Client(), method)(address)
        assert answer.status_code == 302 and "/sign-in/" in answer["Location"], address
    sequencer.run()
    assert not Event.objects.filter(type__startswith="audit.").exists()
    assert Unusual.objects.get().note == ""
    with pytest.raises(NotAllowed):
        actions.read(by=lane, ref=item.reference, address="")


def _bytes(answer: Any) -> bytes:
    token = answer.context["csrf_token"]
    return bytes(answer.content.replace(str(token).encode(), b""))


def test_a_person_cannot_see_the_audit_of_themselves(
    auditor: User, hughes: User, lane: User, page: Client
) -> None:
    """An auditor who was an officer once: own footage, a complaint, own looks."""
    own = factories.recording(auditor)
    now = timezone.now()
    complaint = Complaint.objects.create(
        reference="PC/12/26", received=now.date(), complainant="A", account="B", start=now,
        end=now, recorded_by=lane,
    )  # fmt: skip
    complaint.officers.add(auditor)
    look(lane, own.reference, f"complaint-{complaint.pk}", auditor.ref, at=NOON, kind="audit.read")
    look(lane, own.reference, at=NOON, name="DS 12 Lane")
    for address in (of(own), f"/audit/recordings/complaint-{complaint.pk}/",
                    f"/audit/people/{auditor.ref}/"):  # fmt: skip
        assert page.get(address).status_code == 404, address
        assert page.post(address + "csv/").status_code == 404, address
    for typed in (own.reference, "PC/12/26", auditor.ref):
        assert page.post("/audit/recordings/", {"reference": typed}).status_code == 422
    for typed in (auditor.username, auditor.ref, auditor.name):
        assert page.post("/audit/people/", {"person": typed}).status_code == 422, typed
    said = plain(page.get(f"/audit/people/{lane.ref}/"))
    assert own.reference not in said and "PC/12/26" not in said and auditor.ref not in said


def unusual_row(person: User, ref: str = "R-2222-2222", **more: Any) -> Unusual:
    fields: dict[str, Any] = {
        "rule": "odd_hours", "key": f"{person.ref}{ref}", "event_index": 1, "person": person.ref,
        "object_ref": ref, "at": NOON, "facts": {"time": "02:00 GMT"},
    } | more  # fmt: skip
    return Unusual.objects.create(**fields)


def test_nobody_explains_their_own_look(auditor: User, okoro: User, page: Client) -> None:
    other = factories.Person(username="audit2", name="Second Auditor", roles=["auditor"])
    mine = unusual_row(auditor)
    footage = unusual_row(okoro, factories.recording(auditor).reference, event_index=2)
    named = unusual_row(okoro, rule="own_complaint", event_index=3, facts={"complaint": "PC/1/26"})
    now = timezone.now()
    complaint = Complaint.objects.create(
        reference="PC/1/26", received=now.date(), complainant="A", account="B", start=now, end=now,
        recorded_by=okoro,
    )  # fmt: skip
    complaint.officers.add(auditor)
    plain_one = unusual_row(okoro, "R-3333-3333", event_index=4)
    assert list(actions.visible_to(auditor)) == [plain_one]
    assert actions.visible_to(other).count() == 4
    for row in (mine, footage, named):
        assert page.get(f"/audit/unusual/{row.pk}/").status_code == 404
        assert page.post(f"/audit/unusual/{row.pk}/", {"note": "Fine"}).status_code == 404
        with pytest.raises(NotAllowed):
            actions.explain(by=auditor, unusual=row.pk, note="Fine")
    assert actions.explain(by=other, unusual=mine.pk, note="Asked").note == "Asked"


# --- explaining ---
def test_explaining_takes_it_off_the_list_and_stands_in_the_persons_log(
    auditor: User, okoro: User, page: Client
) -> None:
    row = unusual_row(okoro)
    address = f"/audit/unusual/{row.pk}/"
    assert "PC 5530 Okoro looked at R-2222-2222 at 02:00 GMT" in plain(page.get("/audit/unusual/"))
    empty = page.post(address, {"note": "  "})
    assert empty.status_code == 422 and "Enter what you found out." in plain(empty)
    assert page.post(address, {"note": "x" * 1001}).status_code == 422
    assert page.post(address, {"note": "On call that night"}).status_code == 302
    assert "Nothing to explain" in plain(page.get("/audit/unusual/"))
    said = plain(page.get("/audit/unusual/?show=explained"))
    assert "On call that night" in said and "Robin" not in said.partition("On call")[0]
    sequencer.run()
    event = Event.objects.get(type="audit.explained")
    assert (event.object_ref, event.actor_ref) == (okoro.ref, auditor.ref)
    assert event.parsed()["data"] == {"rule": "odd_hours", "event": 1}
    second = page.post(address, {"note": "Again"})
    assert second.status_code == 422 and "explained this already" in plain(second)
    row.refresh_from_db()
    assert row.note == "On call that night"


def test_without_its_event_nothing_is_explained(
    auditor: User, okoro: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = unusual_row(okoro)

    def away(draft: Any) -> None:
        raise RuntimeError("no log")

    monkeypatch.setattr(actions, "record", away)
    with pytest.raises(RuntimeError):
        actions.explain(by=auditor, unusual=row.pk, note="x")
    row.refresh_from_db()
    assert row.explained_at is None


def test_the_list_turns_by_rule_and_by_page(okoro: User, page: Client) -> None:
    for number in range(60):
        unusual_row(okoro, f"R-{number:04}-2222", event_index=number)
    unusual_row(okoro, rule="many", event_index=99, facts={"count": "31"})
    first = page.get("/audit/unusual/")
    assert "31 recordings of others" in plain(first)
    older = re.search(r'href="\?before=([^"]+)"', first.content.decode())
    assert older
    second = plain(page.get(f"/audit/unusual/?before={older.group(1)}"))
    assert "R-0000-2222" in second and "R-0059-2222" not in second
    assert second.count("at odd hours".capitalize()) or "R-0010-2222" in second
    assert "R-0059-2222" not in plain(page.get("/audit/unusual/?rule=many"))
    assert page.get("/audit/unusual/?before=x~1").status_code == 404
    assert page.get("/audit/unusual/?before=1~" + "9" * 30).status_code == 404


# --- what people typed ---
@pytest.mark.parametrize(
    "start",
    [
        "=",
        "+",
        "-",
        "@",
        "\t",
        "\r",
        "\n",
        "＝",
        " =",
        "\u00a0=",
        "﹢",
        "⁺",
        "−",
        "\u200b=",
        "\ufeff@",
        "\x00=",
        " ＝",
        "|",
        "%0A=",
    ],
)
def test_no_cell_of_the_file_is_a_formula(start: str) -> None:
    assert harmless(f"{start}1+1") == f"'{start}1+1"
    assert harmless("R-2222") == "R-2222"
    assert harmless(12) == "12"


def test_the_file_carries_what_the_page_says_and_no_formula(
    item: Recording, lane: User, page: Client
) -> None:
    look(lane, item.reference, at=NOON, name='=HYPERLINK("http://x","y")', reason="@SUM(A1)")
    look(
        lane, item.reference, at=NOON, kind="evidence.played", name="+44", reason="-1+cmd|' /C'!A0"
    )
    answer = page.post(of(item) + "csv/", {"kind": "seen"})
    assert answer["Content-Type"].startswith("text/csv")
    assert answer["Content-Disposition"] == f'attachment; filename="looks-{item.reference}.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["event type"] for row in rows] == ["evidence.played", "evidence.viewed"]
    assert rows[1]["who"] == '\'=HYPERLINK("http://x","y")'
    assert rows[1]["reason"] == "'@SUM(A1)"
    assert rows[0]["who"] == "'+44" and rows[0]["reason"].startswith("'-1+cmd")
    for row in rows:
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())
    only = page.post(of(item) + "csv/", {"kind": "taken"}).content.decode()
    assert only.count("\r\n") == 1


def test_names_that_are_scripts_stay_text(lane: User, page: Client) -> None:
    evil = factories.Person(username="evil", name=f"Eve {XSS}", rank="<b>PC", collar="<i>9",
                            roles=["officer"], unit=factories.unit(f"Unit {XSS}"))  # fmt: skip
    item = factories.recording(evil, camera=XSS[:60])
    look(lane, item.reference, at=NOON, name=XSS, reason=XSS, address=XSS)
    look(evil, item.reference, at=NOON, name=XSS)
    row = unusual_row(evil, facts={"time": XSS}, note=XSS)
    for answer in (
        page.get(of(item)), page.get(f"/audit/people/{evil.ref}/"), page.get("/audit/unusual/"),
        page.get(f"/audit/unusual/{row.pk}/"), page.post("/audit/people/", {"person": XSS}),
        page.post("/audit/people/", {"person": "e"}), page.post(f"/audit/unusual/{row.pk}/", {"note": " "}),
        page.post("/audit/recordings/", {"reference": XSS}), page.get(of(item) + f"?since={XSS}&kind={XSS}"),
    ):  # fmt: skip
        text = answer.content.decode()
        assert "<script>alert" not in text and "<img" not in text and "<b>PC" not in text


# --- size ---
def test_ten_thousand_events_and_the_queries_stay_the_same(
    shah: User, lane: User, hughes: User, auditor: User, page: Client
) -> None:
    quiet, busy = factories.recording(shah), factories.recording(shah, camera="BWC-2")
    look(lane, *[quiet.reference] * 3, at=NOON, name="DS 12 Lane")
    look(hughes, *[busy.reference] * 10_000, at=NOON, name="PS 88 Hughes")
    scan.run()

    def queries(address: str, method: str = "get", **data: str) -> int:
        page.get("/audit/")  # the session's own minute may begin between two of them
        with CaptureQueriesContext(connection) as captured:
            assert getattr(page, method)(address, data).status_code == 200
        return len(captured)

    for few, many in ((of(quiet), of(busy)),
                      (f"/audit/people/{lane.ref}/", f"/audit/people/{hughes.ref}/")):  # fmt: skip
        assert queries(few) == queries(many) <= 20
        assert queries(few + "csv/", "post") == queries(many + "csv/", "post") <= 20
    assert queries("/audit/unusual/") <= 12
    # Page after page, nothing twice, nothing left out.
    seen: list[int] = []
    address = of(busy)
    for _ in range(4):
        text = page.get(address).content.decode()
        seen += [int(number) for number in re.findall(r"event (\d+)", text)]
        older = re.search(r'href="\?before=(\d+)"', text)
        assert older
        address = f"{of(busy)}?before={older.group(1)}"
    looked = [number for number in seen if number < 10_003]
    assert len(looked) == len(set(looked)) and looked == sorted(looked, reverse=True)
    assert looked == list(range(looked[0], looked[-1] - 1, -1))
    assert "newest 1,000 are counted" in plain(page.get(f"/audit/people/{hughes.ref}/"))


def test_looks_are_found_by_an_index_and_no_page_counts(
    item: Recording, lane: User, page: Client
) -> None:
    look(lane, *[item.reference] * 50, at=NOON)
    with CaptureQueriesContext(connection) as captured:
        page.get(of(item))
        page.get(f"/audit/people/{lane.ref}/")
        page.get("/audit/unusual/")
    assert not [query for query in captured if "COUNT(" in query["sql"].upper()]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for query in captured:
            if "unnest" in query["sql"]:
                cursor.execute("EXPLAIN " + query["sql"].replace("%", "%%"))
                plan = "\n".join(line for (line,) in cursor.fetchall())
                assert "Seq Scan on custody_event" not in plan, plan


# --- what numbers and errors must not tell ---
def test_looks_at_the_readers_own_footage_are_in_no_count(
    auditor: User, lane: User, item: Recording, page: Client
) -> None:
    look(lane, factories.recording(auditor).reference, at=NOON)
    assert page.get(f"/audit/people/{lane.ref}/").context["counts"] == []
    look(lane, item.reference, at=NOON)
    assert [n for _, n in page.get(f"/audit/people/{lane.ref}/").context["counts"]] == [1]


def test_the_page_with_an_error_is_a_look_too(lane: User, item: Recording, page: Client) -> None:
    look(lane, item.reference, at=NOON, reason="the words of the complaint")
    row = unusual_row(lane, item.reference, event_index=Event.objects.get().index)
    answer = page.post(f"/audit/unusual/{row.pk}/", {"note": ""})
    assert answer.status_code == 422 and "the words of the complaint" in plain(answer)
    sequencer.run()
    assert Event.objects.get(type="audit.read").object_ref == lane.ref


@pytest.mark.parametrize("until", ["9999-12-31", "9999-12-30", "0001-01-01"])
def test_days_at_the_ends_of_the_calendar(until: str, lane: User, page: Client) -> None:
    for name in ("until", "since"):
        assert page.get(f"/audit/people/{lane.ref}/", {name: until}).status_code == 200
