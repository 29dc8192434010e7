"""The pages of disposal: who sees what, what they say, and that they cost the same for many."""

from __future__ import annotations

import hashlib
import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from evidence.custody import checkpoints, sequencer
from evidence.custody.models import Event
from evidence.people.models import User
from evidence.retention import actions, due, tasks
from evidence.retention.models import Batch, Item, Kind, Tombstone
from evidence.store import s3
from ingest.devices.models import Camera, Dock
from tests import disposal, factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def vale() -> User:
    return disposal.manager("vale")


@pytest.fixture
def reed() -> User:
    return disposal.manager("reed")


@pytest.fixture
def page(client: Client, vale: User) -> Client:
    """Vale's browser."""
    client.force_login(vale)
    return client


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def rule_id() -> int:
    return disposal.rule("stop-search").pk


# --- the list and the dry run -----------------------------------------------------


def test_nothing_due_says_so(page: Client) -> None:
    assert "Nothing is due" in text(page.get(reverse("due")))
    for name in ("batches", "disposed"):
        assert page.get(reverse(name)).status_code == 200


def test_due_says_grounds_number_bytes_and_examples(page: Client, shah: User) -> None:
    one = disposal.aged(factories.recording(shah), 400, "stop-search")
    soon = disposal.aged(factories.recording(shah), 361, "stop-search")
    by_rule = disposal.aged(factories.recording(shah), 29)
    due.sweep()
    said = text(page.get(reverse("due")))
    assert "Stop and search: kept 365 days" in said
    assert one.reference in said and soon.reference in said
    assert f"{by_rule.reference} (" in said and "goes by its rule on" in said
    assert "No footage" not in said and "<video" not in said


