"""Search: what is found by what, by whom, at what cost; and that looking is told."""

from __future__ import annotations

import random
import string
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from evidence.custody import sequencer
from evidence.custody.models import Event, Private
from evidence.people.models import User
from evidence.recordings import actions, finding, keyset, search
from evidence.recordings.models import Category, Grant, IncidentType, Marker, Recording
from evidence.retention import actions as retention
from ingest.devices.models import Dock
from ingest.renditions import joining
from tests import factories

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 1, tzinfo=UTC)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def made(officer: User | None, **fields: Any) -> Recording:
    recording = factories.recording(officer, **fields)
    search.reindex(recording)
    return recording


def found(reader: User, **asked: str) -> set[str]:
    form = finding.SearchForm(asked, reader)
    assert form.is_valid(), form.errors
    return {item.reference for item in finding.run(form, reader, keyset.Place()).page.items}


def searches() -> list[tuple[Event, dict[str, Any]]]:
    sequencer.run()
    rows = Event.objects.filter(type="evidence.searched").order_by("index")
    return [(row, Private.objects.get(event_id=row.id).parsed()) for row in rows]


# --- what is found by what ---
@pytest.fixture
def one(shah: User) -> Recording:
    recording = factories.recording(
        shah, camera="BWC-000101", crime_reference="01AB/12345/26",
        note="Suspects were fighting outside O'Neill's; see CR/77/26",
        category=Category.objects.get(code="arrest"), incident=IncidentType.objects.first(),
    )  # fmt: skip
    recording.originals.update(file_name="DCIM/CH_0012.20261122.MP4", dock="CH-02")
    Marker.objects.create(recording=recording, at_ms=1, text="He was detained", made_by=shah)
    Marker.objects.create(
        recording=recording, at_ms=2, text="Misconduct here", made_by=shah, office=True
    )
    Marker.objects.create(
        recording=recording, at_ms=3, text="withdrawn", made_by=shah, removed_at=START
    )
    search.reindex(recording)
    return recording


@pytest.mark.parametrize(
    "asked",
    [
        "4127", "shah", "SHAH", "Aisha Shah", "pc 4127 shah", "charing cross", "charing", "char",
        "BWC-000101", "bwc 000101", "bwc000101 or 000101", "01AB/12345/26", "12345/26", "12345",
        "CH-02", "CH_0012", "0012.20261122", "20261122.mp4", "arrest", "arrested", "fight", "fights",
        "fought or fighting", "o'neill", "O’Neill's", "CR/77/26", "77/26", "detain", "detained",
        '"were fighting"', '"outside o neill"', "fighting -traffic", "the fighting in", "aisha 12345/26",
        "nothing or shah", "sus", "suspect",
    ],
)  # fmt: skip
def test_a_recording_is_found_by_everything_that_is_known_of_it(
    asked: str, one: Recording, shah: User
) -> None:
    assert found(shah, q=asked) == {one.reference}, search.parse(asked)


@pytest.mark.parametrize(
    "asked",
    ["misconduct", "withdrawn", "4128", "41", "shah -arrest", "fighting okoro", '"outside fighting"',
     "12345/27", "R-2222-2222", "other"],
)  # fmt: skip
def test_it_is_not_found_by_anything_else(asked: str, one: Recording, shah: User) -> None:
    assert found(shah, q=asked) == set()


def test_what_the_office_marked_is_found_by_the_office_alone(
    one: Recording, shah: User, lane: User
) -> None:
    assert found(lane, q="misconduct") == {one.reference}
    assert found(shah, q="misconduct") == set()
    page = signed_in(shah).get("/search/?q=detained").text
    assert "He was <mark>detained</mark>" in page
    assert "Misconduct" not in page
    assert "<mark>Misconduct</mark> here" in signed_in(lane).get("/search/?q=misconduct").text


