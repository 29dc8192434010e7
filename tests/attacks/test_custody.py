"""The attacks on the custody log, one a test, as a database owner: each found, and where.

Triggers are off, and where the attack needs it the attacker has the log's keys too.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.conf import settings as live

from evidence.custody import anchors, checkpoints, keys, sequencer, upkeep, verify
from evidence.custody.log import hashing, jcs, keyring, note
from evidence.custody.log.checkpoint import Checkpoint as Body
from evidence.custody.models import Alarm, Checkpoint, Event, Private
from evidence.custody.record import service
from evidence.custody.units import Fault
from evidence.custody.witness.server import Server, Witness
from evidence.custody.witness.state import Memory
from evidence.recordings import audits
from evidence.store import s3
from tests.custody import fill, owner, recompute, tamper, write

pytestmark = pytest.mark.django_db(transaction=True)
SIZE = 300


@pytest.fixture
def log() -> int:
    """A log of 300 events, signed and published."""
    fill(SIZE)
    signed = checkpoints.sign()
    assert signed
    anchors.publish_tiles(signed)
    anchors.to_bucket(signed)
    assert found() == []
    return signed.size


def found() -> list[Fault]:
    return list(verify.faults())


def first() -> int:
    return min(fault.index for fault in found())


def refused() -> str:
    """What the signer says when it is asked to sign on."""
    sequencer.run()
    with pytest.raises(checkpoints.LogBroken) as caught:
        checkpoints.sign()
    assert Alarm.objects.filter(source="signer").exists()
    return str(caught.value)


def body_of(index: int) -> dict[str, Any]:
    return Event.objects.get(index=index).parsed()


def test_edit_a_body(log: int) -> None:
    body = body_of(123)
    body["outcome"] = "denied"
    tamper("UPDATE custody_event SET body = %s WHERE index = 123", jcs.canonical(body))
    assert first() == 123


def test_edit_a_body_and_its_leaf(log: int) -> None:
    raw = jcs.canonical(body_of(123) | {"outcome": "denied"})
    tamper(
        "UPDATE custody_event SET body = %s, outcome = 'denied', leaf = %s WHERE index = 123",
        raw, hashing.leaf_hash(raw),
    )  # fmt: skip
    assert first() == 123
    write("R-1")
    # The tree was not made anew, so the stored root still stands; the audit has found it.
    checkpoints.sign()
    assert first() == 123


def test_delete_an_event(log: int) -> None:
    tamper("DELETE FROM custody_event WHERE index = 77")
    assert first() == 77


def test_insert_an_event_that_was_never_recorded(log: int) -> None:
    """Back-dated, in the middle, everything after it moved on and the whole tree made anew."""
    with owner() as cursor:
        cursor.execute("UPDATE custody_event SET index = index + 100000 WHERE index >= 50")
        cursor.execute("UPDATE custody_event SET index = index - 99999 WHERE index >= 50")
        body = body_of(49) | {"id": "01900000-0000-7000-8000-000000000001"}
        raw = jcs.canonical(body)
        cursor.execute(
            "INSERT INTO custody_event SELECT 50, %s, type, object_ref, 999, actor_ref, outcome,"
            " time, %s, %s FROM custody_event WHERE index = 49",
            [body["id"], raw, hashing.leaf_hash(raw)],
        )
        recompute(cursor)
    assert first() == 50
    assert "from event 50 on" in refused()


def test_reorder_two_events(log: int) -> None:
    with owner() as cursor:
        cursor.execute("UPDATE custody_event SET index = 99999 WHERE index = 20")
        cursor.execute("UPDATE custody_event SET index = 20 WHERE index = 21")
        cursor.execute("UPDATE custody_event SET index = 21 WHERE index = 99999")
    assert first() == 20


def test_truncate_the_newest_events(log: int) -> None:
    """Also the ones that nobody holds a proof of: the signer remembers how many there were."""
    tamper("DELETE FROM custody_event WHERE index >= 290")
    tamper("DELETE FROM custody_node WHERE (position + 1) << level > 290")
    assert first() == 290
    assert f"{SIZE} events were signed and only 290 are there" in refused()


def test_truncate_with_the_checkpoints(log: int) -> None:
    """The database knows of nothing any more; the bucket and the signer do."""
    tamper("DELETE FROM custody_event WHERE index >= 290")
    tamper("DELETE FROM custody_node WHERE (position + 1) << level > 290")
    tamper("DELETE FROM custody_checkpoint")
    assert first() == 290
    assert {fault.what for fault in found()} >= {"bucket", "signer"}


def test_swap_the_object_that_an_event_is_about(log: int) -> None:
    body = body_of(200)
    body["object"]["ref"] = "R-other"
    raw = jcs.canonical(body)
    with owner() as cursor:
        cursor.execute(
            "UPDATE custody_event SET body = %s, object_ref = 'R-other' WHERE index = 200", [raw]
        )
        recompute(cursor)
    assert first() == 200
    assert "from event 200 on" in refused()


def test_swap_the_footage_in_the_store(film: bytes, dock: Any, camera: Any) -> None:
    from tests import factories

    recording = factories.docked(dock, film)
    sequencer.run()
    original = recording.originals.get()
    index = Event.objects.get(object_ref=original.reference, type="evidence.received").index
    # Somebody with the store's keys writes other bytes as a new version, and points the row at it.
    other = film[:-1] + b"x"
    answer = s3.client().put_object(Bucket=s3.bucket("originals"), Key=original.key, Body=other)
    type(original).objects.filter(pk=original.pk).update(version_id=answer["VersionId"])
    outcome = audits.walk(objects="all", workers=1)
    assert [(fault.what, fault.index) for fault in outcome.faults] == [("object", index)]


def test_restore_an_old_backup(log: int) -> None:
    """Everything in the database as it was at 200 events, checkpoints too; then life goes on."""
    with owner() as cursor:
        cursor.execute("DELETE FROM custody_event WHERE index >= 200")
        cursor.execute("DELETE FROM custody_node WHERE (position + 1) << level > 200")
        cursor.execute("DELETE FROM custody_checkpoint WHERE size > 200")
    assert "were signed and only 200 are there" in refused()
    write("R-1")
    assert "were signed and only 201 are there" in refused()


def test_a_restored_log_is_signed_only_after_it_says_so_itself(log: int) -> None:
    with owner() as cursor:
        cursor.execute("DELETE FROM custody_event WHERE index >= 200")
        cursor.execute("DELETE FROM custody_node WHERE (position + 1) << level > 200")
    refused()
    body, entries = upkeep.rebuild()
    assert body.size == SIZE
    assert upkeep.write_back(entries) == 100
    write("R-1")
    assert "manage.py custody restored" in refused()
    upkeep.restored("DS Lane", "Disk failed; restored from last night's backup", 100)
    signed = checkpoints.sign()
    assert signed
    assert signed.size == sequencer.tree_size()
    assert [fault for fault in found() if fault.what != "private"] == []


def test_recompute_the_whole_tree_and_sign_it_with_the_stolen_key(log: int) -> None:
    """The attacker has the database and the signing keys; not the signer's memory, not the bucket."""
    with owner() as cursor:
        raw = jcs.canonical(body_of(10) | {"outcome": "denied"})
        cursor.execute(
            "UPDATE custody_event SET body = %s, outcome = 'denied' WHERE index = 10", [raw]
        )
        recompute(cursor)
        forge_checkpoint(cursor)
    assert first() == 10
    assert "from event 10 on" in refused()


