"""One writer, one order, nothing taken back."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction
from django.db.utils import DatabaseError

from evidence.custody import checkpoints, sequencer, upkeep, verify
from evidence.custody.log import jcs, proof
from evidence.custody.log import note as formats
from evidence.custody.models import Checkpoint, Event, Node, Pending, Private
from evidence.custody.record import CustodyError, Draft, Subject, record, service
from evidence.custody.vocabulary import types
from tests.custody import look, tamper, write
from tests.embedded import LAYOUT


@pytest.mark.django_db
def test_each_object_is_counted_from_one_and_chained() -> None:
    write("R-1", "R-2", "R-1")
    bodies = [event.parsed() for event in Event.objects.filter(object_ref="R-1").order_by("seq")]
    leaves = list(
        Event.objects.filter(object_ref="R-1").order_by("seq").values_list("leaf", flat=True)
    )
    assert [body["object"]["seq"] for body in bodies] == [1, 2]
    assert bodies[0]["object"]["prev"] is None
    assert bodies[1]["object"]["prev"] == bytes(leaves[0]).hex()
    assert list(verify.faults()) == []


@pytest.mark.django_db
def test_the_body_holds_no_personal_data() -> None:
    write("R-1")
    body = bytes(Event.objects.get().body)
    assert b"PC 1 A" not in body
    assert b"127.0.0.1" not in body
    assert Private.objects.get().parsed()["name"] == "PC 1 A"


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_refused() -> None:
    with pytest.raises(CustodyError):
        record(look())


@pytest.mark.django_db
def test_what_the_vocabulary_does_not_know_is_refused() -> None:
    with transaction.atomic(), pytest.raises(CustodyError):
        record(Draft("evidence.polished", Subject("R-1"), service("test")))
    with transaction.atomic(), pytest.raises(CustodyError):
        record(look(data={"colour": "red"}))


def test_every_type_says_its_operation_in_law() -> None:
    operations = {
        "collection",
        "alteration",
        "consultation",
        "disclosure",
        "combination",
        "erasure",
    }
    # What the log says of itself, or of where everything is kept, is no operation on anybody's data.
    of_ourselves = ("log", "key", "checkpoint", "store")
    own = {name for name in types() if name.split(".")[0] in of_ourselves}
    assert {kind.dpa62 for name, kind in types().items() if name not in own} <= operations
    assert {types()[name].dpa62 for name in own} == {""}
    assert all("." in name for name in types())


@pytest.mark.django_db
def test_the_same_event_asked_for_twice_is_one_event() -> None:
    identifier = uuid.uuid4()
    for _ in range(2):
        with transaction.atomic():
            record(look(), event_id=identifier)
        sequencer.run()
    assert Event.objects.count() == 1
    assert Pending.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_an_act_that_is_rolled_back_leaves_no_event() -> None:
    class Undone(Exception):
        pass

    with pytest.raises(Undone), transaction.atomic():
        record(look())
        raise Undone
    sequencer.run()
    assert Event.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_many_writers_and_sequencers_make_one_whole_log() -> None:
    def work(number: int) -> None:
        try:
            for _ in range(10):
                with transaction.atomic():
                    record(look(f"R-{number % 3}"))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    sequencer.run()
    assert Event.objects.count() == 80
    assert list(verify.faults()) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE custody_event SET type = 'x'", "DELETE FROM custody_event",
        "TRUNCATE custody_event", "UPDATE custody_node SET level = 9", "DELETE FROM custody_node",
        "DELETE FROM custody_checkpoint", "UPDATE custody_pending SET position = 99",
        "DELETE FROM custody_pending", "TRUNCATE custody_pending", "TRUNCATE custody_private",
        "UPDATE custody_private SET salt = ''",
    ],
)  # fmt: skip
def test_the_database_refuses_its_owner(statement: str) -> None:
    write("R-1")
    checkpoints.sign()
    with transaction.atomic():
        record(look())
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM custody_pending WHERE id IN (SELECT id FROM custody_event)")
    Pending(id=uuid.uuid4(), body=b"{}").save()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
def test_the_models_refuse() -> None:
    write("R-1")
    event = Event.objects.get()
    with pytest.raises(TypeError):
        event.save()
    with pytest.raises(TypeError):
        event.delete()


def test_the_applications_role_may_only_add() -> None:
    """On the database that the stack itself set up, as the role that the application has."""
    from config.stack import prepare

    assert LAYOUT
    prepare.manage(LAYOUT, "migrate", "--no-input", owner=True)
    with psycopg.connect(LAYOUT.environment()["DATABASE_URL"]) as app:
        for table in ("custody_event", "custody_node", "custody_checkpoint"):
            row = app.execute(
                "SELECT has_table_privilege(%s, 'INSERT'), has_table_privilege(%s, 'UPDATE'),"
                " has_table_privilege(%s, 'DELETE'), has_table_privilege(%s, 'TRUNCATE')",
                [table] * 4,
            ).fetchone()
            assert row == (True, False, False, False)


EDITS = [
    "UPDATE custody_event SET body = replace(encode(body, 'escape'), 'ok', 'ko')::bytea WHERE index = 1",
    "UPDATE custody_event SET leaf = sha256('x') WHERE index = 1",
    "UPDATE custody_event SET type = 'hold.set' WHERE index = 1",
    "UPDATE custody_event SET actor_ref = 'u-2' WHERE index = 1",
    "DELETE FROM custody_event WHERE index = 1",
    "DELETE FROM custody_event WHERE index = 4",
    "UPDATE custody_node SET hash = sha256('x') WHERE level = 1 AND position = 0",
    "DELETE FROM custody_node WHERE level = 0 AND position = 1",
    "UPDATE custody_private SET details = '{}'",
    "UPDATE custody_checkpoint SET root = sha256('x'), note = replace(note, '5', '4')",
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_by_a_database_owner_is_found(edit: str) -> None:
    write("R-1", "R-2", "R-1", "R-3", "R-1")
    checkpoints.sign()
    assert list(verify.faults()) == []
    tamper(edit)
    assert list(verify.faults())
    with pytest.raises(CommandError):
        call_command("custody", "verify", "--objects", "none", stderr=open("/dev/null", "w"))  # noqa: SIM115


@pytest.mark.django_db(transaction=True)
def test_nothing_more_is_signed_once_what_was_signed_is_changed() -> None:
    write("R-1", "R-2")
    checkpoints.sign()
    tamper("UPDATE custody_node SET hash = sha256('x') WHERE level = 1 AND position = 0")
    write("R-3")
    with pytest.raises(checkpoints.LogBroken):
        checkpoints.sign()
    assert Checkpoint.objects.count() == 1


@pytest.mark.django_db
def test_a_proof_leads_from_the_event_to_a_signed_checkpoint() -> None:
    from evidence.custody import keys

    write("R-1", "R-2", "R-3")
    event = Event.objects.get(index=1)
    text = checkpoints.prove(1)
    index, found = proof.check(text, bytes(event.body), keys.log_verifiers())
    assert (index, found.size, found.origin) == (1, 3, settings.CUSTODY_ORIGIN)
    assert formats.open_checkpoint(Checkpoint.objects.get().note, keys.log_verifiers()) == found


@pytest.mark.django_db
def test_an_erased_detail_leaves_every_proof_standing() -> None:
    write("R-1")
    event = Event.objects.get()
    count = upkeep.erase([event.id], by=service("test"), authority="DPA 2018 s.47", reason="asked")
    sequencer.run()
    assert count == 1
    assert not Private.objects.filter(event_id=event.id).exists()
    assert list(verify.faults()) == []
    assert Node.objects.count() == 3
    said = Event.objects.get(type="private.erased").parsed()
    assert said["object"]["ref"] == "R-1"
    assert said["data"] == {"authority": "DPA 2018 s.47", "events": [str(event.id)]}
    assert jcs.parse(bytes(event.body))["private"]["alg"] == "sha256"