def test_of_ones_own_footage_the_office_s_markers_are_not_told(lane: User) -> None:
    own = factories.recording(lane)
    Marker.objects.create(recording=own, at_ms=1, text="misconduct", made_by=lane, office=True)
    Marker.objects.create(recording=own, at_ms=2, text="arrested", made_by=lane)
    search.reindex(own)
    assert found(lane, q="misconduct") == set()
    assert found(lane, q="arrested") == {own.reference}
    assert (
        "isconduct"
        not in signed_in(lane)
        .get("/search/?q=misconduct+or+arrested")
        .context["rows"][0][1][0]
        .text
    )
    Marker.objects.filter(recording=own, office=False).update(removed_at=START)
    assert found(lane, markers="1") == set()


STRANGE = [
    "\0", "a\0b", "x" * 10_000, "& | ! <-> ( ) :*", "'", "\\", "'':*", '"', '"""', "-", "--", "or",
    "OR or", "- or -", "🚓", "🚓 shah", "\u202e", "é ü ß", "%", "a:*b", "'; DROP TABLE x; --", "(((",
    "!shah", "a<->b", "R-", "/", "...", "1e5", "1.5e-5", "http://x/y?z", "a@b.c", "\ue000x\ue001",
    "-a -b -c", '-"a b"', "shah" + " or" * 50, " ".join("abc" for _ in range(60)), "ſ", "İ",
]  # fmt: skip


@pytest.mark.parametrize("asked", STRANGE)
def test_whatever_is_typed_the_page_answers(asked: str, one: Recording, shah: User) -> None:
    for name in ("q", "officer", "camera", "unit", "start", "category", "state", "length"):
        answer = signed_in(shah).get("/search/", {name: asked})
        assert answer.status_code in (200, 422), name


def test_random_questions_parse(db: None) -> None:
    dice = random.Random(7)
    signs = string.printable + "‐é🚓\u200d\u00a0\ue000"
    for _ in range(300):
        text = "".join(dice.choice(signs) for _ in range(dice.randint(1, 60)))
        query = search.parse(text)
        if not query.empty:
            list(Recording.objects.filter(search.matches(query, User()))[:1])


@pytest.mark.parametrize("asked", ["{}", " {} ", "lower", "squeezed", "spaced"])
def test_a_reference_leads_straight_there(asked: str, one: Recording, shah: User) -> None:
    typed = {
        "lower": one.reference.lower(), "squeezed": one.reference.replace("-", ""),
        "spaced": one.reference.replace("-", " "),
    }.get(asked, asked.format(one.reference))  # fmt: skip
    answer = signed_in(shah).get("/search/", {"q": typed})
    assert (answer.status_code, answer["Location"]) == (302, one.get_absolute_url())
    [(event, said)] = searches()
    assert (event.object_ref, said["query"]) == (shah.ref, typed.strip())


# --- filters ---
def test_filters_narrow_and_add_up(shah: User, lane: User, okoro: User) -> None:
    arrest = Category.objects.get(code="arrest")
    kind = IncidentType.objects.all()[1]
    a = made(shah, category=arrest, happened_at=START, duration_ms=30_000, media="ready")
    b = made(shah, incident=kind, happened_at=START + timedelta(days=2), camera="X-1")
    c = made(okoro, happened_at=START + timedelta(days=3), duration_ms=4_000_000)
    d = made(shah, restricted="covert", happened_at=START)
    Marker.objects.create(recording=b, at_ms=0, made_by=shah)
    Marker.objects.create(recording=c, at_ms=0, made_by=lane, office=True)
    Grant.objects.create(recording=d, person=lane, reason="x", until=START + timedelta(days=9999),
                         granted_by=lane)  # fmt: skip
    every = {
        (("category", "arrest"),): {a}, (("category", "none"),): {b, c, d},
        (("incident", kind.code),): {b}, (("camera", "x-1"),): {b}, (("state", "ready"),): {a},
        (("length", "1"),): {a, b, d}, (("length", "long"),): {c}, (("markers", "1"),): {b, c},
        (("restricted", "1"),): {d}, (("officer", "5530"),): {c}, (("officer", "PC Shah"),): {a, b, d},
        (("officer", "nobody"),): set(), (("unit", str(okoro.unit_id)),): {c},
        (("start", "2026-11-02"),): {b, c}, (("end", "2026-11-01"),): {a, d},
        (("start", "2026-11-03"), ("end", "2026-11-03")): {b},
        (("q", "shah"), ("category", "arrest")): {a}, (("q", "shah"), ("category", "none")): {b, d},
    }  # fmt: skip
    for asked, wanted in every.items():
        assert found(lane, **dict(asked)) == {item.reference for item in wanted}, asked
    assert found(okoro, markers="1") == set()  # the office's markers are not told


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"start": "2026-11-03", "end": "2026-11-01"}, "on or after the start, 3 Nov 2026"),
        ({"q": "x" * 201}, "Shorten the search to 200 characters"),
        ({"q": "&&&"}, "Enter a word, a name, a number or a reference"),
        ({"category": "nonsense"}, "Choose from the list: category"),
    ],
)
def test_what_can_t_be_asked_is_said_and_kept(asked: dict[str, str], says: str, shah: User) -> None:
    answer = signed_in(shah).get("/search/", asked)
    assert answer.status_code == 422
    assert says in answer.text
    assert searches() == []
    for value in asked.values():
        if value != "nonsense":
            assert value.replace("&", "&amp;") in answer.text


