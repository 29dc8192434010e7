"""A person finds no trace of what they may not see: whatever they ask, by whatever way.

Each probe is asked twice. Those that name something are asked of what exists and may not be
seen, and of what does not exist; those that list or count are asked before the thing exists
and after. Status, headers and bytes have to be the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.complaints.models import Complaint
from evidence.complaints.models import Named as NamedOfficer
from evidence.custody import sequencer
from evidence.people.models import Supervision, User
from evidence.recordings import rules, search
from evidence.recordings.access import find
from evidence.recordings.models import Category, IncidentType, Marker, Recording, make_reference
from evidence.retention import actions as retention
from evidence.retention.models import Hold, Kind, Watch
from tests import factories

pytestmark = pytest.mark.django_db
MOMENT = datetime(2026, 11, 22, 22, 14, 7, tzinfo=UTC)
CURSOR = "2026-11-22T22:14:08%2B00:00~999999"


# --- who asks, and of what ---
def _person(username: str, *roles: str, unit: str | None = None, **more: Any) -> User:
    found = factories.unit(unit) if unit else None
    made, _ = User.objects.get_or_create(
        username=username,
        defaults={"name": f"{username} Test", "roles": list(roles), "unit": found, **more},
    )
    return made


READERS: dict[str, Callable[[], User]] = {
    "another officer": lambda: _person("other", "officer", unit="Lewisham"),
    "another unit's supervisor": lambda: _person("super", "supervisor", unit="Lewisham"),
    "a case officer without a grant": lambda: _person("case", "case_officer"),
    "a panel member without a grant": lambda: _person("panel", "panel_member"),
    "an administrator": lambda: _person("root", "administrator"),
}
# These may see everything, but nothing restricted.
OFFICE: dict[str, Callable[[], User]] = {
    "who recorded it": lambda: User.objects.get(username="owner"),
    "their supervisor": lambda: _person("chief", "supervisor", unit="Charing Cross"),
    "professional standards": lambda: _person("stan", "professional_standards"),
    "the evidence manager": lambda: _person("mana", "evidence_manager"),
    "the appropriate authority": lambda: _person("auth", "appropriate_authority"),
}


def _owner() -> User:
    return _person("owner", "officer", unit="Charing Cross", collar="7717", rank="PC")


def _thing(**fields: Any) -> Recording:
    """A recording with a word of its own in every field that something could find it by."""
    owner = User.objects.get(username="owner")
    made = factories.recording(
        owner, camera="CAMZEBRA-9", crime_reference="77QQ/77177/26", note="a zebranote fell",
        category=Category.objects.get(code="arrest"), incident=IncidentType.objects.first(),
        duration_ms=5000, happened_at=MOMENT, media="unplayable", **fields,
    )  # fmt: skip
    made.originals.update(file_name="ZEBRAFILE_1.MP4", dock="ZEBRADOCK")
    Marker.objects.create(recording=made, at_ms=1, text="zebramarker", made_by=owner)
    search.reindex(made)
    return made


SITUATIONS: list[tuple[str, Callable[[], User], dict[str, str]]] = [
    *((name, reader, {}) for name, reader in READERS.items()),
    *((f"{name}, restricted", reader, {"restricted": "covert"}) for name, reader in OFFICE.items()),
]


# --- two answers side by side ---
_TOKEN = re.compile(rb"[A-Za-z0-9]{64}")
_VARIES = ("X-Request-Id", "X-Request-ID", "Date", "Expires")


def _plain(answer: Any, *names: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body without what differs between any two answers."""
    body = b"" if answer.streaming else bytes(answer.content)
    body = _TOKEN.sub(b"TOKEN", body)
    headers = {name: "" if name in _VARIES else value for name, value in answer.headers.items()}
    for name in names:
        for form in {name, name.lower(), name.replace("-", ""), name.replace("-", "").lower()}:
            body = body.replace(form.encode(), b"NAME")
            headers = {key: value.replace(form, "NAME") for key, value in headers.items()}
    return answer.status_code, headers, body


def _difference(one: bytes, other: bytes) -> list[bytes]:
    """The first lines that differ, to say what gave it away."""
    pairs = zip(one.splitlines(), other.splitlines(), strict=False)
    return next(([a, b] for a, b in pairs if a != b), [])