def test_the_list_of_a_rule_goes_page_by_page(
    page: Client, shah: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [disposal.aged(factories.recording(shah), 500 - n, "stop-search") for n in range(5)]
    due.sweep()
    monkeypatch.setattr(due, "PAGE", 2)
    address, seen = reverse("due-of-rule", args=[rule_id()]), []
    while address:
        answer = page.get(address)
        seen += re.findall(r'scope="row"[^>]*>(R-[\w-]+)', answer.content.decode())
        found = re.search(r'href="(\?after=\d+)"', answer.content.decode())
        address = reverse("due-of-rule", args=[rule_id()]) + found[1] if found else ""
    assert seen == [one.reference for one in made]


def test_the_dry_run_says_what_goes_with_it_and_changes_nothing(
    page: Client, shah: User, lane: User
) -> None:
    from tests import sharing

    recording = disposal.aged(factories.recording(shah), 400, "stop-search")
    factories.poster(recording)
    sharing.make(lane, recording)
    disposal.aged(recording, 400, "stop-search")
    due.sweep()
    said = text(page.get(reverse("due-propose", args=[rule_id()])))
    assert "1 recording, 10 bytes (10 bytes)" in said
    assert "1 viewing copy, still or the like" in said
    assert "1 of them is in a share that is live" in said
    assert not Batch.objects.exists()


def test_it_is_proposed_with_a_reason_and_by_nobody_without(page: Client, shah: User) -> None:
    disposal.aged(factories.recording(shah), 400, "stop-search")
    due.sweep()
    address = reverse("due-propose", args=[rule_id()])
    answer = page.post(address, {"do": "propose", "reason": " ", "most": "5000"})
    assert answer.status_code == 422 and "Enter why it may go" in text(answer)
    answer = page.post(address, {"do": "propose", "reason": "Over", "most": "x"})
    assert answer.status_code == 422 and "Enter a number from 1 to 5,000" in text(answer)
    answer = page.post(address, {"do": "propose", "reason": "Over", "most": "1"})
    batch = Batch.objects.get()
    assert answer["Location"] == reverse("batch", args=[batch.reference])
    assert "A different person has to approve it" in text(page.get(answer["Location"]))


def test_an_old_proof_is_not_enough(page: Client, shah: User, settings: Any) -> None:
    settings.FRESH_SECONDS = -1
    address = reverse("due-propose", args=[rule_id()])
    answer = page.post(address, {"do": "propose", "reason": "Over", "most": "1"})
    assert answer.status_code == 302 and "again" in answer["Location"]
    assert not Batch.objects.exists()


# --- a batch ----------------------------------------------------------------------


def test_the_proposer_is_told_that_another_decides(page: Client, vale: User, shah: User) -> None:
    disposal.aged(factories.recording(shah), 400, "stop-search")
    batch = disposal.proposed(vale)
    said = text(page.get(reverse("batch", args=[batch.reference])))
    assert "A different person has to approve this." in said
    address = reverse("batch-decide", args=[batch.reference])
    answer = page.post(address, {"decision": "approve", "reason": "Me again"})
    assert answer.status_code == 422
    assert Batch.objects.get().state == "proposed"


def test_another_approves_and_somebody_restores(
    page: Client, vale: User, reed: User, lane: User, shah: User
) -> None:
    first = disposal.aged(factories.recording(shah), 400, "stop-search")
    disposal.aged(factories.recording(shah), 400, "stop-search")
    batch = disposal.proposed(vale)
    page.force_login(reed)
    address = reverse("batch-decide", args=[batch.reference])
    answer = page.post(address, {"reason": "x"})
    assert answer.status_code == 422 and "Select whether it may go" in text(answer)
    answer = page.post(address, {"decision": "approve", "reason": "Nothing needs it"}, follow=True)
    assert "Approved. It can be restored until" in text(answer)
    assert "days left to restore" in text(answer)
    page.force_login(lane)
    item = Item.objects.get(recording=first)
    one = reverse("batch-restore-one", args=[batch.reference, item.pk])
    answer = page.post(one, {"reason": "A solicitor wrote"}, follow=True)
    assert f"{first.reference} is restored. A fresh period runs until" in text(answer)
    every = reverse("batch-restore", args=[batch.reference])
    answer = page.post(every, {"reason": ""})
    assert answer.status_code == 422 and "Enter why it is kept" in text(answer)
    answer = page.post(every, {"reason": "An inquiry"}, follow=True)
    assert "1 restored. A fresh period runs for each." in text(answer)


def test_what_is_held_up_is_red_on_every_page_that_counts(
    page: Client, dock: Dock, camera: Camera, vale: User, reed: User
) -> None:
    recording = disposal.docked(dock)
    original = recording.originals.get()
    s3.legal_hold("originals", original.key, original.version_id, True)
    batch = disposal.gone(vale, reed)
    words = "legal hold on the original that no hold here asked for"
    assert words in text(page.get(reverse("due")))
    assert words in text(page.get(reverse("batch", args=[batch.reference])))
    assert "does not let go of a recording" in text(page.get("/admin/"))
    s3.legal_hold("originals", original.key, original.version_id, False)
    again = reverse("batch-again", args=[batch.reference])
    assert "It is tried again within a minute" in text(page.post(again, follow=True))
    tasks.dispose()
    assert "does not let go" not in text(page.get("/admin/"))
    assert Item.objects.get().state == "gone"


def test_a_hold_that_a_reader_may_not_know_leaves_no_trace(
    page: Client, vale: User, reed: User, lane: User, shah: User
) -> None:
    recording = disposal.aged(factories.recording(shah), 400, "stop-search")
    batch = disposal.leaving(vale, reed)
    actions.hold(by=lane, recording=recording, kind=Kind.COMPLAINT, reason="PC/1/26 against Vale")
    tasks.sweep_due()
    said = text(page.get(reverse("batch", args=[batch.reference])))
    assert "Something keeps it now." in said
    assert "PC/1/26" not in said and "omplaint" not in said and "held" not in said.lower()


def test_pages_cost_the_same_for_one_and_for_many(
    page: Client, vale: User, reed: User, shah: User
) -> None:
    def cost() -> list[int]:
        due.sweep()
        batch = Batch.objects.first()
        assert batch
        found = []
        for address in (
            reverse("due"), reverse("batches"), reverse("due-of-rule", args=[rule_id()]),
            reverse("due-propose", args=[rule_id()]), reverse("batch", args=[batch.reference]),
            reverse("disposed"),
        ):  # fmt: skip
            with CaptureQueriesContext(connection) as queries:
                assert page.get(address).status_code == 200
            found.append(len(queries))
        return found

    def more(count: int) -> None:
        for _ in range(count):
            disposal.aged(factories.recording(shah), 400, "stop-search")
        disposal.leaving(vale, reed)
        for _ in range(count):
            gone = disposal.aged(factories.recording(shah), 400, "stop-search")
            item = Item.objects.create(batch=Batch.objects.all()[0], recording=gone, state="gone")
            tomb(item)
            disposal.aged(factories.recording(shah), 402, "stop-search")
            disposal.aged(factories.recording(shah), 402, "use-of-force")

    more(1)
    page.get(reverse("due"))
    one = cost()
    more(6)
    assert cost() == one


def tomb(item: Item) -> Tombstone:
    original = item.recording.originals.get()
    return Tombstone.objects.create(
        recording=item.recording, item=item, reference=original.reference, size=original.size,
        upload=original.upload, sha256=original.sha256, key=original.key, version_id="1",
        docked_at=original.docked_at, sealed_at=original.sealed_at, ground="x",
        answers=[{"what": "original", "status": "204", "request": "R"}], gone_at=timezone.now(),
    )  # fmt: skip


# --- what stays -------------------------------------------------------------------


def test_it_is_found_by_reference_and_by_fingerprint(
    page: Client, dock: Dock, camera: Camera, vale: User, reed: User
) -> None:
    recording = disposal.docked(dock)
    disposal.gone(vale, reed)
    stone = Tombstone.objects.get()
    for typed in (recording.reference.lower(), stone.sha256, stone.sha256.upper()):
        assert stone.reference in text(page.get(reverse("disposed"), {"q": typed}))
    for typed in ("R-2222-2222", "0" * 64, "Shah", "\0", "%"):
        assert "Nothing found" in text(page.get(reverse("disposed"), {"q": typed}))


def test_the_certificate_names_every_file_and_who_let_go_of_it(
    page: Client, dock: Dock, camera: Camera, vale: User, reed: User
) -> None:
    for n in range(3):
        disposal.docked(dock, body=disposal.BODY + bytes([n]), name=f"A{n}.MP4")
    batch = disposal.leaving(vale, reed)
    answer = page.get(reverse("batch-certificate", args=[batch.reference]))
    assert answer.status_code == 422
    assert "Nothing of this batch has been destroyed yet" in text(answer)
    actions.restore(by=reed, item=batch.items.all()[0], reason="A letter")
    disposal.over(batch)
    tasks.dispose()
    checkpoints.sign()
    answer = page.get(reverse("batch-certificate", args=[batch.reference]))
    assert answer["Content-Type"] == "application/pdf"
    reader = PdfReader(io.BytesIO(answer.content))
    said = " ".join("\n".join(one.extract_text() for one in reader.pages).split())
    assert "Certificate of disposal" in said and batch.reference in said
    assert "2 recordings, 2 original files" in said
    assert "Proposed by" in said and vale.short in said and reed.short in said
    assert "kept 365 days" in said and "Source:" in said
    assert "1 is not in this certificate" in said
    assert "checkpoint" in said and "bwv_verify.py" in said
    for stone in Tombstone.objects.all():
        assert stone.reference in said
        assert stone.sha256 in said.replace(" ", "")
        assert f"{len(stone.answers)} objects; original: 20" in said
    sequencer.run()
    [event] = Event.objects.filter(type="disposal.certified")
    assert event.object_ref == batch.reference
    given = {"size": len(answer.content), "sha256": hashlib.sha256(answer.content).hexdigest()}
    assert event.parsed()["data"] == given


def test_a_certificate_of_thousands_is_made(
    page: Client, vale: User, reed: User, shah: User
) -> None:
    disposal.aged(factories.recording(shah), 400, "stop-search")
    batch = disposal.leaving(vale, reed)
    item = batch.items.get()
    stone = tomb(item)
    rows = []
    for n in range(1200):
        rows.append(Tombstone(**{
            field.attname: getattr(stone, field.attname)
            for field in Tombstone._meta.concrete_fields if field.attname != "id"
        } | {"reference": f"R-{n:04}-AAAA", "upload": f"00000000-0000-4000-8000-{n:012}",
             "key": f"k{n}"}))  # fmt: skip
    Tombstone.objects.bulk_create(rows)
    answer = page.get(reverse("batch-certificate", args=[batch.reference]))
    reader = PdfReader(io.BytesIO(answer.content))
    assert len(reader.pages) > 30
    assert "R-1199-AAAA" in reader.pages[-1].extract_text() + reader.pages[-2].extract_text()


# --- the terminal -----------------------------------------------------------------


def run(*arguments: str) -> Any:
    out = io.StringIO()
    call_command("retention", *arguments, stdout=out)
    return json.loads(out.getvalue()) if "--json" in arguments else out.getvalue()


def test_the_terminal_says_what_is_due_and_how_far_it_is(
    dock: Dock, camera: Camera, vale: User, reed: User
) -> None:
    assert run("due") == "Nothing is due.\n"
    assert run("status") == "Nothing is on its way out.\n"
    recording = disposal.docked(dock)
    [group] = run("due", "--json")["groups"]
    assert (group["when"], group["count"], group["examples"]) == ("due", 1, [recording.reference])
    assert "Stop and search" in run("due")
    batch = disposal.leaving(vale, reed)
    assert run("status", "--json")["states"]["leaving"]["count"] == 1
    assert run("run", "--json")["destroyed"] == 0
    disposal.over(batch)
    said = run("run", "--json")
    assert (said["destroyed"], said["held_up"]) == (1, 0)
    assert Tombstone.objects.count() == 1


def test_metrics_say_how_much_is_due_and_held_up(client: Client, shah: User) -> None:
    disposal.aged(factories.recording(shah), 400, "stop-search")
    due.sweep()
    said = client.get("/metrics").content.decode()
    assert "bwv_disposal_due 1.0" in said and "bwv_disposal_held_up 0.0" in said


def test_words_of_the_time_left(shah: User) -> None:
    from evidence.retention.disposal_pages import remaining

    now = timezone.now()
    assert remaining(now + timedelta(days=6, minutes=5)) == "6 days left to restore"
    assert remaining(now + timedelta(days=7, seconds=-5)) == "7 days left to restore"
    assert remaining(now + timedelta(days=6, hours=22)) == "6 days left to restore"
    assert remaining(now + timedelta(hours=5, minutes=5)) == "5 hours left to restore"
    assert remaining(now + timedelta(minutes=5)) == "Less than an hour left to restore"
    assert remaining(now - timedelta(hours=5)) == "It is being destroyed"