def test_units_are_offered_where_they_have_people_that_one_may_see(
    shah: User, okoro: User, hughes: User, lane: User
) -> None:
    factories.unit("Empty")
    offered = {
        reader: [words for _, words in finding.SearchForm({}, reader).fields["unit"].choices]  # type: ignore[attr-defined]
        if "unit" in finding.SearchForm({}, reader).fields else None
        for reader in (shah, hughes, lane)
    }  # fmt: skip
    assert offered[shah] is None
    assert offered[hughes] == ["Any", "Charing Cross"]
    assert offered[lane] == ["Any", "Charing Cross", "Lewisham"]


def test_chips_take_one_filter_off_each(one: Recording, shah: User) -> None:
    page = signed_in(shah).get("/search/?q=shah&category=arrest&camera=BWC-000101")
    chips = dict(page.context["chips"])
    assert chips["category"].without == "/search/?q=shah&camera=BWC-000101"
    assert chips["camera"].without == "/search/?q=shah&category=arrest"
    assert "q" not in chips


def test_where_nothing_is_found_it_says_which_filter_to_drop(one: Recording, shah: User) -> None:
    page = signed_in(shah).get("/search/?q=shah&category=none&state=waiting")
    assert [name for name, _ in page.context["drop"]] == ["category"]
    assert "Search without Category" in page.text
    nothing = signed_in(shah).get("/search/?q=okoro&category=none")
    assert nothing.context["drop"] == []


# --- pages ---
def _walk(reader: User, asked: str) -> tuple[list[str], int]:
    client, seen, url, count = signed_in(reader), [], f"/search/?{asked}", 0
    while url:
        answer = client.get(url)
        seen += [row.recording.reference for row, _ in answer.context["rows"]]
        url, count = answer.context["older"], count + 1
    return seen, count