def forge_checkpoint(cursor: Any, size: int = SIZE) -> str:
    root = hashing.tree_root(size, sequencer.TreeReader())
    signing = keyring.signing_keys(Path(live.KEYS_DIR), live.CUSTODY_ORIGIN)
    text = note.sign(Body(live.CUSTODY_ORIGIN, size, root).body(), signing)
    cursor.execute("DELETE FROM custody_checkpoint")
    cursor.execute(
        "INSERT INTO custody_checkpoint (size, root, note, created) VALUES (%s, %s, %s, now())",
        [size, root, text],
    )
    return text


def test_the_same_with_the_signers_memory_replaced_too(log: int, settings: Any) -> None:
    """Only what lies outside is left: the write-once bucket."""
    with owner() as cursor:
        raw = jcs.canonical(body_of(10) | {"outcome": "denied"})
        cursor.execute(
            "UPDATE custody_event SET body = %s, outcome = 'denied' WHERE index = 10", [raw]
        )
        recompute(cursor)
        forge_checkpoint(cursor)
    settings.SIGNER_STATE = settings.SIGNER_STATE.with_name("another.sqlite")
    upkeep.adopt()
    assert first() == 10
    with pytest.raises(anchors.Disagreement, match="checkpoint of 300"):
        s3_again(Checkpoint.objects.get())