def _client(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


# --- probes that name a recording ---
Named = tuple[str, str, dict[str, str], dict[str, str]]  # method, path, data, headers
NAMED: list[Named] = [
    ("get", "/footage/{ref}/", {}, {}),
    ("head", "/footage/{ref}/", {}, {}),
    ("options", "/footage/{ref}/", {}, {}),
    ("post", "/footage/{ref}/", {}, {}),
    ("put", "/footage/{ref}/", {}, {}),
    ("get", "/footage/{low}/", {}, {}),
    ("get", "/footage/{ref}", {}, {}),
    ("get", "/footage/{ref}/?t=136.48", {}, {}),
    ("get", "/footage/{ref}/", {}, {"If-None-Match": '"x"', "If-Modified-Since": "Sun, 22 Nov 2026 22:14:07 GMT"}),
    ("get", "/footage/{ref}/", {}, {"Range": "bytes=0-1"}),
    ("get", "/footage/{ref}/", {}, {"HX-Request": "true"}),
    ("get", "/footage/{ref}/", {}, {"Accept": "application/json"}),
    ("get", "/footage/{ref}/", {}, {"Accept-Encoding": "gzip"}),
    ("get", "/footage/{ref}/status/", {}, {}),
    ("head", "/footage/{ref}/status/", {}, {}),
    ("get", "/footage/{ref}/status/", {}, {"HX-Request": "true"}),
    ("post", "/footage/{ref}/play/", {}, {}),
    ("post", "/footage/{ref}/play/", {"again": "1"}, {}),
    ("get", "/footage/{ref}/play/", {}, {}),
    ("post", "/footage/{ref}/categorise/", {"category": "arrest"}, {}),
    ("post", "/footage/{ref}/categorise/", {"category": "undo"}, {}),
    ("post", "/footage/{ref}/categorise/", {"category": "nonsense"}, {}),
    ("post", "/footage/{ref}/categorise/", {"category": "arrest", "back": "footage"}, {}),
    ("post", "/footage/{ref}/categorise/", {"category": "arrest"}, {"HX-Request": "true"}),
    ("post", "/footage/{ref}/download/{original}/", {}, {}),
    ("get", "/footage/{ref}/download/{original}/", {}, {}),
    ("get", "/footage/{ref}/markers/", {}, {}),
    ("post", "/footage/{ref}/markers/", {"at_ms": "1", "text": "x"}, {}),
    ("get", "/footage/{ref}/clip/", {}, {}),
    ("get", "/footage/{ref}/clip/?case=01AB/12345/26", {}, {}),
    ("post", "/footage/{ref}/clip/", {"what": "whole", "case": "01AB/12345/26", "description": "xyz"}, {}),
    ("get", "/footage/{ref}/history/", {}, {}),
    ("get", "/footage/{ref}/kept/", {}, {}),
    ("get", "/together/?r={ref}&r={ref}", {}, {}),
    ("get", "/shared/{ref}/", {}, {}),
    ("get", "/shared/{ref}/1/", {}, {}),
    ("get", "/search/?q={ref}", {}, {}),
    ("get", "/search/?q={low}", {}, {}),
    ("get", "/search/?q={bare}", {}, {}),
    ("get", "/search/?q={ref}&category=arrest", {}, {}),
    ("head", "/search/?q={ref}", {}, {}),
    ("get", "/search/?camera={ref}", {}, {}),
    ("get", "/admin/recordings/recording/?q={ref}", {}, {}),
    ("get", "/admin/recordings/recording/?reference={ref}", {}, {}),
    ("get", "/admin/recordings/recording/?reference__startswith={ref}", {}, {}),
    ("get", "/admin/recordings/recording/{pk}/change/", {}, {}),
    ("get", "/admin/recordings/recording/{pk}/", {}, {}),
    ("get", "/admin/recordings/recording/{pk}/history/", {}, {}),
    ("get", "/admin/recordings/recording/{pk}/delete/", {}, {}),
    ("post", "/admin/recordings/recording/{pk}/delete/", {"post": "yes"}, {}),
    ("get", "/admin/recordings/recording/{pk}/custody/", {}, {}),
    ("get", "/admin/recordings/recording/{pk}/custody/report/", {}, {}),
    ("post", "/admin/recordings/recording/{pk}/custody/verify/", {}, {}),
    ("get", "/admin/recordings/recording/{pk}/custody/checks/1/", {}, {}),
    ("get", "/admin/retention/unassigned/{pk}/change/", {}, {}),
    ("get", "/admin/go/{ref}", {}, {}),
    ("post", "/admin/recordings/package/add/", {"what": "{ref}", "purpose": "x", "details": "footage"}, {}),
    ("post", "/admin/recordings/package/add/", {"what": "{ref} R-2222-2222", "purpose": "x", "details": "footage"}, {}),
    ("get", "/admin/recordings/package/?q={ref}", {}, {}),
    ("get", "/shares/new/?recording={ref}", {}, {}),
    ("get", "/shares/new/?recording={low}", {}, {}),
    ("get", "/shares/new/?recording={ref}&case=01AB-12345-26", {}, {}),
    ("post", "/shares/new/?recording={ref}", {"thing": "{ref}", "do": "check"}, {}),
    ("post", "/shares/new/?recording={ref}",
     {"thing": "{ref}", "recipient": "J Marlow", "organisation": "CPS", "email": "j@cps.gov.uk",
      "purpose": "xyz", "basis": "charging", "how": "code", "until": "2026-12-20", "do": "send"}, {}),
    ("get", "/shares/{ref}/", {}, {}),
    ("get", "/shares/?show={ref}", {}, {}),
    ("post", "/shares/", {"q": "{ref}"}, {}),
    ("get", "/admin/sharing/share/?q={ref}", {}, {}),
    ("post", "/admin/cases/case/add/",
     {"urn": "01AB/12345/26", "title": "T", "status": "open", "link": "{ref}", "reason": "x"}, {}),
    ("post", "/admin/recordings/grant/add/",
     {"recording": "{ref}", "reason": "x", "until_0": "2026-12-20", "until_1": "12:00:00"}, {}),
    ("get", "/api/recordings/{ref}", {}, {}),
]  # fmt: skip


@pytest.mark.parametrize("probe", NAMED, ids=lambda probe: f"{probe[0]} {probe[1]} {probe[2]}"[:90])
def test_what_exists_and_may_not_be_seen_answers_as_what_does_not_exist(probe: Named) -> None:
    method, path, data, headers = probe
    _owner()
    for name, reader, fields in SITUATIONS:
        client = _client(reader())
        thing = _thing(**fields)
        names = {
            "ref": thing.reference,
            "pk": str(thing.pk),
            "original": str(thing.originals.get().pk),
        }
        missing = make_reference()
        none = {"ref": missing, "pk": str(10**9 + thing.pk), "original": str(10**9)}

        def ask(of: dict[str, str], client: Client = client) -> Any:
            of = of | {"low": of["ref"].lower(), "bare": of["ref"].replace("-", "")}
            given = {key: value.format(**of) for key, value in data.items()}
            answer = getattr(client, method)(path.format(**of), given, headers=headers)
            return _plain(answer, of["ref"], f"/{of['pk']}/",
                          f"/{of['original']}/")  # fmt: skip

        forbidden, absent = ask(names), ask(none)
        assert forbidden[0] == absent[0], (name, forbidden[0], absent[0])
        assert forbidden[1] == absent[1], name
        assert forbidden[2] == absent[2], (name, _difference(forbidden[2], absent[2]))
        assert b"zebra" not in forbidden[2].lower(), name
        thing.refresh_from_db()
        assert thing.category is not None  # and nothing was changed


# --- probes that list and count ---
def _listings() -> list[str]:
    words = [
        "7717", "owner", "zebranote", "zebrafile", "ZEBRAFILE_1.MP4", "zebradock", "zebramarker",
        "CAMZEBRA-9", "camzebra", "77QQ/77177/26", "77177", "arrest", "charing", "-nothing zebranote",
        '"zebranote fell"', "nothing or zebranote", "zeb",
    ]  # fmt: skip
    filters = [
        "officer=7717", "officer=owner", "category=arrest", "category=none", "camera=CAMZEBRA-9",
        "state=unplayable", "length=1", "markers=1", "restricted=1", "start=2026-11-22",
        "end=2026-11-22", "start=2026-11-22&end=2026-11-22", "incident=nonsense",
        "q=zebranote&category=none", "q=nothing&camera=CAMZEBRA-9", "q=owner&state=ready",
        f"q=zebranote&before={CURSOR}", f"q=zebranote&after={CURSOR}", f"state=unplayable&before={CURSOR}",
    ]  # fmt: skip
    lookups = [
        "officer__collar=7717", "officer__name=owner", "note__contains=zebra", "camera=CAMZEBRA-9",
        "crime_reference=77QQ/77177/26", "media__exact=unplayable", "officer=known", "officer=none",
        "category__id__exact=1", "holds__reference=x", "markers__text__contains=zebra", "o=1",
        "cases__urn=1", "restricted=covert", "p=0", "all=", "_facets=1", "e=1",
    ]  # fmt: skip
    return [
        "/footage/", "/footage/?whose=team", "/footage/?whose=all", f"/footage/?before={CURSOR}",
        f"/footage/?after={CURSOR}", "/team/", "/cases/", "/samples/", "/search/", "/admin/", "/",
        *(f"/search/?q={word.replace(' ', '+')}" for word in words),
        *(f"/search/?{filter_}" for filter_ in filters),
        *(f"/admin/recordings/recording/?q={word.replace(' ', '+')}" for word in words[:8]),
        *(f"/admin/recordings/recording/?{lookup}" for lookup in lookups),
        "/admin/recordings/recording/", "/admin/retention/unassigned/", "/admin/recordings/package/",
        "/admin/retention/hold/", "/admin/cases/case/", "/admin/sharing/share/",
        "/shares/", "/shares/?show=ended", "/shares/?show=mine", "/shares/new/", "/shares/people/",
    ]  # fmt: skip


@pytest.mark.parametrize("path", _listings())
def test_no_list_count_or_filter_tells_that_it_is_there(path: str) -> None:
    _owner()
    for name, reader, fields in SITUATIONS:
        client = _client(reader())
        if path.startswith("/search/") and reader().username in ("stan", "mana", "auth"):
            client.post("/search/", {"query": path.partition("?")[2], "reason": "why"})
        client.get(path)  # what a first look changes
        before = _plain(client.get(path))
        thing = _thing(**fields)
        # Nobody known: on the lists of what is to be assigned.
        other = _thing(**fields) if fields else None
        if other:
            Recording.objects.filter(pk=other.pk).update(officer=None)
        after = _plain(client.get(path))
        assert before[0] == after[0], name
        assert before[1] == after[1], name
        assert before[2] == after[2], (name, _difference(before[2], after[2]))
        for gone in filter(None, (thing, other)):
            Recording.objects.filter(pk=gone.pk).update(
                joined_into=gone.pk
            )  # out of the next one's way


def _autocompletes() -> Iterator[str]:
    """Every relation of every model in the admin, asked for what leads to the recording."""
    for model in admin.site._registry:
        for field in model._meta.get_fields():
            if field.is_relation and field.concrete:
                meta = model._meta
                yield (f"/admin/autocomplete/?app_label={meta.app_label}&model_name={meta.model_name}"
                       f"&field_name={field.name}&term=")  # fmt: skip


@pytest.mark.parametrize("path", _autocompletes())
def test_no_autocomplete_of_the_admin_tells_that_it_is_there(path: str) -> None:
    _owner()
    for name, reader, fields in SITUATIONS:
        client = _client(reader())
        thing = _thing(**fields)
        for term in (thing.reference, thing.reference[:6], "zebra", ""):
            answer = client.get(path + term)
            body = bytes(answer.content)
            assert thing.reference.encode() not in body.replace(term.encode() or b"\0", b""), name
            assert b"zebra" not in body.lower(), name


# --- what hangs on it: nothing that points to it shows it ---
HANGING = [
    "/admin/retention/hold/",
    "/admin/retention/hold/?q={ref}",
    "/admin/retention/hold/{hold}/change/",
    "/retention/holds/",
    "/retention/holds/?show=all",
    "/retention/holds/{hold}/",
    "/retention/holds/{hold}/change/",
    "/retention/holds/{hold}/release/",
    "/retention/holds/new/?recording={ref}",
]


@pytest.mark.parametrize("path", HANGING)
def test_a_hold_on_restricted_footage_tells_nothing_of_it(path: str) -> None:
    _owner()
    manager = _person("mana2", "evidence_manager")
    thing = _thing()
    hold = Hold.objects.create(
        recording=thing, kind=Kind.MANUAL, reason="zebrareason", set_by=manager
    )
    Recording.objects.filter(pk=thing.pk).update(restricted="covert")
    for name in ("professional standards", "the evidence manager", "the appropriate authority"):
        answer = _client(OFFICE[name]()).get(path.format(ref=thing.reference, hold=hold.pk))
        shown = answer.text.replace(f"q={thing.reference}", "")
        shown = shown.replace(f'value="{thing.reference}"', "")
        assert thing.reference not in shown, name
        assert "zebrareason" not in shown, name


# --- a complaint that names the reader ---
@pytest.fixture
def named(db: None) -> tuple[User, Complaint, Recording]:
    """Standards' own Stan is complained of; Jo records it; Stan's footage is held for it."""
    stan = _person("stan", "professional_standards", collar="991", rank="DC")
    jo = _person("jo", "professional_standards")
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
    client = _client(stan)
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
    boss = _person("boss", "professional_standards")
    Supervision.objects.create(person=stan, supervisor=boss, since=MOMENT)
    test_a_complaint_leaves_no_trace_for_whom_it_names(path, (boss, complaint, recording))


@pytest.mark.parametrize("days", [2, 27, 40])
@pytest.mark.parametrize("code", ["", "non-evidential", "arrest"])
def test_the_page_of_who_recorded_it_is_the_same_with_and_without_a_complaint(
    days: int, code: str
) -> None:
    """Byte for byte, the ladder included; near the rule's end, and after it."""
    owner, jo = _owner(), _person("jo", "professional_standards")
    chief = _person("chief", "supervisor", unit="Charing Cross")
    made = factories.recording(
        owner, happened_at=timezone.now() - timedelta(days=days), duration_ms=5000,
        category=Category.objects.filter(code=code).first(),
    )  # fmt: skip
    paths = [made.get_absolute_url(), "/footage/", f"{made.get_absolute_url()}categorise/"]
    clients = [_client(owner), _client(chief)]
    for client in clients:
        client.get(made.get_absolute_url())  # what a first look changes
    shown = [[_plain(client.get(path)) for path in paths] for client in clients]
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
        again = [[_plain(client.get(path)) for path in paths] for client in clients]
        for before, after in zip(shown, again, strict=True):
            for one, other in zip(before, after, strict=True):
                assert one == other, _difference(one[2], other[2])
        Hold.objects.update(released_at=timezone.now())
    made.refresh_from_db()
    assert made.kept_until == rules.reckon(made, rules.book())


def test_the_watch_of_a_complaint_is_there_so_that_the_probes_mean_something(
    named: tuple[User, Complaint, Recording],
) -> None:
    _, complaint, recording = named
    assert Watch.objects.filter(reference=complaint.reference).exists()
    jo = _client(User.objects.get(username="jo"))
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
    status, headers, body = _plain(answer, *names)
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
    _owner()
    jo = _person("jo", "professional_standards")
    client = _client(OFFICE[name]())
    thing = _thing()
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
            assert one == other, (path, _difference(one[2], other[2]))
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
    _owner()
    jo = _person("jo", "professional_standards")
    manager = _person("mana", "evidence_manager")
    client = _client(OFFICE[name]())
    held, went = _thing(), _thing()
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
        return _plain(answer, ref, f"/{one.pk}/", f"/{numbers[one.pk]}/"), len(queries)

    for probe in NAMED:
        ask(held, probe)
        one, other = ask(held, probe), ask(went, probe)
        assert one[0] == other[0], (probe, _difference(one[0][2], other[0][2]))
        assert one[1] == other[1], (probe, "queries")
    assert b"not shown any more" in ask(went, NAMED[0])[0][2]


def test_lists_and_counts_are_those_of_what_was_disposed_of() -> None:
    _owner()
    jo = _person("jo", "professional_standards")
    clients = [_client(OFFICE[name]()) for name in ("who recorded it", "their supervisor")]
    paths = [path for path in _listings() if not path.startswith("/admin/")]

    def answers() -> list[Any]:
        for client in clients:
            for path in paths:
                client.get(path)
        return [_plain(client.get(path)) for client in clients for path in paths]

    before = answers()
    thing = _thing()
    Recording.objects.update(kept_until=timezone.now() - timedelta(days=1))
    retention.hold(by=jo, recording=thing, kind=Kind.COMPLAINT, reason="zebrareason",
                   reference="PC/771/26")  # fmt: skip
    after = answers()
    for path, one, other in zip(paths * 2, before, after, strict=True):
        assert one == other, (path, _difference(one[2], other[2]))


# --- somebody who is suspended ---
@pytest.mark.parametrize(
    "path", ["/footage/", "/footage/{ref}/", "/search/?q={ref}", "/admin/", "/search/"]
)
def test_a_suspended_person_is_sent_to_sign_in_whatever_they_ask(path: str) -> None:
    owner = _owner()
    client = _client(owner)
    thing = _thing()
    User.objects.filter(pk=owner.pk).update(status="suspended")
    answers = [client.get(path.format(ref=ref)) for ref in (thing.reference, make_reference())]
    one, other = [_plain(answer, thing.reference) for answer in answers]
    assert one[0] == other[0] == 302
    assert all(answer["Location"].startswith(("/sign-in/", "/admin/login/")) for answer in answers)
    assert one[2] == other[2] == b""


# --- the probes can fail ---
def test_the_comparison_sees_what_is_there(db: None) -> None:
    owner = _owner()
    client = _client(owner)
    before = _plain(client.get("/search/?q=zebranote"))
    thing = _thing()
    after = _plain(client.get("/search/?q=zebranote"), thing.reference)
    assert before[2] != after[2]
    assert _plain(client.get(f"/footage/{thing.reference}/"))[0] == 200
    assert find(owner, thing.reference) == thing


def test_there_are_at_least_sixty_probes() -> None:
    assert len(NAMED) + len(_listings()) + len(list(_autocompletes())) + len(COMPLAINT) >= 60