@pytest.mark.parametrize("window", [3, 60, 5000])
def test_pages_show_everything_once_and_lead_back(
    window: int, shah: User, monkeypatch: Any
) -> None:
    monkeypatch.setattr(finding, "WINDOW", window)
    wanted = []
    for number in range(130):
        moment = START + timedelta(minutes=number // 2)  # ties
        note = "brawl" if number % 2 or number < 40 else "calm"
        item = made(shah, happened_at=moment, note=note)
        if note == "brawl":
            wanted.append((moment, item.pk, item.reference))
    order = [reference for _, _, reference in sorted(wanted, reverse=True)]
    seen, pages = _walk(shah, "q=brawl")
    assert (seen, pages) == (order, 2)
    client = signed_in(shah)
    second = client.get(client.get("/search/?q=brawl").context["older"])
    assert [row.recording.reference for row, _ in second.context["rows"]] == order[50:]
    back = client.get(second.context["newer"])
    assert [row.recording.reference for row, _ in back.context["rows"]] == order[:50]
    assert not back.context["newer"]
    assert back.context["older"]


@pytest.mark.parametrize(
    "cursor", ["nonsense", "2026-01-01~1", "2026-01-01T00:00:00+00:00~-1", "~", "9999-12-31T23:59:59+00:00~1",
               f"2026-01-01T00:00:00+00:00~{2**70}", "2026-01-01T00:00:00+00:00~" + "9" * 5000],
)  # fmt: skip
def test_a_cursor_that_is_none_leads_nowhere(cursor: str, shah: User) -> None:
    for page in ("/search/?q=x&", "/footage/?"):
        for name in ("before", "after"):
            code = signed_in(shah).get(f"{page}{name}={cursor.replace('+', '%2B')}").status_code
            assert code == 404, (page, name)


def test_up_to_a_thousand_are_counted(shah: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(finding, "COUNTED", 60)
    for number in range(60):
        made(shah, happened_at=START + timedelta(minutes=number))
    client = signed_in(shah)
    assert "60 recordings" in client.get("/search/?q=shah").text
    made(shah)
    assert "More than" in client.get("/search/?q=shah").text
    assert [event.parsed()["data"]["found"] for event, _ in searches()] == [60, 61]


def test_a_search_that_takes_too_long_says_so(shah: User, monkeypatch: Any) -> None:
    from django.db import connection

    made(shah)

    def slow(*_: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")

    monkeypatch.setattr(finding, "SECONDS", 0.05)
    monkeypatch.setattr(finding, "_found", slow)
    page = signed_in(shah).get("/search/?q=shah")
    assert (page.status_code, "takes too long" in page.text) == (200, True)
    [(event, _)] = searches()
    assert "data" not in event.parsed()


# --- the cost ---
ROLES = {
    "officer": ["officer"], "supervisor": ["supervisor"], "standards": ["professional_standards"],
    "manager": ["evidence_manager"], "panel": ["panel_member"],
}  # fmt: skip


def _reader(name: str) -> User:
    return factories.Person(username=f"reader-{name}", name="R R", roles=ROLES[name],
                            unit=factories.unit("Charing Cross"))  # fmt: skip


# The same for one row and for fifty. Sign-in 2, what is granted 1, what one's cases open
# 1 (for whom not everything is open), the form's lists 2 or 3 (the reader's unit besides), the
# question 1, a savepoint each for event, time-out and rows.
# The link to notices 1 (who may be served); for the office their own ties 2, twice, and what of
# these rows the office's marks are not told of 1.
COST = {"officer": 23, "supervisor": 25, "standards": 31, "manager": 29, "panel": 21}


@pytest.mark.parametrize("role", ROLES)
def test_a_page_of_one_costs_what_a_page_of_fifty_does(
    role: str, shah: User, django_assert_num_queries: Any
) -> None:
    reader = _reader(role)
    client = signed_in(reader)

    def add(count: int) -> None:
        for number in range(count):
            officer = reader if role == "officer" else shah
            item = made(officer, note="brawl", happened_at=START + timedelta(minutes=number))
            if role == "panel":
                Grant.objects.create(recording=item, person=reader, reason="x", granted_by=shah,
                                     until=START + timedelta(days=9999))  # fmt: skip

    add(1)
    client.get("/search/?q=brawl")
    with django_assert_num_queries(COST[role]):
        assert len(client.get("/search/?q=brawl").context["rows"]) == 1
    add(49)
    with django_assert_num_queries(COST[role]):
        assert len(client.get("/search/?q=brawl").context["rows"]) == 50
    less = 7 if role in ("standards", "manager") else 4
    with django_assert_num_queries(COST[role] - less):  # no stills, no reasons
        assert len(client.get("/search/?q=nothing").context["rows"]) == 0


def test_the_admins_list_costs_the_same_whatever_is_searched(
    shah: User, lane: User, django_assert_num_queries: Any
) -> None:
    client = signed_in(lane)
    page = "/admin/recordings/recording/?q=brawl"
    made(shah, note="brawl")
    client.get(page)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as one:
        assert client.get(page).context["cl"].result_count == 1
    for _ in range(49):
        made(shah, note="brawl")
    with django_assert_num_queries(len(one)):
        assert client.get(page).context["cl"].result_count == 50
    assert client.get("/admin/recordings/recording/?q=%00%26").status_code == 200
    assert searches()[0][1]["query"] == "brawl"


# --- what is told ---
def test_every_search_is_an_event_on_the_reader_with_its_words_in_private(
    one: Recording, shah: User
) -> None:
    client = signed_in(shah)
    client.get("/search/")
    assert searches() == []
    client.get("/search/?q=detained&category=arrest")
    [(event, said)] = searches()
    assert (event.object_ref, event.actor_ref) == (shah.ref, shah.ref)
    assert event.parsed()["data"] == {"found": 1}
    assert said == {
        "name": "PC 4127 Shah", "address": "127.0.0.1", "query": "detained; Category Arrest",
    }  # fmt: skip
    assert "detained" not in bytes(event.body).decode()


def test_stills_that_are_shown_are_looks(one: Recording, shah: User) -> None:
    factories.poster(one)
    signed_in(shah).get("/search/?q=shah")
    sequencer.run()
    assert Event.objects.filter(type="evidence.listed", object_ref=one.reference).count() == 1


@pytest.mark.parametrize(
    "asked", [{"officer": "4127"}, {"officer": "Shah", "q": "arrest"}, {"q": "4127"}, {"q": "aisha SHAH"},
              {"q": '"4127"'}, {"q": "PC 4127"}, {"q": "4127 or 4127"}, {"q": "4127 -zzz"},
              {"q": "Shah Aisha"}, {"q": "4127 the"}, {"q": "zzz or 4127"},
              {"q": "zzz or -qqq 4127"}, {"q": "412"}, {"q": "Aisha Sha"}, {"q": "shah"}]
)  # fmt: skip
def test_a_broad_search_of_one_officer_asks_why(
    asked: dict[str, str], one: Recording, shah: User, lane: User
) -> None:
    client = signed_in(lane)
    page = client.get("/search/", asked)
    assert "Why do you search this officer" in page.text
    assert one.reference not in page.text
    assert searches() == []
    query = page.context["query"]
    refused = client.post("/search/", {"query": query, "reason": " "})
    assert refused.status_code == 422
    assert "Enter why" in refused.text
    led = client.post("/search/", {"query": query, "reason": "PC/12/26, seen on the day"})
    assert led.status_code == 302
    assert one.reference in client.get(led["Location"]).text
    [(_, said)] = searches()
    assert said["reason"] == "PC/12/26, seen on the day"
    assert "Why do you" in signed_in(lane).get("/search/", asked).text  # another sitting


def test_no_reason_is_asked_of_ones_own_footage_or_within_ones_unit(
    one: Recording, shah: User, hughes: User, lane: User
) -> None:
    for reader, asked in ((shah, "officer=4127"), (hughes, "officer=4127"), (lane, "officer=12"),
                          (lane, "q=4127+arrest"), (lane, "q=nobody")):  # fmt: skip
        assert "Why do you search" not in signed_in(reader).get(f"/search/?{asked}").text


# --- the index follows ---
def test_the_index_follows_every_action(
    shah: User, okoro: User, lane: User, dock: Dock, film: bytes
) -> None:
    recording = factories.docked(dock, film, name="CARD_77.MP4", camera="X-9")
    assert found(lane, q="77") == found(lane, q="CH-02") == {recording.reference}  # sealed
    retention.assign(by=lane, recording=recording, officer=shah, reason="seen")
    assert found(lane, q="charing") == {recording.reference}
    arrest = Category.objects.get(code="arrest")
    actions.categorise(by=shah, recording=recording, category=arrest, note="A brawl")
    assert found(shah, q="arrest brawl") == {recording.reference}
    actions.restore(by=shah, recording=recording)
    assert found(shah, q="arrest") == set()
    Marker.objects.create(recording=recording, at_ms=0, text="He was stabbed", made_by=shah)
    search.reindex(recording)  # what marking calls
    assert found(shah, q="stabbing") == {recording.reference}


def test_the_index_follows_joining(shah: User) -> None:
    first = factories.recording(shah, happened_at=START, duration_ms=1000)
    second = factories.recording(shah, happened_at=START + timedelta(seconds=1))
    first.originals.update(media="ready", duration_ms=1000, file_name="A1.MP4")
    second.originals.update(media="ready", duration_ms=1000, file_name="A2.MP4")
    joining.join(second.originals.get())
    assert found(shah, q="a2.mp4") == {first.reference}
    assert found(shah, q=second.reference[2:]) == {first.reference}


def test_every_action_that_changes_what_is_indexed_calls_the_index() -> None:
    """Reads the code: whoever writes one of these columns calls search.reindex beside it."""
    import ast
    from pathlib import Path

    columns = {"category", "note", "crime_reference", "incident", "officer", "camera"}
    root = Path(__file__).resolve().parents[3]
    for path in [*root.glob("evidence/**/actions.py"), root / "evidence/recordings/markers.py"]:
        if not path.exists():
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                text = ast.unparse(node)
                writes = any(f"locked.{name}" in text.split("save(")[0] and f"'{name}'" in text
                             for name in columns)  # fmt: skip
                if "update_fields" in text and "Recording.objects" in text and writes:
                    assert "search.reindex" in text, f"{path.name}: {node.name}"


def test_rows_that_were_never_indexed_are_found_by_the_sweep(shah: User) -> None:
    for _ in range(7):
        factories.recording(shah)
    assert found(shah, q="shah") == set()
    assert search.sweep(most=5) == 7  # a whole batch at least
    assert len(found(shah, q="shah")) == 7
    assert search.sweep() == 0


def test_a_changed_name_is_found_after_the_command(shah: User, okoro: User, capsys: Any) -> None:
    for officer in (shah, okoro):
        made(officer)
    User.objects.filter(pk=shah.pk).update(name="Aisha Rahman")
    assert found(shah, q="rahman") == set()
    call_command("search", "reindex", "--officer", "4127")
    assert "Done: 1 recordings." in capsys.readouterr().out
    assert len(found(shah, q="rahman")) == 1
    call_command("search", "reindex", "--batch", "1")
    assert "Done: 2 recordings." in capsys.readouterr().out


def test_the_longest_texts_are_indexed(shah: User) -> None:
    recording = factories.recording(shah, note="word " * 100_000 + "x" * 3000)
    words = " ".join(f"w{number}" for number in range(200))
    Marker.objects.bulk_create(
        Marker(recording=recording, at_ms=number, text=f"{words} m{number}", made_by=shah)
        for number in range(2000)
    )
    search.reindex(recording)
    assert found(shah, q="w199") == {recording.reference}
    assert "<mark>w199</mark>" in signed_in(shah).get("/search/?q=w199").text


def test_what_matched_is_marked_and_escaped(shah: User) -> None:
    nasty = "A loud \ue000brawl, 4 < 5 & so </mark> <script>alert(1)</script>"
    item = made(shah, note=nasty, crime_reference="01AB/12345/26")
    item.originals.update(file_name="<b>brawl</b>.mp4")
    search.reindex(item)
    page = signed_in(shah).get("/search/?q=brawl").text
    assert "<script>alert" not in page
    assert "A loud <mark>brawl</mark>, 4 &lt; 5 &amp;" in page
    assert "&lt;b&gt;<mark>brawl</mark>&lt;/b&gt;.mp4" in page
    assert "<mark>12345/26</mark>" in signed_in(shah).get("/search/?q=12345/26").text


def test_restricted_and_foreign_recordings_are_in_no_count(
    shah: User, okoro: User, hughes: User
) -> None:
    made(shah, note="brawl")
    made(shah, note="brawl", restricted="covert")
    made(okoro, note="brawl")
    page = signed_in(hughes).get("/search/?q=brawl")
    assert page.context["result"].count == 1
    assert "1 recording<" in page.text


def test_two_of_a_name_are_not_one_officer_but_their_whole_name_is_asked_of(
    one: Recording, lane: User
) -> None:
    factories.Person(username="shah2", name="Omar Shah", rank="PC", collar="9001")
    client = signed_in(lane)
    for asked, asks in (("shah", False), ("aisha shah", True), ("9001 or zzz", True),
                        ("pc", False), (lane.name, False), ("-4127 arrest", False)):  # fmt: skip
        page = client.get("/search/", {"q": asked}).text
        assert ("Why do you search this officer" in page) is asks, asked


def test_the_admin_says_that_a_search_takes_too_long(lane: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(finding, "_within", lambda act: None)
    page = signed_in(lane).get("/admin/recordings/recording/?q=brawl")
    assert "This search takes too long" in page.text
    [(event, _)] = searches()
    assert "data" not in event.parsed()