def s3_again(checkpoint: Checkpoint) -> None:
    """Anchor once more, the database's own memory of it being gone."""
    tamper("DELETE FROM custody_anchor")
    anchors.to_bucket(checkpoint)


@pytest.fixture
def witness(tmp_path: Path, settings: Any) -> Iterator[Witness]:
    """A witness of ours, over HTTP, that knows this log."""
    key = note.WitnessKey.from_seed("witness.test/w1", secrets.token_bytes(32))
    logs = {live.CUSTODY_ORIGIN: keys.log_verifiers()}
    made = Witness(key, logs, tmp_path / "witness.sqlite")
    server = Server(("127.0.0.1", 0), made)
    Thread(target=server.serve_forever, daemon=True).start()
    settings.WITNESSES = [(str(key.verifier), f"http://127.0.0.1:{server.server_address[1]}")]
    yield made
    server.shutdown()
    server.server_close()


def test_fork_for_two_audiences(witness: Witness, settings: Any) -> None:
    """One history was shown to the witness; another, signed with the same keys, is refused."""
    fill(40)
    signed = checkpoints.sign()
    assert signed
    anchors.everything()
    assert len(note.verify(signed.signed(), [witness.key.verifier]).signers) == 1
    with owner() as cursor:
        raw = jcs.canonical(body_of(5) | {"outcome": "denied"})
        cursor.execute(
            "UPDATE custody_event SET body = %s, outcome = 'denied' WHERE index = 5", [raw]
        )
        recompute(cursor)
        cursor.execute("DELETE FROM custody_anchor WHERE kind <> 'witness'")
    settings.SIGNER_STATE = settings.SIGNER_STATE.with_name("another.sqlite")
    settings.CUSTODY_FOLDER = "elsewhere/" + secrets.token_hex(4) + "/"
    tamper("DELETE FROM custody_checkpoint")
    upkeep.adopt()
    write("R-1")
    assert checkpoints.sign()
    with pytest.raises(anchors.Disagreement, match="another history"):
        anchors.everything()
    assert len(Memory(witness.memory).refused()) == 1
    assert Alarm.objects.filter(source="witness").exists()
    sequencer.run()
    said = Event.objects.get(type="checkpoint.refused").parsed()
    assert said["outcome"] == "failed"


def test_a_stolen_log_key_without_a_witness_is_seen_by_whoever_holds_an_older_checkpoint(
    log: int,
) -> None:
    held = Checkpoint.objects.get().note
    with owner() as cursor:
        raw = jcs.canonical(body_of(10) | {"outcome": "denied"})
        cursor.execute("UPDATE custody_event SET body = %s WHERE index = 10", [raw])
        recompute(cursor)
        forged = forge_checkpoint(cursor)
    one, two = (note.open_checkpoint(text, keys.log_verifiers()) for text in (held, forged))
    with pytest.raises(hashing.ProofError, match="different roots"):
        hashing.check_consistency(one.size, two.size, one.root, two.root, [])


