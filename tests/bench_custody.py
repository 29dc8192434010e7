"""The custody log's figures: numbering, walking and proving a million events.

`make bench` runs it with the rest; `python -m tests.bench custody` alone. BENCH_EVENTS sets
another number of events.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

EVENTS = int(os.environ.get("BENCH_EVENTS", "1000000"))
BATCHES = 20_000
CHUNK = 20_000


def _django() -> None:
    os.environ["BWV_SIGNER_URL"] = ""
    import django

    django.setup()


def _wait(count: int) -> None:
    from django.db import transaction

    from evidence.custody.record import Draft, Subject, record, service

    actor = service("bench")
    for start in range(0, count, 200):
        with transaction.atomic():
            for number in range(start, min(start + 200, count)):
                record(
                    Draft("evidence.viewed", Subject(f"R-{number % 997}"), actor,
                          private={"name": "PC 1 A", "address": "127.0.0.1"})
                )  # fmt: skip


def numbering() -> None:
    """How fast waiting events are numbered, next to bare COPY of the same rows."""
    from django.db import connection, transaction

    from evidence.custody import record as writing
    from evidence.custody import sequencer
    from evidence.custody.models import Event, Node

    writing._number_it = lambda: None
    ours, theirs = [], []
    for _ in range(5):
        before = sequencer.tree_size()
        _wait(BATCHES)
        began = time.perf_counter()
        assert sequencer.run() == BATCHES
        ours.append(BATCHES / (time.perf_counter() - began))
        rows = list(Event.objects.filter(index__gte=before).values_list(*sequencer.EVENT_COLUMNS))
        nodes = list(Node.objects.values_list("level", "position", "hash")[: 2 * BATCHES])
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE bare_event (LIKE custody_event_0 INCLUDING ALL)")
            cursor.execute("CREATE TABLE bare_node (LIKE custody_node INCLUDING ALL)")
        began = time.perf_counter()
        for start in range(0, len(rows), sequencer.BATCH):
            with transaction.atomic(), connection.cursor() as cursor:
                with cursor.copy("COPY bare_event FROM STDIN") as copy:  # type: ignore[attr-defined]
                    for row in rows[start : start + sequencer.BATCH]:
                        copy.write_row(row)
                with cursor.copy("COPY bare_node FROM STDIN") as copy:  # type: ignore[attr-defined]
                    for node in nodes[2 * start : 2 * (start + sequencer.BATCH)]:
                        copy.write_row(node)
        theirs.append(BATCHES / (time.perf_counter() - began))
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE bare_event, bare_node")
    one, two = statistics.median(ours), statistics.median(theirs)
    print(f"| events numbered a second | {one:,.0f} | COPY of the same rows | {two:,.0f} | "
          f"{one / two:.2f} | 3,000/s |", flush=True)  # fmt: skip


def acting() -> None:
    """What an action waits for its event while others are being numbered all the time."""
    from django.db import connection, transaction

    from evidence.custody import record as writing
    from evidence.custody import sequencer
    from evidence.custody.record import Draft, Subject, record, service

    def number() -> None:
        sequencer.run(wait=False)

    writing._number_it = number
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            sequencer.run()
        connection.close()

    def act(number: int) -> float:
        began = time.perf_counter()
        with transaction.atomic():
            record(Draft("evidence.viewed", Subject(f"R-{number}"), service("bench"), private={}))
        return time.perf_counter() - began

    alone = [act(number) for number in range(300)]
    other = threading.Thread(target=busy)
    other.start()
    beside = [act(number) for number in range(300)]
    stop.set()
    other.join()
    slow, quick = statistics.quantiles(beside, n=100)[98], statistics.quantiles(alone, n=100)[98]
    print(f"| an action with its event, 99th percentile, beside a busy sequencer | "
          f"{slow * 1000:.1f} ms | alone | {quick * 1000:.1f} ms | {slow / quick:.2f} | "
          "no wait |", flush=True)  # fmt: skip


def rows(count: int, start: int, latest: str, heads: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    from datetime import UTC, datetime

    from django.conf import settings

    from evidence.custody import sequencer
    from evidence.custody.log import jcs

    moment = datetime.now(UTC)
    stamp = max(moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), latest)
    for index in range(start, start + count):
        ref = f"R-{index % 50_000}"
        seq, prev = heads.get(ref, (0, None))
        draft = {
            "v": 1, "log": settings.CUSTODY_ORIGIN, "id": str(uuid.uuid4()), "time": stamp,
            "type": "evidence.verified", "outcome": "ok",
            "actor": {"kind": "service", "ref": "svc-audit"},
            "object": {"ref": ref, "seq": seq + 1, "prev": prev},
            "data": {"found_sha256": "0" * 64, "found_size": index},
        }  # fmt: skip
        event = sequencer.event_row(index, jcs.canonical(draft), draft)
        heads[ref] = (seq + 1, event[-1].hex())
        yield event


def fill(count: int) -> None:
    """Events as the sequencer would write them, without the wait for a transaction each."""
    from django.db import transaction

    from evidence.custody import sequencer
    from evidence.custody.log import hashing
    from evidence.custody.models import Event

    index = sequencer.tree_size()
    last = Event.objects.order_by("-index").first()
    latest = "" if last is None else str(last.parsed()["time"])
    heads: dict[str, Any] = dict(sequencer._heads({f"R-{n}" for n in range(50_000)}))
    read = sequencer.TreeReader()
    while index < count:
        made = list(rows(min(CHUNK, count - index), index, latest, heads))
        nodes = []
        for event in made:
            for level, at, value in hashing.completed_nodes(event[0], event[-1], read):
                read.known[level, at] = value
                nodes.append((level, at, value))
        with transaction.atomic():
            sequencer.copy_events(made)
            sequencer.copy_nodes(nodes)
        index += len(made)


WALK = """
import os, sys, time, django
django.setup()
from evidence.custody import verify
began = time.perf_counter()
found = list(verify.faults(workers=int(sys.argv[1])))
assert not found, found[:3]
lines = open("/proc/self/status").read().splitlines()
peak = next(line.split()[1] for line in lines if line.startswith("VmHWM"))
print(time.perf_counter() - began, int(peak) // 1024)
"""


def walk(workers: int) -> tuple[float, int]:
    done = subprocess.run(
        [sys.executable, "-c", WALK, str(workers)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    seconds, megabytes = done.stdout.split()
    return float(seconds), int(megabytes)


def walking() -> None:
    from django.db import connection

    from evidence.custody import checkpoints, sequencer

    cores = os.cpu_count() or 1
    figures = {}
    for size in (EVENTS // 10, EVENTS):
        fill(size)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE custody_event")
            cursor.execute("ANALYZE custody_node")
        began = time.perf_counter()
        signed = checkpoints.sign()
        assert signed
        print(f"\nSigned {sequencer.tree_size():,} events in {time.perf_counter() - began:.1f} s")
        figures[size] = walk(1)
    single, alone = figures[EVENTS]
    seconds, _ = min(walk(cores) for _ in range(3))
    print(f"Walked {EVENTS:,} events in {seconds:.1f} s: {EVENTS / seconds:,.0f}/s with {cores} "
          f"processes (aim: 100,000/s), {EVENTS / single:,.0f}/s with one; memory {alone} MB, at a "
          f"tenth of the events {figures[EVENTS // 10][1]} MB (aim: does not grow)", flush=True)  # fmt: skip


def proving() -> None:
    from evidence.custody import checkpoints
    from evidence.custody.models import Checkpoint

    newest = Checkpoint.objects.order_by("-size").first()
    assert newest
    dice = random.Random(1)
    times = []
    for _ in range(1000):
        began = time.perf_counter()
        checkpoints.prove_to(dice.randrange(newest.size), newest)
        times.append(time.perf_counter() - began)
    middle, last = statistics.median(times), statistics.quantiles(times, n=100)[98]
    print(f"A proof at {newest.size:,} events: median {middle * 1000:.1f} ms, 99th percentile "
          f"{last * 1000:.1f} ms (aim: 50 ms)", flush=True)  # fmt: skip


def main(layout: Any) -> None:
    """All of it, on a database of its own without other processes."""
    from config.stack import prepare

    prepare.manage(layout, "migrate", "--no-input", owner=True)
    _django()
    numbering()
    acting()
    walking()
    proving()
    state = layout.data / "signer" / "state.sqlite"
    from evidence.custody import sequencer

    held = sum(path.stat().st_size for path in state.parent.iterdir())
    print(f"The signer's memory: {held / sequencer.tree_size():.0f} bytes an event")
