"""Scripts in every text that a person or a card can fill, shown on every page that shows it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from evidence.cases.models import Case, CaseLink, CaseMember, CourtDate
from evidence.complaints.models import Complaint
from evidence.custody import sequencer
from evidence.exhibits.models import Clip, Decision, Redaction, RedactionReason
from evidence.exhibits.papers import Kind as Kinds
from evidence.fixity.models import Damage, Turn
from evidence.people.models import User
from evidence.recordings import actions, search
from evidence.recordings.models import (
    Category,
    Grant,
    IncidentType,
    Marker,
    Package,
    Recording,
    Rendition,
    Rule,
)  # fmt: skip
from evidence.retention import actions as retention
from evidence.retention.models import Batch, Due, Hold, Kind, Tombstone
from evidence.retention.models import Item as DisposalItem
from evidence.sampling import actions as sampling
from evidence.sampling.models import Item, Plan
from ingest.accounting.models import Finding, Run
from ingest.accounting.storage import measure
from ingest.devices.models import Camera, Dock, Issue
from ingest.requests import actions as requests
from ingest.requests.actions.asking import dock as requests_dock
from ingest.uploads import actions as uploads
from ingest.uploads.models import Quarantine, Upload
from tests import factories, sharing
from tests.evidence.exhibits import casting

pytestmark = pytest.mark.django_db
SCRIPTS = [
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'-alert(1)-'",
    "{{ 7|add:7 }}{% load x %}",
    "<svg/onload=alert(1)>",
    "javascript:alert(1)",
    "\u202e<b>gpj.4pm</b>",
]  # fmt: skip
LIVE = re.compile(
    r"<script>alert|<img src=x|<svg/onload|<b>gpj|onerror=alert\(1\)>|href=[\"']?javascript:", re.I
)


@pytest.fixture
def filled(request: Any, shah: User, lane: User, dock: Dock, film: bytes) -> dict[str, Any]:
    """One of each thing, its texts all the same script."""
    bad: str = request.param
    manager = factories.Person(username="mana", name=bad, roles=["evidence_manager"])
    User.objects.filter(pk=shah.pk).update(name=f"Aisha {bad}", rank=bad[:40])
    User.objects.filter(pk=lane.pk).update(name=bad)
    shah.unit.name = bad  # type: ignore[union-attr]
    shah.unit.save()  # type: ignore[union-attr]
    Dock.objects.filter(pk=dock.pk).update(name=bad[:60], site=bad, agent=bad[:60])
    dock.refresh_from_db()
    recording = factories.docked(dock, film, name=f"{bad}.MP4", camera=bad[:64])
    for number, state in enumerate(("held", "mended")):
        Damage.objects.create(
            source="original", row=number, kind=bad[:40], reference=recording.reference,
            recording=recording, what="cut", state=state, alias="originals", bucket=bad[:100],
            key=bad, version_id=bad, problem=bad, reason=bad, how="hand" if number else "",
            mended_by=lane, mended_at=timezone.now(), new_version=f"{bad}2",
        )  # fmt: skip
    Turn.objects.create(source="original", row=7, until=timezone.now(), error=bad,
                        failing_since=timezone.now())  # fmt: skip
    odd = factories.docked(dock, b"words", name=f"{bad}2.MP4", camera=bad[:64])
    category = Category.objects.create(code="bad", name=bad[:60])
    _rules(category, bad)
    _batches(recording, category, bad, lane)
    incident = IncidentType.objects.create(code="bad", name=bad[:60])
    Recording.objects.filter(pk=recording.pk).update(
        officer=shah, crime_reference=bad[:40], incident=incident, media="ready",
        media_reason=bad, unassigned_because=bad,
    )  # fmt: skip
    original = recording.originals.get()
    for kind, facts in (("proxy", {"seconds": 2, "width": 10, "note": bad}), ("poster", {})):
        Rendition.objects.create(
            original=original, kind=kind, key=f"{kind}-{original.pk}", content_type="image/jpeg",
            size=3, sha256="0" * 64, parent_sha256="1" * 64, tool="x", tool_version=bad, facts=facts,
        )  # fmt: skip
    recording.refresh_from_db()
    actions.categorise(by=lane, recording=recording, category=category, note=bad)
    for office in (False, True):
        Marker.objects.create(recording=recording, at_ms=1, text=bad, made_by=shah, office=office)
    search.reindex(recording)
    now = timezone.now()
    case = Case.objects.create(urn="01AB/12345/26", title=bad, offence=bad, officer_in_case=shah)
    CaseLink.objects.create(case=case, recording=recording, reason=bad, linked_by=lane)
    CourtDate.objects.create(case=case, date=now.date(), court=bad[:80], what=bad, added_by=lane)
    CaseMember.objects.create(case=case, person=lane, part="investigator", reason=bad,
                              added_by=shah)  # fmt: skip
    for mark, clip in (("AS/1", True), ("AS/2", False)):
        exhibit = casting.exhibit(
            case, recording, shah, mark, clip=clip, description=bad, reason=bad, producer=lane,
            withdraw_reason=bad, withdrawn_at=now if mark == "AS/2" else None, withdrawn_by=lane,
        )  # fmt: skip
    hidden = {"from_ms": 1, "to_ms": 2, "from_us": 1, "to_us": 2, "code": bad, "reason": bad}
    box = {"first_frame": 1, "last_frame": 2, "left": 1, "top": 1, "width": 1, "height": 1}
    copy = casting.exhibit(case, recording, shah, "AS/3", description=bad)
    assert copy.clip
    Clip.objects.filter(pk=copy.clip.pk).update(redacted=True)
    Redaction.objects.create(
        clip=copy.clip, covers=[hidden | box], silences=[hidden], checked_by=lane, checked_at=now
    )
    RedactionReason.objects.create(code="bad", words=bad[:80])
    Clip.objects.update(tool_version=bad, arguments=[bad], problem=bad)
    for thing in (None, exhibit):
        Decision.objects.create(
            case=case, recording=recording, exhibit=thing, relevant="yes", reason=bad,
            description=bad, location=bad, decided_by=lane,
        )  # fmt: skip
    complaint = Complaint.objects.create(
        reference="PC/1/26", received=now.date(), complainant=bad, account=bad, start=now,
        end=now + timedelta(hours=1), recorded_by=lane,
    )  # fmt: skip
    share = sharing.make(
        lane,
        recording,
        recipient=bad,
        organisation=bad,
        email="j@cps.example",
        purpose=bad,
        words=bad,
    ).share
    package = Package.objects.create(
        purpose=bad, recipient=bad, made_by=lane, state="failed", reason=bad
    )
    package.recordings.add(recording)
    hold = retention.hold(by=manager, recording=recording, kind=Kind.MANUAL, reason=bad)
    grant = Grant.objects.create(recording=recording, person=shah, reason=bad, granted_by=lane,
                                 until=now + timedelta(days=9))  # fmt: skip
    camera = Camera.objects.get(serial=bad[:64])
    Camera.objects.filter(pk=camera.pk).update(model=bad[:60], note=bad)
    asked = requests.make(by=lane, wish=requests.Wish(
        bad, "j@example.org", bad, now + timedelta(days=1), organisation=bad, case=case))  # fmt: skip
    sent, _ = uploads.register(dock=requests_dock(), file=uploads.File(
        camera=asked.reference, file_id=bad, size=1, sha256="0" * 64))  # fmt: skip
    Quarantine.objects.create(upload=sent, kind="outside", reason=bad, recording=odd)
    sample = _sample(bad, shah, lane, category)
    counted = Run.objects.create(state="done", finished=timezone.now(), kinds={"gap": 1})
    for kind in Finding.Kind.values:
        Finding.objects.create(kind=kind, area="originals", what=bad, todo=bad, camera=bad[:64],
                               fingerprint=kind, first_seen=timezone.now(), last_run=counted)  # fmt: skip
    measure()
    sequencer.run()
    return {
        "asked": asked, "sample": sample, "bad": bad, "recording": recording, "odd": odd, "case": case, "complaint": complaint,
        "share": share, "package": package, "hold": hold, "grant": grant, "camera": camera,
        "dock": dock, "category": category,
    }  # fmt: skip


def _batches(recording: Recording, category: Category, bad: str, lane: User) -> None:
    """One that waits, and one of which something is gone and something is held up."""
    rule = Rule.objects.filter(category=category).order_by("version")[0]
    said: dict[str, Any] = {"rule": rule, "ground": bad[:300], "reason": bad[:300],
                            "proposed_by": lane, "decision_reason": bad[:300]}  # fmt: skip
    Batch.objects.create(**said)
    who = factories.Person(username="agrees", name=bad[:60], roles=["evidence_manager"])
    batch = Batch.objects.create(state="leaving", decided_by=who, decided_at=timezone.now(), **said)
    stuck = factories.recording(None, category=category)
    DisposalItem.objects.create(batch=batch, recording=stuck, state="destroying", problem=bad[:300],
                                problem_at=timezone.now())  # fmt: skip
    kept = DisposalItem.objects.create(batch=batch, recording=recording, state="kept",
                                       ended_by=who, ended_reason=bad[:300])  # fmt: skip
    row = recording.originals.get()
    Tombstone.objects.create(
        recording=recording, item=kept, reference="R-2222-2222", size=1, sha256=row.sha256,
        upload="00000000-0000-4000-8000-000000000000", key=bad, version_id=bad, ground=bad[:300],
        category=bad[:60], docked_at=timezone.now(), sealed_at=timezone.now(),
        gone_at=timezone.now(), answers=[{"what": bad, "status": bad, "request": bad}],
    )  # fmt: skip
    Due.objects.create(recording=factories.recording(None, category=category), rule=rule,
                       by_rule=False, until=timezone.now(), ground=bad[:300],
                       seen_at=timezone.now())  # fmt: skip


def _rules(category: Category, bad: str) -> None:
    """One in force, one that waits for being for what is held, and one that is proposed."""
    who = factories.Person(username="prop", name=bad[:60], roles=["evidence_manager"])
    said: dict[str, Any] = {
        "category": category, "days": 31, "source": bad[:200], "reason": bad[:300],
        "decision_reason": bad[:300], "held_reason": bad[:300], "proposed_by": who,
    }  # fmt: skip
    now = timezone.now()
    forced = {"state": "in_force", "in_force_at": now - timedelta(days=999)}
    Rule.objects.create(version=1, **said, **forced)
    waits = {"in_force_at": now, "held_proposed_by": who, "held_proposed_at": now}
    Rule.objects.create(version=2, **said, **(forced | waits))
    Rule.objects.create(version=3, **said)


def _sample(bad: str, shah: User, lane: User, category: Category) -> dict[str, Any]:
    """A sample that was drawn, reviewed, and seen by a panel."""
    now, today = timezone.now(), timezone.localdate()
    kind = {"code": "bad", "name": bad, "categories": ["bad"], "incidents": []}
    shah.refresh_from_db()
    assert shah.unit
    plan = sampling.commit(by=lane, wish=sampling.Wish(
        bad, today + timedelta(days=1), today + timedelta(days=2), [shah.unit], [kind], 2))  # fmt: skip
    Plan.objects.update(start=today - timedelta(days=30), end=today - timedelta(days=20))
    for _ in range(3):
        factories.recording(shah, category=category, happened_at=now - timedelta(days=25))
    plan = sampling.draw(by=lane, plan=plan)
    panel = factories.Person(username="pan", name=bad, roles=["panel_member"])
    session = sampling.seat(by=lane, plan=plan, wish=sampling.Sitting(
        bad, now, now + timedelta(hours=1), [panel], panel))  # fmt: skip
    first, second = Item.objects.order_by("place")
    sampling.choose(by=panel, session=session, items=[first.pk])
    from evidence.sampling import questions

    said = {row.code: ("no", bad) for row in questions.of("bad")}
    for by, where in ((lane, None), (panel, session)):
        made = sampling.review(by=by, item=first.pk, answers=said, outcome="concern", words=bad,
                               session=where)  # fmt: skip
    sampling.note(by=lane, review=made.pk, words=bad)
    sampling.skip(by=lane, item=second.pk, reason=f"why {bad}")
    return {"plan": plan, "session": session, "item": first, "skipped": second}


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _pages(things: dict[str, Any]) -> dict[str, list[str]]:
    recording, bad = things["recording"], things["bad"]
    ask = "".join(f"%{byte:02X}" for byte in bad.encode())
    lists = [
        ("recordings", "recording"), ("recordings", "category"), ("recordings", "package"),
        ("retention", "unassigned"), ("retention", "hold"), ("cases", "case"),
        ("complaints", "complaint"), ("sharing", "share"), ("uploads", "upload"),
        ("uploads", "quarantine"), ("devices", "camera"), ("devices", "dock"), ("devices", "issue"),
        ("people", "user"), ("people", "unit"),
    ]  # fmt: skip
    own = [
        "/footage/", recording.get_absolute_url(), f"{recording.get_absolute_url()}status/",
        f"/search/?q={ask}", f"/search/?camera={ask}", f"/search/?officer={ask}", f"/search/?unit={ask}",
        f"/search/?start={ask}", "/search/?q=alert", "/search/?q=gpj", "/search/?category=bad",
        f"/search/?q={ask}&category=none&camera={ask}", "/cases/",
        things["case"].get_absolute_url(),
    ]  # fmt: skip
    office = [f"/admin/{app}/{model}/{more}" for app, model in lists for more in ("", f"?q={ask}")]
    office += [
        f"/admin/recordings/recording/{recording.pk}/change/",
        f"/admin/recordings/recording/{recording.pk}/custody/",
        f"/admin/recordings/package/{things['package'].pk}/change/",
        f"/admin/recordings/package/add/?what={ask}",
        f"/admin/retention/hold/{things['hold'].pk}/change/",
        f"/admin/retention/hold/{things['hold'].pk}/release/",
        f"/admin/cases/case/{things['case'].pk}/change/", "/cases/?show=all",
        *(f"{things['case'].get_absolute_url()}{page}" for page in
          ("", "change/", "court/", "team/", "find/", f"unlink/{recording.reference}/")),
        f"/admin/complaints/complaint/{things['complaint'].pk}/review/",
        f"/admin/complaints/complaint/{things['complaint'].pk}/review/?r={recording.reference}&t={ask}",
        *(f"/admin/complaints/complaint/{things['complaint'].pk}/{page}/" for page in (
            "change", "record", "officers", "holds", "allegations", "handling", "referral",
            "findings", "body", "outcome", "measures", "reviews", "close", "letters",
            "letters/new/acknowledgement", "letters/new/notice", "told", "costs", "report")),
        "/admin/complaints/complaint/statistics/",
        *(f"/shares/{things['share'].reference}/{page}" for page in (
            "", "extend/", "revoke/", "again/", "decide/", "take-over/")),
        "/shares/", "/shares/people/", "/shares/new/", f"/shares/new/?case={things['case'].slug}",
        f"/shares/new/?recording={recording.reference}", "/admin/sharing/contact/",
        f"/admin/devices/camera/{things['camera'].pk}/change/",
        f"/admin/devices/dock/{things['dock'].pk}/change/",
        f"/admin/recordings/category/{things['category'].pk}/change/",
        f"/admin/recordings/grant/{things['grant'].pk}/change/", "/admin/recordings/grant/", "/admin/",
        *(f"/admin/uploads/upload/{row.pk}/change/" for row in Upload.objects.all()),
        *(f"/admin/uploads/quarantine/{row.pk}/{page}/" for row in Quarantine.objects.all()
          for page in ("change", "accept")),
        *(f"/admin/devices/issue/{row.pk}/change/" for row in Issue.objects.all()),
        *(f"/admin/people/user/{row.pk}/change/" for row in User.objects.all()[:3]),
        *(f"/admin/autocomplete/?term={ask[:60]}&app_label={app}&model_name={model}&field_name={field}"
          for app, model, field in (("people", "user", "unit"), ("cases", "case", "officer_in_case"),
                                    ("complaints", "complaint", "officers"))),
    ]  # fmt: skip
    office += [
        "/retention/rules/", "/retention/rules/bad/",
        *(f"/retention/rules/bad/{page}/" for page in ("propose", "decide", "held", "held/decide")),
        f"/retention/groups/{recording.reference}/",
    ]  # fmt: skip
    office += ["/retention/", "/retention/batches/", "/retention/disposed/", *(
        f"/retention/{row.reference}/" for row in Batch.objects.all())]  # fmt: skip
    office += [f"/retention/due/{row.pk}/{page}" for row in Rule.objects.filter(category__code="bad")
               for page in ("", "propose/")]  # fmt: skip
    office += ["/storage/", "/accounting/", "/moving/", *(
        f"/accounting/?kind={kind}" for kind in Finding.Kind.values)]  # fmt: skip
    office += ["/fixity/", *(f"/fixity/{row.pk}/" for row in Damage.objects.all())]
    office += ["/requests/", things["asked"].get_absolute_url(), f"/requests/new/?case={ask}"]
    sample = things["sample"]
    plan, item = f"/samples/{sample['plan'].reference}/", f"{sample['item'].pk}/"
    session = f"/panel/{sample['session'].reference}/"
    samples = [
        "/samples/", "/samples/new/", "/samples/learning/", "/samples/concerns/",
        "/samples/concerns/?show=noted", plan, f"{plan}?show=skipped", f"{plan}?show=reviewed",
        f"{plan}proof/", f"{plan}session/", f"{plan}{item}", f"{plan}{sample['skipped'].pk}/",
        f"/samples/sessions/{sample['session'].reference}/",
    ]  # fmt: skip
    panel = ["/panel/", session, f"{session}choose/", f"{session}{item}"]
    case = f"/cases/{things['case'].slug}"
    office += [
        f"{case}/exhibits/", f"{case}/exhibits/AS-1/", f"{case}/exhibits/AS-2/",
        f"{case}/exhibits/AS-3/", f"{case}/exhibits/AS-1/status/", f"{case}/exhibits/AS-1/withdraw/", f"{case}/papers/",
        f"{case}/disclosure/{recording.reference}/",
        f"{recording.get_absolute_url()}clip/?case={ask}&from={ask}&to={ask}",
    ]  # fmt: skip
    log = ["/admin/custody/event/", "/admin/custody/alarm/", f"/admin/custody/event/?q={ask}"]
    return {
        "shah": own, "pan": panel, "lane": own + office + samples, "mana": own[:2] + office, "admin": office, "audit": log,
    }  # fmt: skip


@pytest.mark.parametrize("filled", SCRIPTS, indirect=True)
def test_no_page_runs_what_was_typed_or_came_on_a_card(
    filled: dict[str, Any], auditor: User, administrator: User
) -> None:
    shown = 0
    for username, paths in _pages(filled).items():
        client = _client(User.objects.get(username=username))
        for path in paths:
            answer = client.get(path)
            assert answer.status_code < 500, (username, path)
            text = answer.content.decode()
            if "application/json" in answer["Content-Type"]:
                json.loads(text)
                continue
            assert not LIVE.search(text), (username, path, LIVE.search(text))
            assert ">1414<" not in text
            shown += (
                filled["bad"][:8].encode() in text.encode() or "&lt;" in text or "&#x27;" in text
            )
            for block in re.findall(r'type="application/json">(.*?)</script>', text, re.S):
                json.loads(block)  # one whole block: nothing in it ended it early
                assert "<" not in block
    assert shown > 20, "the probes were not on the pages"


@pytest.mark.parametrize("filled", SCRIPTS[:2], indirect=True)
def test_rows_that_are_swapped_in_are_escaped_too(filled: dict[str, Any], shah: User) -> None:
    url = f"{filled['recording'].get_absolute_url()}categorise/"
    answer = _client(shah).post(
        url, {"category": "bad", "note": filled["bad"]}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    assert not LIVE.search(answer.text)
    refused = _client(shah).post(url, {"category": filled["bad"], "note": filled["bad"]})
    assert refused.status_code == 422
    assert not LIVE.search(refused.text)


@pytest.mark.parametrize("filled", SCRIPTS, indirect=True)
def test_mail_is_plain_and_its_heads_are_one_line(filled: dict[str, Any]) -> None:
    for message in mail.outbox:
        assert message.content_subtype == "plain"
        assert not getattr(message, "alternatives", [])
        assert "\n" not in str(message.subject)
        assert filled["recording"].note not in str(message.subject)


@pytest.mark.parametrize("filled", SCRIPTS[:1], indirect=True)
def test_what_is_printed_for_programs_stays_whole(filled: dict[str, Any], capsys: Any) -> None:
    call_command("recordings", "--json")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert filled["recording"].reference in {line["recording"] for line in lines}


@pytest.mark.parametrize("filled", SCRIPTS, indirect=True)
def test_the_page_outside_and_a_download_s_name_are_clean(
    filled: dict[str, Any], lane: User
) -> None:
    original = filled["recording"].originals.get()
    answer = _client(lane).post(f"{filled['recording'].get_absolute_url()}download/{original.pk}/")
    assert answer.status_code == 302
    for sign in ("<", ">", '"', "'", "\n", "\u202e"):
        assert sign not in answer["Location"]
    assert "script" not in answer["Location"]
    assert not LIVE.search(_client(lane).get("/shared/open").text)


@pytest.mark.parametrize("filled", SCRIPTS, indirect=True)
def test_papers_are_made_of_whatever_was_typed(filled: dict[str, Any], lane: User) -> None:
    for kind in Kinds:
        for ending in ("pdf", "csv"):
            path = f"/cases/{filled['case'].slug}/papers/{kind.value}/{ending}/"
            answer = _client(lane).post(path)
            assert answer.status_code == 200, path
            assert "\n" not in answer["Content-Disposition"]


def test_the_hold_s_reason_is_where_the_probes_look(lane: User, shah: User) -> None:
    """The probes can fail: what is put in comes out."""
    made = factories.recording(shah)
    Hold.objects.create(recording=made, kind="manual", reason="plainreason")
    assert "plainreason" in _client(lane).get("/admin/retention/hold/").text
    assert LIVE.search("<p><script>alert(1)</script></p>")