def test_a_stolen_log_key_with_a_witness_makes_nothing_that_a_policy_accepts(
    witness: Witness, log: int
) -> None:
    from evidence.custody.log import policy

    trusted = policy.parse(keys.policy())
    with owner() as cursor:
        forged = forge_checkpoint(cursor)
    opened = note.verify(forged, trusted.keys)
    with pytest.raises(policy.PolicyError, match="quorum"):
        trusted.check(SIZE, opened.signers)
    anchors.everything()
    good = Checkpoint.objects.get().signed()
    trusted.check(SIZE, note.verify(good, trusted.keys).signers)


def test_replay_an_event_of_another_log(log: int) -> None:
    body = body_of(3) | {"log": "other.test/custody", "id": "01900000-0000-7000-8000-000000000009"}
    body["object"] = {"ref": "R-new", "seq": 1, "prev": None}
    raw = jcs.canonical(body)
    end = sequencer.tree_size()
    with owner() as cursor:
        cursor.execute(
            f"INSERT INTO custody_event SELECT {end}, %s, type, 'R-new', 1, actor_ref, outcome, time,"
            " %s, %s FROM custody_event WHERE index = 3",
            [body["id"], raw, hashing.leaf_hash(raw)],
        )
        recompute(cursor)
    assert first() == end
    assert f"event {end}: it is of another log" in refused()


def test_replay_an_event_of_this_log(log: int) -> None:
    """The same event again, under the same id, at the end; the database's own index dropped."""
    raw, end = jcs.canonical(body_of(3)), sequencer.tree_size()
    with owner() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'custody_event_0'"
                       " AND indexdef LIKE %s", ["%UNIQUE%(id)"])  # fmt: skip
        names = [name for (name,) in cursor.fetchall()]
        assert names
        for name in names:
            cursor.execute(f'ALTER TABLE custody_event_0 DROP CONSTRAINT IF EXISTS "{name}"')
            cursor.execute(f'DROP INDEX IF EXISTS "{name}"')
        try:
            cursor.execute(
                f"INSERT INTO custody_event SELECT {end}, id, type, object_ref, 999, actor_ref,"
                " outcome, time, %s, %s FROM custody_event WHERE index = 3",
                [raw, hashing.leaf_hash(raw)],
            )
            recompute(cursor)
            assert first() == end
            assert f"event {end}: its id stands in the log already" in refused()
        finally:
            cursor.execute(f"DELETE FROM custody_event WHERE index = {end}")
            cursor.execute("CREATE UNIQUE INDEX ON custody_event_0 (id)")


def test_remove_a_private_row_without_its_event(log: int) -> None:
    event = Event.objects.get(index=42)
    tamper("DELETE FROM custody_private WHERE event_id = %s", event.id)
    assert [(fault.index, fault.what) for fault in found()] == [(42, "private")]


def test_a_private_row_removed_with_its_event_is_no_fault(log: int) -> None:
    event = Event.objects.get(index=42)
    upkeep.erase([event.id], by=service("test"), authority="s.47", reason="asked")
    sequencer.run()
    assert not Private.objects.filter(event_id=event.id).exists()
    assert found() == []


def test_change_what_stands_in_the_columns_only(log: int) -> None:
    """What lists and filters show, while the body says something else."""
    tamper("UPDATE custody_event SET actor_ref = 'u-innocent' WHERE index = 9")
    assert first() == 9
    tamper("UPDATE custody_event SET time = now() WHERE index = 8")
    assert first() == 8


def test_a_checkpoint_that_was_never_signed(log: int) -> None:
    tamper("UPDATE custody_checkpoint SET note = replace(note, 'custody\n', 'custodx\n')")
    assert {fault.what for fault in found()} == {"checkpoint"}
