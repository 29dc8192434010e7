"""What the pages cost with many rows: 100,000 recordings and a million custody events.

`make bench` runs it with the rest; `python -m tests.bench pages` alone. BENCH_RECORDINGS and
BENCH_EVENTS set other numbers; BENCH_PLANS=1 prints how PostgreSQL answers each page. Pages are
asked through Django in this process, over real PostgreSQL; the peer is the bare SQL of the
page's rows, by psycopg.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

RECORDINGS = int(os.environ.get("BENCH_RECORDINGS", "100000"))
EVENTS = int(os.environ.get("BENCH_EVENTS", "1000000"))
PLANS = os.environ.get("BENCH_PLANS") == "1"
TIMES = int(os.environ.get("BENCH_TIMES", "30"))
OFFICERS = 2000
CHUNK = 10_000
NOW = datetime(2026, 11, 22, tzinfo=UTC)
# How often each word stands in a note.
WORDS = {
    "street": 0.4, "vehicle": 0.3, "door": 0.2, "shouting": 0.1, "knife": 0.03, "ladder": 0.005,
    "accordion": 0.0005,
}  # fmt: skip


@dataclass
class World:
    """Who asks."""

    officer: Any
    supervisor: Any
    manager: Any
    auditor: Any
    officers: list[Any]


def people() -> World:
    """A tree of 85 units, 2,000 officers, and one of each who asks."""
    from evidence.people.actions import make_unit
    from evidence.people.models import User

    force = make_unit(name="Bench force")
    teams = [
        make_unit(name=f"Team {a}{b}{c}", parent=borough)
        for a in range(4)
        for area in [make_unit(name=f"Area {a}", parent=force)]
        for b in range(4)
        for borough in [make_unit(name=f"Borough {a}{b}", parent=area)]
        for c in range(4)
    ]
    dice = random.Random(1)
    names = [f"{first} {last}" for first in ("Aisha", "Daniel", "Rhys", "Morgan", "Jo", "Priya")
             for last in ("Shah", "Okoro", "Hughes", "Lane", "Price", "Khan", "Evans", "Byrne")]  # fmt: skip
    User.objects.bulk_create(
        User(username=f"bench{number}", rank="PC", collar=str(10_000 + number),
             name=dice.choice(names), unit=teams[number % len(teams)], roles=["officer"])
        for number in range(OFFICERS)
    )  # fmt: skip
    officers = list(User.objects.filter(username__startswith="bench").order_by("pk"))

    def one(name: str, role: str, unit: Any = None) -> Any:
        return User.objects.create(username=name, name=name, roles=[role], unit=unit)

    return World(
        officers[0], one("supervisor", "supervisor", teams[0].parent),
        one("manager", "evidence_manager"), one("auditor", "auditor"), officers,
    )  # fmt: skip


def _copy(table: str, columns: str, rows: Iterator[tuple[Any, ...]]) -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:  # type: ignore[attr-defined]
            for row in rows:
                copy.write_row(row)


def fill(world: World) -> None:
    """The recordings, each with a file and a still, indexed as the actions index them."""
    from django.db import connection

    from evidence.recordings import search
    from evidence.recordings.models import Category, IncidentType, Recording, make_reference

    dice = random.Random(2)
    categories = list(Category.objects.values_list("pk", flat=True))
    incidents = list(IncidentType.objects.values_list("pk", flat=True))
    references = set[str]()
    while len(references) < RECORDINGS:
        references.add(make_reference())
    known = list(references)
    step = timedelta(days=1000) / RECORDINGS

    def recordings() -> Iterator[tuple[Any, ...]]:
        for number, reference in enumerate(known):
            moment = NOW - step * (RECORDINGS - number)
            officer = world.officers[int(len(world.officers) * dice.random() ** 2)]
            note = " ".join(word for word, share in WORDS.items() if dice.random() < share)
            crime = f"01AB/{dice.randrange(10**6)}/26" if dice.random() < 0.3 else ""
            length = dice.randrange(5_000, 3_000_000)
            yield (
                reference, "footage", f"BWC-{officer.pk:06}", officer.pk, "", moment, moment, length,
                moment + timedelta(milliseconds=length),
                dice.choice(categories) if dice.random() < 0.8 else None,
                dice.choice(incidents) if dice.random() < 0.5 else None, crime, note, "",
                "ready" if dice.random() < 0.999 else "unplayable", "", moment,
            )  # fmt: skip

    _copy("recordings_recording", "reference, kind, camera, officer_id, unassigned_because, "
          "recorded_at, happened_at, duration_ms, ends_at, category_id, incident_id, "
          "crime_reference, note, restricted, media, media_reason, created", recordings())  # fmt: skip

    # Read as a whole: while one statement copies, the connection takes no other.
    made = list(Recording.objects.order_by("pk").values_list("pk", "reference", "happened_at"))

    def originals() -> Iterator[tuple[Any, ...]]:
        for pk, reference, moment in made:
            digest = hashlib.sha256(reference.encode()).hexdigest()
            yield (
                pk, reference, str(uuid.uuid4()), f"CH_{pk:07}_{moment:%Y%m%d}.MP4", 10, digest,
                f"o/{reference}", "1", "CH-02", "mp4", moment, moment, moment, moment, "ready", "",
                0, 0, 0,
            )  # fmt: skip

    _copy("recordings_original", "recording_id, reference, upload, file_name, size, sha256, key, "
          "version_id, dock, container, recorded_at, docked_at, sealed_at, checked_at, media, "
          "media_reason, media_attempts, progress, duration_ms", originals())  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO recordings_rendition (original_id, kind, key, content_type, size, sha256, "
            "parent_sha256, tool, tool_version, arguments, facts, created) SELECT id, 'poster', "
            "'p/' || id, 'image/jpeg', 3, sha256, sha256, 'ffmpeg', 'bench', '[]', '{}', now() "
            "FROM recordings_original"
        )
    began = time.perf_counter()
    for done in search.reindex_all(Recording.objects.all(), 5000):
        if done % 100_000 == 0:
            print(f"{done:,} indexed", flush=True)
    print(
        f"Indexed at {RECORDINGS / (time.perf_counter() - began):,.0f} recordings a second",
        flush=True,
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _measure(client: Any, url: str) -> tuple[float, float, int, list[dict[str, Any]]]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def ask() -> float:
        began = time.perf_counter()
        answer = client.get(url)
        spent = time.perf_counter() - began
        assert answer.status_code == 200, (url, answer.status_code)
        return spent

    for _ in range(3):
        ask()
    times = [ask() for _ in range(TIMES)]
    with CaptureQueriesContext(connection) as captured:
        ask()
    queries = list(captured.captured_queries)
    return statistics.median(times), statistics.quantiles(times, n=20)[18], len(queries), queries


def _bare(sql: str, *values: Any) -> float:
    """The rows of the page, by psycopg alone."""
    import psycopg
    from django.db import connection

    known = connection.get_connection_params()
    wanted = {name: known[name] for name in ("dbname", "user", "password", "host", "port")}
    with psycopg.connect(**wanted, autocommit=True) as other:
        times = []
        for _ in range(TIMES + 3):
            began = time.perf_counter()
            other.execute(sql, values).fetchall()
            times.append(time.perf_counter() - began)
    return statistics.median(times[3:])


def _plan(queries: list[dict[str, Any]]) -> None:
    """How each query over recordings is answered: nodes, blocks, and rows looked at in vain."""
    from django.db import connection

    for query in queries:
        sql = query["sql"]
        if not sql.startswith("SELECT") or "recordings_recording" not in sql:
            continue
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + sql.replace("%", "%%"), [])
            [(plan,)] = cursor.fetchall()
        top = (plan if isinstance(plan, list) else json.loads(plan))[0]
        nodes: list[str] = []
        _nodes(top["Plan"], nodes)
        print(f"    {top['Execution Time']:8.1f} ms, {top['Plan'].get('Shared Hit Blocks', 0):6} "
              f"blocks: {' < '.join(nodes)}")  # fmt: skip


def _nodes(node: dict[str, Any], found: list[str]) -> None:
    name = node["Node Type"]
    over = node.get("Index Name") or node.get("Relation Name")
    lost = node.get("Rows Removed by Filter", 0)
    found.append(name + (f" {over}" if over else "") + (f" (-{lost})" if lost else ""))
    for child in node.get("Plans", []):
        _nodes(child, found)


BARE = (
    "SELECT r.*, p.name, p.collar, c.name FROM recordings_recording r "
    "LEFT JOIN people_user p ON p.id = r.officer_id "
    "LEFT JOIN recordings_category c ON c.id = r.category_id "
    "WHERE r.joined_into_id IS NULL AND r.restricted = '' "
)
NEWEST = " ORDER BY r.happened_at DESC, r.id DESC LIMIT 51"


def pages(world: World) -> None:
    """Each page, its median and 95th percentile, next to its rows alone."""
    from django.test import Client

    from evidence.custody.models import Event
    from evidence.recordings.models import Recording

    def signed_in(user: Any) -> Client:
        client = Client()
        client.force_login(user)
        return client

    officer, supervisor, manager, auditor = map(
        signed_in, (world.officer, world.supervisor, world.manager, world.auditor)
    )
    own = Recording.objects.filter(officer=world.officer).order_by("-happened_at").first()
    deep = Recording.objects.order_by("happened_at")[RECORDINGS // 10]
    cursor = f"{deep.happened_at.isoformat()}~{deep.pk}".replace("+", "%2B")
    assert own
    word = "AND r.search @@ phraseto_tsquery('english', %s)"
    team = "AND r.officer_id IN (SELECT u.id FROM people_user u JOIN people_unit t ON t.id = u.unit_id WHERE t.path LIKE %s)"
    path = f"{world.supervisor.unit.path}%"
    Case = tuple[str, Any, str, Callable[[], float]]
    cases: list[Case] = [
        ("My footage", officer, "/footage/",
         lambda: _bare(BARE + "AND r.officer_id = %s" + NEWEST, world.officer.pk)),
        ("My footage, a unit's", supervisor, "/footage/", lambda: _bare(BARE + team + NEWEST, path)),
        ("My footage, everybody's", manager, "/footage/", lambda: _bare(BARE + NEWEST)),
        ("everybody's, deep", manager, f"/footage/?before={cursor}",
         lambda: _bare(BARE + "AND (r.happened_at, r.id) < (%s, %s)" + NEWEST,
                       deep.happened_at, deep.pk)),
        ("Search, own, common word", officer, "/search/?q=street",
         lambda: _bare(BARE + "AND r.officer_id = %s " + word + NEWEST, world.officer.pk, "street")),
        ("Search, unit, common word", supervisor, "/search/?q=street",
         lambda: _bare(BARE + team + word + NEWEST, path, "street")),
        ("Search, unit, rare word", supervisor, "/search/?q=accordion",
         lambda: _bare(BARE + team + word + NEWEST, path, "accordion")),
    ]  # fmt: skip
    for what, asked in (("common word", "street"), ("middling word", "ladder"),
                        ("rare word", "accordion"), ("no such word", "zeppelin"),
                        ("two words", "street knife")):  # fmt: skip
        cases.append((f"Search, all, {what}", manager, f"/search/?q={asked.replace(' ', '+')}",
                      lambda asked=asked: _bare(BARE + word + NEWEST, asked)))  # type: ignore[misc]  # fmt: skip
    cases += [
        ("Search, all, common word, deep", manager, f"/search/?q=street&before={cursor}",
         lambda: _bare(BARE + "AND (r.happened_at, r.id) < (%s, %s) " + word + NEWEST,
                       deep.happened_at, deep.pk, "street")),
        ("Search, all, nothing with filters", manager,
         "/search/?q=street&state=unplayable&length=1&camera=BWC-1",
         lambda: _bare(BARE + word + "AND r.media = 'unplayable' AND r.camera = 'BWC-1'" + NEWEST,
                       "street")),
        ("Search, all, state and length", manager, "/search/?state=unplayable&length=1",
         lambda: _bare(BARE + "AND r.media = 'unplayable' AND r.duration_ms < 60000" + NEWEST)),
        ("Recording", officer, own.get_absolute_url(),
         lambda: _bare(BARE + "AND r.reference = %s", own.reference)),
        ("Admin, recordings", manager, "/admin/recordings/recording/",
         lambda: _bare(BARE + NEWEST)),
        ("Admin, recordings, common word", manager, "/admin/recordings/recording/?q=street",
         lambda: _bare(BARE + word + NEWEST, "street")),
        ("Admin, recordings, rare word", manager, "/admin/recordings/recording/?q=accordion",
         lambda: _bare(BARE + word + NEWEST, "accordion")),
    ]  # fmt: skip
    if Event.objects.exists():
        events = "SELECT index, type, object_ref, actor_ref, time, body FROM custody_event "
        ref = Event.objects.order_by("-index").values_list("object_ref", flat=True)[100]
        cases += [
            ("Admin, custody events", auditor, "/admin/custody/event/",
             lambda: _bare(events + "ORDER BY index DESC LIMIT 50")),
            ("Admin, custody events of one", auditor, f"/admin/custody/event/?q={ref}",
             lambda: _bare(events + "WHERE object_ref = %s ORDER BY index DESC LIMIT 50", ref)),
        ]  # fmt: skip
    print(f"\n{RECORDINGS:,} recordings, {Event.objects.count():,} custody events\n")
    print("| page | median | 95th percentile | queries | its rows by psycopg | ratio |")
    print("|---|---|---|---|---|---|")
    for what, client, url, bare in cases:
        middle, slow, count, queries = _measure(client, url)
        theirs = bare()
        print(f"| {what} | {middle * 1000:.0f} ms | {slow * 1000:.0f} ms | {count} | "
              f"{theirs * 1000:.1f} ms | {middle / theirs:.1f} |", flush=True)  # fmt: skip
        if PLANS:
            _plan(queries)


def main(layout: Any) -> None:
    """All of it, on a database of its own without other processes."""
    from config.stack import prepare
    from tests import bench_custody

    prepare.manage(layout, "migrate", "--no-input", owner=True)
    bench_custody._django()
    from django.conf import settings

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    began = time.perf_counter()
    world = people()
    if EVENTS:
        bench_custody.fill(EVENTS)
    fill(world)
    print(f"Made in {time.perf_counter() - began:.0f} s", flush=True)
    pages(world)
