"""The signer: its memory, what it refuses, and that it survives being killed."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import urllib3
from django.conf import settings as live
from django.db import connection

from evidence.custody import checkpoints, keys, sequencer, signing, upkeep
from evidence.custody.log import hashing, note
from evidence.custody.log.keys import COSIGNATURE_MLDSA44, ED25519
from evidence.custody.models import Alarm, Checkpoint, Event
from evidence.custody.signer.state import State, StateMissing
from tests.custody import fill, owner, tamper, write
from tests.embedded import free_ports


@pytest.mark.django_db
def test_a_checkpoint_has_both_lines_of_the_logs_own_keys() -> None:
    write("R-1")
    signed = checkpoints.sign()
    assert signed
    opened = note.verify(signed.note, keys.log_verifiers())
    assert {key.kind for key in opened.signers} == {ED25519, COSIGNATURE_MLDSA44}
    assert {key.name for key in opened.signers} == {live.CUSTODY_ORIGIN}


@pytest.mark.django_db
def test_the_same_size_again_is_the_same_note() -> None:
    write("R-1")
    first = signing.ask()
    assert signing.ask() == first
    write("R-1")
    assert signing.ask() != first


@pytest.mark.django_db
def test_an_empty_log_is_not_signed() -> None:
    assert checkpoints.sign() is None
    with pytest.raises(signing.NothingToSign):
        signing.ask()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE custody_event SET body = 'x' WHERE index = 4", "event 4: its leaf is not"),
        ("UPDATE custody_event SET leaf = sha256('x') WHERE index = 4", "event 4: its leaf is not"),
        ("UPDATE custody_event SET id = gen_random_uuid() WHERE index = 4", "event 4: its id"),
        ("DELETE FROM custody_event WHERE index = 4", "event 4 is missing"),
        ("UPDATE custody_node SET hash = sha256('x') WHERE level = 1 AND position = 2",
         "not the one that the events give"),
        ("UPDATE custody_node SET hash = sha256('x') WHERE level = 0 AND position = 2",
         "from event 2 on"),
        ("DELETE FROM custody_node WHERE level = 1 AND position = 0", "from event 0 on"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_not_signed_and_kept_as_an_alarm(statement: str, says: str) -> None:
    """Three events are signed; four more come, and something is changed before they are."""
    fill(3, 1)
    assert checkpoints.sign()
    fill(4, 1)
    tamper(statement)
    for _ in range(2):  # the second time too, and with one alarm
        with pytest.raises(checkpoints.LogBroken, match=says):
            checkpoints.sign()
    assert Checkpoint.objects.count() == 1
    assert says in Alarm.objects.get().sentence
    state = signing.open_state()
    assert says in state.alarms()[0][1]
    state.close()


@pytest.mark.django_db(transaction=True)
def test_an_event_from_the_future_or_older_than_the_last_is_not_signed() -> None:
    import re

    from evidence.custody.log import jcs

    fill(3, 1)
    for year, says in (("2099", "from the future"), ("1999", "older than the event before")):
        event = Event.objects.get(index=2)
        body = jcs.parse(bytes(event.body))
        before = bytes(event.body), bytes(event.leaf)
        body["time"] = re.sub(r"^\d{4}", year, str(body["time"]))
        raw = jcs.canonical(body)
        set_event(2, raw)
        with pytest.raises(checkpoints.LogBroken, match=says):
            checkpoints.sign()
        set_event(2, before[0])


def set_event(index: int, raw: bytes) -> None:
    with owner() as cursor:
        cursor.execute(
            "UPDATE custody_event SET body = %s, leaf = %s WHERE index = %s",
            [raw, hashing.leaf_hash(raw), index],
        )


@pytest.mark.django_db
def test_a_signer_without_a_memory_does_not_start_one_by_itself(tmp_path: Path) -> None:
    with pytest.raises(StateMissing, match="custody adopt"):
        State(tmp_path / "none.sqlite")
    State.create(tmp_path / "one.sqlite").close()
    with pytest.raises(FileExistsError):
        State.create(tmp_path / "one.sqlite")
    assert (tmp_path / "one.sqlite").stat().st_mode & 0o077 == 0


@pytest.mark.django_db(transaction=True)
def test_adopting_a_log_needs_a_checkpoint_that_it_fits(settings: Any) -> None:
    fill(20)
    first = checkpoints.sign()
    assert first
    fill(5)
    settings.SIGNER_STATE = settings.SIGNER_STATE.with_name("new.sqlite")
    assert upkeep.adopt() == 20
    with pytest.raises(upkeep.UpkeepError, match="memory already"):
        upkeep.adopt()
    second = checkpoints.sign()
    assert second
    assert second.size == 25
    settings.SIGNER_STATE = settings.SIGNER_STATE.with_name("third.sqlite")
    tamper("UPDATE custody_event SET outcome = 'denied' WHERE index = 3")
    set_event(3, bytes(Event.objects.get(index=3).body).replace(b'"ok"', b'"no"'))
    with pytest.raises(upkeep.UpkeepError, match="does not fit"):
        upkeep.adopt(second.note)
    assert not settings.SIGNER_STATE.exists()


@pytest.mark.django_db
def test_keys_are_rotated_with_an_overlap_and_the_policy_says_so(
    settings: Any, tmp_path: Path
) -> None:
    from evidence.custody.log import policy
    from evidence.custody.log.keyring import KeyUnusable

    settings.KEYS_DIR = tmp_path / "keys"
    settings.KEYRING = settings.KEYS_DIR / "log.keyring"
    keys.make()
    write("R-1")
    old = checkpoints.sign()
    assert old
    upkeep.begin_rotation("DS Lane")
    sequencer.run()
    both = checkpoints.sign()
    assert both
    assert len(note.verify(both.note, keys.log_verifiers()).signers) == 4
    with pytest.raises(upkeep.UpkeepError, match="two persons"):
        upkeep.finish_rotation("DS Lane", "one")
    seeds = sorted(path.name for path in settings.KEYS_DIR.glob("log*.seed"))
    upkeep.finish_rotation("DS Lane", "DS Lane, PS Hughes")
    assert len(list(settings.KEYS_DIR.glob("log*.seed"))) == len(seeds) - 2
    sequencer.run()
    new = checkpoints.sign()
    assert new
    assert len(note.verify(new.note, keys.log_verifiers()).signers) == 2
    trusted = policy.parse(keys.policy())
    for row in (old, both, new):
        trusted.check(row.size, note.verify(row.note, trusted.keys).signers)
    stolen = [key for key in keys.generations()[0].verifiers if key.kind == ED25519]
    with pytest.raises(policy.PolicyError):  # the old key, after its end
        trusted.check(new.size + 1, stolen)
    types = [event.type for event in Event.objects.order_by("index")]
    assert types.count("key.rotated") == 2
    with pytest.raises(KeyUnusable, match="No rotation"):
        upkeep.finish_rotation("DS Lane", "a, b")


# --- as a process of its own, over a database role that may only read ----------------


class Process:
    """A signer's process over the tests' own database."""

    def __init__(self, folder: Path) -> None:
        self.port = free_ports()["BWV_SIGNER_PORT"]
        self.folder, self.token = folder, "a word"
        database = connection.settings_dict
        user = "bwv_test_signer"
        self._role(user)
        url = f"postgres://{user}:x@{database['HOST']}:{database['PORT']}/{database['NAME']}"
        self.environment = {
            **os.environ, "BWV_SIGNER_DATABASE_URL": url, "BWV_SIGNER_TOKEN": self.token,
            "BWV_SIGNER_STATE": str(folder / "state.sqlite"), "BWV_ORIGIN": live.CUSTODY_ORIGIN,
            "BWV_KEYS": str(live.KEYS_DIR), "BWV_SIGNER_LISTEN": f"127.0.0.1:{self.port}",
        }  # fmt: skip
        self.child: subprocess.Popen[bytes] | None = None

    def _role(self, user: str) -> None:
        from tests.embedded import LAYOUT

        assert LAYOUT
        name = connection.settings_dict["NAME"]
        with psycopg.connect(
            host="127.0.0.1", port=LAYOUT.port("postgres"), user="postgres", dbname=name,
            password=LAYOUT.secret("database-super"), autocommit=True,
        ) as admin:  # fmt: skip
            if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [user]).fetchone():
                admin.execute(f"CREATE ROLE {user} LOGIN PASSWORD 'x'")
            admin.execute(f"GRANT USAGE ON SCHEMA public TO {user}")
            admin.execute(f"GRANT SELECT ON custody_event, custody_node TO {user}")

    def start(self) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-m", "evidence.custody.signer"], env=self.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if self.ask("GET", "/state")[0] == 200:
                    return
            except urllib3.exceptions.HTTPError:
                time.sleep(0.1)
        raise AssertionError("the signer did not start")

    def ask(self, method: str, path: str, token: str = "") -> tuple[int, str]:
        answer = urllib3.request(
            method, f"http://127.0.0.1:{self.port}{path}", retries=False, timeout=20,
            headers={"Authorization": f"Bearer {token or self.token}"},
        )  # fmt: skip
        return answer.status, answer.data.decode()

    def kill(self) -> None:
        if self.child is not None:
            self.child.send_signal(signal.SIGKILL)
            self.child.wait()


@pytest.fixture
def process(tmp_path: Path, transactional_db: None) -> Iterator[Process]:
    made = Process(tmp_path)
    State.create(tmp_path / "state.sqlite").close()
    made.start()
    yield made
    made.kill()


def test_the_process_signs_over_a_role_that_may_only_read(process: Process, settings: Any) -> None:
    settings.SIGNER_URL = f"http://127.0.0.1:{process.port}"
    settings.SIGNER_TOKEN = process.token
    assert process.ask("POST", "/sign")[0] == 422  # empty
    fill(10)
    signed = checkpoints.sign()
    assert signed
    assert signed.size == 10
    assert json.loads(process.ask("GET", "/state")[1])["size"] == 10
    assert process.ask("POST", "/sign", token="another")[0] == 404
    assert process.ask("GET", "/sign")[0] == 404
    tamper("DELETE FROM custody_event WHERE index = 9")
    with pytest.raises(checkpoints.LogBroken, match="only 9 are there"):
        signing.ask()
    process.kill()
    with pytest.raises(checkpoints.SignerAway):
        signing.ask()


def test_a_signer_that_is_killed_signs_no_fork(process: Process, tmp_path: Path) -> None:
    """kill -9 at random while it signs; each note that left it is consistent with all others."""
    import random

    from evidence.custody.sequencer import TreeReader

    chance = random.Random(3)
    notes: list[str] = []
    for _ in range(15):
        fill(chance.randrange(1, 40))
        try:
            if chance.random() < 0.5:
                killer = subprocess.Popen(
                    [sys.executable, "-c", f"import os,time;time.sleep({chance.random() * 0.05});"
                     f"os.kill({process.child.pid if process.child else 0}, 9)"]
                )  # fmt: skip
                status, text = process.ask("POST", "/sign")
                killer.wait()
            else:
                status, text = process.ask("POST", "/sign")
            if status == 200:
                notes.append(text)
        except urllib3.exceptions.HTTPError:
            killer.wait()
        if process.child and process.child.poll() is not None:
            process.start()
    process.kill()
    process.start()
    status, text = process.ask("POST", "/sign")
    assert status == 200, text
    trees = [note.open_checkpoint(item, keys.log_verifiers()) for item in [*notes, text]]
    assert trees[-1].size == sequencer.tree_size()
    for one, two in itertools.pairwise(trees):
        path = hashing.consistency_proof(one.size, two.size, TreeReader())
        hashing.check_consistency(one.size, two.size, one.root, two.root, path)
    with sqlite3.connect(tmp_path / "state.sqlite") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT count(*) FROM entry").fetchone() == (trees[-1].size,)


def test_a_signers_memory_from_an_old_backup_is_seen(process: Process, tmp_path: Path) -> None:
    """It then signs nothing wrong either: what it has forgotten it checks again from the log."""
    fill(5)
    assert process.ask("POST", "/sign")[0] == 200
    process.kill()
    for name in ("state.sqlite", "state.sqlite-wal"):
        if (tmp_path / name).exists():
            shutil.copy(tmp_path / name, tmp_path / f"old-{name}")
    process.start()
    fill(5)
    first = process.ask("POST", "/sign")[1]
    process.kill()
    for name in ("state.sqlite", "state.sqlite-wal", "state.sqlite-shm"):
        (tmp_path / name).unlink(missing_ok=True)
        if (tmp_path / f"old-{name}").exists():
            shutil.copy(tmp_path / f"old-{name}", tmp_path / name)
    process.start()
    again = process.ask("POST", "/sign")[1]
    one, two = (note.open_checkpoint(text, keys.log_verifiers()) for text in (first, again))
    assert (one.size, one.root) == (two.size, two.root)


@pytest.mark.django_db
@pytest.mark.parametrize("step", ["begun", "finished"])
def test_a_rotation_that_died_before_its_event_is_written_down_when_asked_again(
    step: str, settings: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    settings.KEYS_DIR = tmp_path / "keys"
    settings.KEYRING = settings.KEYS_DIR / "log.keyring"
    keys.make()
    write("R-1")

    def act() -> None:
        if step == "begun":
            upkeep.begin_rotation("DS Lane")
        else:
            upkeep.finish_rotation("DS Lane", "A, B")

    if step == "finished":
        upkeep.begin_rotation("DS Lane")
    before = Event.objects.filter(type="key.rotated").count()

    class Died(Exception):
        pass

    def die(*_: Any, **__: Any) -> None:
        raise Died

    monkeypatch.setattr(upkeep, "record", die)
    with pytest.raises(Died):
        act()
    monkeypatch.undo()
    settings.KEYS_DIR = tmp_path / "keys"
    settings.KEYRING = settings.KEYS_DIR / "log.keyring"
    act()
    assert Event.objects.filter(type="key.rotated").count() == before + 1
    assert len(keys.generations()) == 2
    assert checkpoints.sign()
