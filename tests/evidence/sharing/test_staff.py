"""The pages on which people share and look after what they shared."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.cases.models import Case, CourtDate
from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.exhibits.models import Clip, Exhibit
from evidence.people import fresh
from evidence.people.models import User
from evidence.recordings.models import Marker, Recording
from evidence.sharing import changing, wishes
from evidence.sharing.models import Contact, Item, Message, Share, Viewing
from tests import factories, sharing
from tests.evidence.exhibits import casting
from tests.evidence.sharing import staffing
from tests.evidence.sharing.staffing import form, signed_in

pytestmark = pytest.mark.django_db
Stage = tuple[Case, Recording, Exhibit]


@pytest.fixture
def marlow(db: None) -> User:
    return casting.case_officer()


@pytest.fixture
def stage(marlow: User, shah: User) -> Stage:
    return staffing.stage(marlow, shah)


@pytest.fixture
def new(stage: Stage) -> str:
    return f"/shares/new/?case={stage[0].slug}"


# --- making ---
def test_it_is_checked_shown_once_more_and_sent(
    marlow: User, stage: Stage, new: str, django_capture_on_commit_callbacks: Any
) -> None:
    _, recording, exhibit = stage
    client = signed_in(marlow)
    page = client.get(new).text
    assert "CLIP of" in page
    assert "ORIGINAL, all of it, 1 min" in page
    sent = form(exhibit.reference, recording.reference, "mg12")
    sent[f"title-{exhibit.reference.lower()}"] = "The arrest"
    shown = client.post(new, sent)
    assert shown.status_code == 200
    assert "Check, then send" in shown.text
    assert shown.text.count("The arrest") >= 2  # in the answers and in the preview
    assert not Share.objects.exists()
    hidden = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', shown.text)
    again: dict[str, list[str]] = {}
    for name, value in hidden:
        again.setdefault(name, []).append(value)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(new, again | {"do": "send"})
    share = Share.objects.get()
    assert answer["Location"] == f"/shares/{share.reference}/"
    assert [item.title for item in share.items.all()] == ["The arrest", "", ""]
    assert share.items.get(paper="mg12").size > 0
    assert "/shared/open#" in mail.outbox[0].body
    page = client.get(answer["Location"]).text
    assert re.search(r"Link sent</dt><dd[^>]*>\d", page)
    ends = timezone.localtime(share.until)
    assert (ends.date(), f"{ends:%H:%M}") == (
        timezone.localdate() + timedelta(days=9), "23:59",
    )  # fmt: skip


def test_a_form_that_is_sent_twice_makes_one_share(marlow: User, stage: Stage, new: str) -> None:
    client = signed_in(marlow)
    sent = form(stage[2].reference, do="send")
    first, second = client.post(new, sent), client.post(new, sent)
    share = Share.objects.get()
    assert first["Location"] == second["Location"] == f"/shares/{share.reference}/"


def test_a_passphrase_is_shown_once(marlow: User, stage: Stage, new: str) -> None:
    client = signed_in(marlow)
    sent = form(stage[2].reference, do="send", how="passphrase")
    shown = client.post(new, sent)
    found = re.search(r'id="passphrase">([a-z-]+)<', shown.text)
    assert found
    assert "no-store" in shown["Cache-Control"]
    share = Share.objects.get()
    assert client.post(new, sent).status_code == 302
    for page in (share.get_absolute_url(), "/shares/"):
        assert found[1] not in client.get(page).text
    assert found[1] not in share.passphrase
    anew = client.post(f"{share.get_absolute_url()}send/")
    other = re.search(r'id="passphrase">([a-z-]+)<', anew.text)
    assert other
    assert other[1] != found[1]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"recipient": ""}, "Enter the name of one person"),
        ({"organisation": ""}, "Enter their organisation"),
        ({"email": "j.marlow"}, "Enter an e-mail address like"),
        ({"email": "j@elsewhere.example"}, "ask professional standards to add the domain"),
        ({"purpose": ""}, "Enter what they need it for"),
        ({"basis": "nonsense"}, "Select the legal basis"),
        ({"how": "nonsense"}, "Select how they prove who they are"),
        ({"until": "soon"}, "Enter a real date for the end"),
        ({"until": "2020-01-02"}, "Enter an end in the future"),
        ({"until": "2998-01-02"}, "A share lasts at most 90 days, until"),
        ({"starts": "9999-99-99"}, "Enter a real date for the start"),
        ({"thing": []}, "Select at least one thing to share"),
        ({"thing": ["R-2222-2222"]}, "Something that you selected is not there"),
        ({"thing": ["mg6d"]}, "Something that you selected is not there"),
        ({"contact": "Nobody Here"}, "Nobody in the address book is called so"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    marlow: User, stage: Stage, new: str, wrong: dict[str, Any], words: str
) -> None:
    for step in ("check", "send"):
        answer = signed_in(marlow).post(new, form(stage[2].reference, do=step) | wrong)
        assert answer.status_code == 422
        assert words in answer.text
        assert answer.text.count("An arrest in Villiers Street") == 1
        assert "govuk-error-summary" in answer.text
    assert not Share.objects.exists()


def test_everything_wrong_is_said_at_once(marlow: User, stage: Stage, new: str) -> None:
    page = signed_in(marlow).post(new, {"do": "check"}).text
    for field in ("recipient", "organisation", "email", "purpose", "basis-1", "how-1", "things"):
        assert f'<a href="#{field}"' in page
        assert f'id="{field}"' in page


def test_what_cant_be_shared_says_why_and_has_no_box(
    marlow: User, shah: User, stage: Stage, new: str
) -> None:
    case, recording, exhibit = stage
    other = factories.recording(shah)
    casting.link(case, other, marlow)
    staffing.withheld(case, other, marlow)
    waiting = casting.exhibit(case, recording, shah, "AS/2")
    Clip.objects.filter(exhibit=waiting).update(state="making")
    hidden = factories.recording(shah, restricted="covert")
    casting.link(case, hidden, marlow)
    client = signed_in(marlow)
    page = client.get(new).text
    assert f'value="{exhibit.reference}"' in page
    for key in (other.reference, waiting.reference, hidden.reference):
        assert f'value="{key}"' not in page
    assert "Marked do not disclose by DC 301 Marlow" in page
    assert "The clip AS/2 is still being made. Share it when it is ready." in page
    assert hidden.reference not in page
    assert "other footage that you can't see" in page
    for key in (other.reference, waiting.reference, hidden.reference):
        assert client.post(new, form(key, do="send")).status_code == 422
    assert not Share.objects.exists()


def test_the_offered_end_says_why(marlow: User, stage: Stage, new: str) -> None:
    client = signed_in(marlow)
    assert "14 days from today" in client.get(new).text
    court = timezone.localdate() + timedelta(days=10)
    CourtDate.objects.create(case=stage[0], date=court, added_by=marlow)
    page = client.get(new).text
    assert f"14 days after the hearing on {court:%-d %b}" in page
    assert f'value="{(court + timedelta(days=14)).isoformat()}"' in page


def test_markers_go_along_only_of_that_recording_and_range(
    marlow: User, shah: User, stage: Stage, new: str
) -> None:
    case, recording, exhibit = stage
    other = factories.recording(shah, duration_ms=9000)
    casting.link(case, other, marlow)
    mine, inside, alien, complaint = (
        Marker.objects.create(recording=row, at_ms=at, text=text, made_by=shah, office=office)
        for row, at, text, office in (
            (recording, 100, "door", False), (recording, 3000, "detained", False),
            (other, 5, "alien", False), (recording, 3100, "officesecret", True),
        )
    )  # fmt: skip
    client = signed_in(marlow)
    page = client.get(new).text
    assert "officesecret" not in page
    key, clip = recording.reference.lower(), exhibit.reference.lower()
    assert f'name="mark-{key}" id="mark-{key}-{mine.pk}"' in page
    assert f'id="mark-{clip}-{inside.pk}"' in page
    assert f'id="mark-{clip}-{mine.pk}"' not in page  # outside the clip's range
    every = [str(row.pk) for row in (mine, inside, alien, complaint)]
    sent = form(recording.reference, exhibit.reference, do="send")
    client.post(new, sent | {f"mark-{key}": every, f"mark-{clip}": every})
    first, second = Share.objects.get().items.order_by("number")
    assert set(first.markers.all()) == {mine, inside}
    assert set(second.markers.all()) == {inside}


def test_somebody_of_the_address_book_is_one_field(
    marlow: User, stage: Stage, new: str, django_capture_on_commit_callbacks: Any
) -> None:
    client = signed_in(marlow)
    client.post(new, form(stage[2].reference, do="send", remember="on"))
    contact = Contact.objects.get()
    assert (contact.name, contact.added_by) == ("J Marlow", marlow)
    page = client.get(new).text
    assert '<option value="J Marlow, CPS, j.marlow@cps.example"' in page
    for typed in ("J Marlow, CPS, j.marlow@cps.example", "j marlow"):
        sent = form(stage[2].reference, contact=typed, recipient="", organisation="", email="")
        assert "Check, then send" in client.post(new, sent).text
    sequencer.run()
    assert Event.objects.filter(type="share.data_changed").count() == 1


def test_standards_share_a_recording_without_a_case(lane: User, shah: User) -> None:
    staffing.domain()
    recording = factories.recording(shah)
    client = signed_in(lane)
    new = f"/shares/new/?recording={recording.reference}"
    assert new.partition("?")[2] in client.get(recording.get_absolute_url()).text
    assert client.post(new, form(recording.reference, do="send")).status_code == 302
    assert Share.objects.get().case is None


def test_a_case_officer_needs_a_case(marlow: User, stage: Stage) -> None:
    client = signed_in(marlow)
    assert client.get(f"/shares/new/?recording={stage[1].reference}").status_code == 404
    page = client.get("/shares/new/").text
    assert f"?case={stage[0].slug}" in page
    other = casting.case(casting.case_officer("other", collar="9"), "09ZZ/1/26")
    assert client.get(f"/shares/new/?case={other.slug}").status_code == 404
    assert client.post("/shares/new/", {"urn": other.urn}).status_code == 422
    answer = client.post("/shares/new/", {"urn": stage[0].urn})
    assert answer["Location"] == f"/shares/new/?case={stage[0].slug}"


def test_the_pages_of_things_lead_there_for_those_who_may(
    marlow: User, shah: User, lane: User, stage: Stage
) -> None:
    case, recording, exhibit = stage
    wanted = {
        case.get_absolute_url(): f"/shares/new/?case={case.slug}",
        f"{case.get_absolute_url()}exhibits/AS-1/": f"/shares/new/?exhibit={exhibit.reference}",
        recording.get_absolute_url():
            f"/shares/new/?recording={recording.reference}&amp;case={case.slug}",
    }  # fmt: skip
    for page, link in wanted.items():
        assert link in signed_in(marlow).get(page).text, page
        assert link in signed_in(lane).get(page).text, page
        assert "/shares/new/" not in signed_in(shah).get(page).text, page
        opened = signed_in(marlow).get(link.replace("&amp;", "&"))
        assert opened.status_code == 200
        if "exhibit=" in link or "recording=" in link:
            assert len(re.findall(r'name="thing"[^>]* checked', opened.text)) == 1


def test_a_fresh_proof_comes_before_it_is_sent(
    marlow: User, stage: Stage, new: str, monkeypatch: Any
) -> None:
    client = signed_in(marlow)
    share = sharing.make(marlow, stage[2], case=stage[0]).share
    monkeypatch.setattr(fresh, "is_fresh", lambda request: False)
    page = share.get_absolute_url()
    asked = [
        client.post(new, form(stage[2].reference, do="send")),
        client.post(f"{page}revoke/", {"reason": "Wrong person"}),
        client.post(f"{page}send/"),
        client.post(f"{page}again/", {"until": "2026-12-01"}),
    ]
    for answer in asked:
        assert answer.status_code == 302
        assert not answer["Location"].startswith("/shares/")
    assert Share.objects.get().state() == "live"
    assert client.post(new, form(stage[2].reference)).status_code == 200  # to check needs none


# --- the table ---
def test_the_table_says_to_whom_what_until_and_whether_opened(
    marlow: User, stage: Stage, okoro: User
) -> None:
    case, recording, exhibit = stage
    later = sharing.make(
        marlow, exhibit, case=case, until=timezone.now() + timedelta(days=3), recipient="B Later"
    ).share
    sooner = sharing.make(marlow, recording, case=case, recipient="A Sooner").share
    Share.objects.filter(pk=sooner.pk).update(more_asked_at=timezone.now())
    Message.objects.create(share=later, text="Hello")
    client = signed_in(marlow)
    page = client.get("/shares/").text
    assert page.index("A Sooner") < page.index("B Later")
    for words in ("AS/1", recording.reference, "Never opened", "Asks for more time", "Message"):
        assert words in page
    changing.revoke(by=marlow, share=sooner, reason="Wrong")
    assert "A Sooner" not in client.get("/shares/").text
    assert "A Sooner" in client.get("/shares/?show=ended").text
    for typed, found in (("later", True), ("cps", True), (later.reference, True),
                         (case.urn, True), ("nobody", False)):  # fmt: skip
        assert ("B Later" in client.post("/shares/", {"q": typed}).text) is found, typed


def test_the_table_costs_the_same_however_long_and_pages_hold_all(
    marlow: User, stage: Stage
) -> None:
    case, _, exhibit = stage
    client = signed_in(marlow)
    sharing.make(marlow, exhibit, case=case)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert client.get("/shares/").status_code == 200
        return len(found)

    one = queries()
    plain = Share.objects.get()
    for number in range(119):
        made = Share.objects.create(
            recipient=f"P{number}", organisation="CPS", email="j@cps.example", purpose="x",
            case=case, token_hash=f"x{number}", made_by=marlow, owner=marlow,
            until=plain.until + timedelta(minutes=number // 3),
        )  # fmt: skip
        Item.objects.create(share=made, number=1, recording=exhibit.recording, exhibit=exhibit)
    assert queries() == one
    seen, after = [], "?show="
    while after:
        page = client.get(f"/shares/{after}").text
        seen += re.findall(r'href="/shares/(S-\w{4}-\w{4})/"', page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        after = found[1].replace("&amp;", "&") if found else ""
    assert len(seen) == len(set(seen)) == 120


def test_what_a_reader_may_not_see_is_not_named(
    marlow: User, lane: User, shah: User, stage: Stage
) -> None:
    case, recording, exhibit = stage
    aa = factories.Person(username="aa", name="A Authority", roles=["appropriate_authority"])
    staffing.grant(marlow, recording, aa)
    Recording.objects.filter(pk=recording.pk).update(restricted="covert")
    share = sharing.make(marlow, staffing_thing(recording), exhibit, case=case).share
    for page in ("/shares/", share.get_absolute_url(), "/admin/sharing/share/"):
        text = signed_in(lane).get(page).text
        for secret in (recording.reference, "AS/1", "secrettitle", "Villiers"):
            assert secret not in text, (page, secret)
    assert "and others that you can&#x27;t see" in signed_in(lane).get("/shares/").text
    assert "secrettitle" in signed_in(marlow).get(share.get_absolute_url()).text


def staffing_thing(recording: Recording) -> Any:
    from evidence.sharing.wishes import Thing

    return Thing(recording=recording, title="secrettitle")


def test_shares_of_who_left_or_is_suspended_are_to_be_looked_at(
    marlow: User, lane: User, stage: Stage
) -> None:
    case, _, exhibit = stage
    share = sharing.make(marlow, exhibit, case=case).share
    client = signed_in(lane)
    assert "To be looked at" not in client.get("/shares/").text
    for change in ({"status": "left"}, {"status": "suspended"}, {"roles": ["officer"]}):
        User.objects.filter(pk=marlow.pk).update(
            **({"status": "working", "roles": ["case_officer"]} | change)
        )
        page = client.get("/shares/").text
        assert "To be looked at" in page
        assert f"/shares/{share.reference}/take-over/" in page
    answer = client.post(f"/shares/{share.reference}/take-over/", {"reason": "Marlow has left"})
    assert answer.status_code == 302
    share.refresh_from_db()
    assert share.owner == lane
    assert "To be looked at" not in client.get("/shares/").text


# --- one share ---
def test_one_click_extends_to_what_is_offered(marlow: User, stage: Stage) -> None:
    share = sharing.make(marlow, stage[2], case=stage[0]).share
    client, url = signed_in(marlow), share.get_absolute_url()
    offered = timezone.localdate() + timedelta(days=14)
    assert f"Until {offered:%-d %b}" in client.get(url).text
    for _ in range(2):  # a double click
        client.post(f"{url}extend/", {"offered": "1"})
    share.refresh_from_db()
    assert timezone.localdate(share.until) == offered
    sequencer.run()
    events = Event.objects.filter(type="share.extended", object_ref=share.reference)
    assert events.count() == 1
    day = offered + timedelta(days=5)
    assert client.post(f"{url}extend/", {"until": day.isoformat()}).status_code == 302
    assert client.post(f"{url}extend/", {"until": "2020-01-01"}).status_code == 422
    assert client.post(f"{url}extend/", {"until": "x"}).status_code == 422
    share.refresh_from_db()
    assert timezone.localdate(share.until) == day


def test_narrowed_and_revoked_with_a_reason(marlow: User, stage: Stage) -> None:
    case, recording, exhibit = stage
    share = sharing.make(marlow, recording, exhibit, case=case).share
    client, url = signed_in(marlow), share.get_absolute_url()
    shown = client.get(f"{url}narrow/1/").text
    assert f"Take {recording.reference} out of" in shown
    assert client.post(f"{url}narrow/1/", {"reason": ""}).status_code == 422
    assert client.post(f"{url}narrow/1/", {"reason": "Not needed"}).status_code == 302
    assert client.post(f"{url}narrow/1/", {"reason": "Not needed"}).status_code == 404
    assert client.post(f"{url}narrow/2/", {"reason": "Not needed"}).status_code == 422
    assert f"Taken out: {recording.reference}, by DC 301 Marlow" in client.get(url).text
    assert client.post(f"{url}revoke/", {"reason": " "}).status_code == 422
    assert client.post(f"{url}revoke/", {"reason": "The wrong person"}).status_code == 302
    page = client.get(url).text
    assert "The wrong person" in page
    assert "Revoke</a>" not in page
    assert client.post(f"{url}send/").status_code == 302
    share.refresh_from_db()
    assert share.state() == "revoked"


def test_made_again_once_however_often_it_is_sent(marlow: User, stage: Stage) -> None:
    share = sharing.make(marlow, stage[2], case=stage[0]).share
    client, url = signed_in(marlow), share.get_absolute_url()
    sent = {
        "until": (timezone.localdate() + timedelta(days=4)).isoformat(),
        "token": "6f0b2f0e-6c1c-4b8e-9d59-0d1f6f0e0b11",
    }
    for _ in range(2):
        assert client.post(f"{url}again/", sent).status_code == 302
    made = Share.objects.get(again_of=share)
    share.refresh_from_db()
    assert (share.state(), made.state()) == ("revoked", "live")
    assert made.reference in client.get(url).text


def test_messages_go_both_ways_and_are_read(
    marlow: User, lane: User, stage: Stage, django_capture_on_commit_callbacks: Any
) -> None:
    share = sharing.make(marlow, stage[2], case=stage[0]).share
    item = share.items.get()
    Message.objects.create(share=share, item=item, at_ms=2500, text="Who is this?")
    url = share.get_absolute_url()
    other = signed_in(lane)
    assert "Who is this?" in other.get(url).text
    assert Message.objects.filter(read_at=None).exists()  # not by whoever answers for it
    page = signed_in(marlow).get(url).text
    assert "On AS/1 at 00:00:02.500" in page
    assert not Message.objects.filter(read_at=None).exists()
    client = signed_in(marlow)
    assert client.post(f"{url}answer/", {"text": ""}).status_code == 422
    long = client.post(f"{url}answer/", {"text": "x" * 2001})
    assert long.status_code == 422
    assert "x" * 2001 in long.text
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"{url}answer/", {"text": "PC Shah"})
    assert "PC Shah" in client.get(url).text
    assert mail.outbox[-1].to == ["j.marlow@cps.example"]
    assert "PC Shah" not in mail.outbox[-1].body


def test_who_opened_what_is_in_sentences(marlow: User, stage: Stage) -> None:
    share = sharing.make(marlow, stage[2], case=stage[0], downloads=True).share
    item, now = share.items.get(), timezone.now()
    for kind, more in (("play", {}), ("file", {"whole_at": now}), ("file", {})):
        Viewing.objects.create(
            share=share, item=item, browser="x", kind=kind, last=now + timedelta(seconds=192),
            sent=1_234_000, **more,
        )  # fmt: skip
    page = signed_in(marlow).get(share.get_absolute_url()).text
    assert "J Marlow played AS/1 for 3 min 12 s; 1.2 MB left" in page
    assert "J Marlow downloaded AS/1, the whole of it, 1.2 MB" in page
    assert "J Marlow began to download AS/1, not the whole of it; 1.2 MB left" in page


def test_why_something_is_not_shown_stands_on_the_force_s_page(marlow: User, stage: Stage) -> None:
    case, recording, exhibit = stage
    share = sharing.make(marlow, exhibit, case=case).share
    staffing.withheld(case, recording, marlow)
    page = signed_in(marlow).get(share.get_absolute_url()).text
    assert "Marked do not disclose by DC 301 Marlow" in page


def test_a_second_person_approves_what_is_restricted(
    marlow: User, stage: Stage, django_capture_on_commit_callbacks: Any
) -> None:
    case, recording, exhibit = stage
    aa = factories.Person(username="aa", name="A Authority", roles=["appropriate_authority"])
    staffing.grant(marlow, recording, aa)
    Recording.objects.filter(pk=recording.pk).update(restricted="covert")
    client = signed_in(marlow)
    new = f"/shares/new/?case={case.slug}"
    assert "a second person has to approve it" in client.get(new).text
    assert "Ask for approval" in client.post(new, form(exhibit.reference)).text
    with django_capture_on_commit_callbacks(execute=True):
        client.post(new, form(exhibit.reference, do="send"))
    share = Share.objects.get()
    url = share.get_absolute_url()
    assert mail.outbox == []
    assert "Shares that wait for a second person" in signed_in(aa).get("/admin/").text
    assert share.reference in signed_in(aa).get("/shares/?show=waiting").text
    assert "waits for approval" in client.get(url).text
    assert client.get(f"{url}decide/").status_code == 404
    assert client.post(f"{url}answer/", {"text": "Hello"}).status_code == 422  # no link yet
    second = signed_in(aa)
    assert f"{url}decide/" in second.get(url).text
    sent = {"decision": "yes", "reason": "Counsel asked for it"}
    assert "only what you can see yourself" in second.post(f"{url}decide/", sent).text.replace(
        "&#x27;", "'"
    )
    staffing.grant(aa, recording, aa)
    assert second.post(f"{url}decide/", {"reason": "Counsel"}).status_code == 422
    assert second.post(f"{url}decide/", {"decision": "yes", "reason": ""}).status_code == 422
    with django_capture_on_commit_callbacks(execute=True):
        assert second.post(f"{url}decide/", sent).status_code == 302
    assert mail.outbox[0].to == ["j.marlow@cps.example"]
    share.refresh_from_db()
    assert share.state() == "live"
    assert "Counsel asked for it" in client.get(url).text
    late = second.post(f"{url}decide/", sent)
    assert late.status_code == 422


def test_the_maker_reads_why_they_can_t_approve(lane: User, shah: User) -> None:
    recording = factories.recording(shah, restricted="covert")
    staffing.grant(lane, recording, lane)
    share = sharing.make(lane, recording).share
    client, url = signed_in(lane), share.get_absolute_url()
    assert "A different person has to approve this" in client.get(url).text
    sent = {"decision": "yes", "reason": "It is fine"}
    assert "A different person has to approve this" in client.post(f"{url}decide/", sent).text
    share.refresh_from_db()
    assert share.state() == "waiting"


# --- the address book ---
def test_the_address_book_is_kept_by_those_who_share(
    marlow: User, hughes: User, stage: Stage
) -> None:
    client = signed_in(marlow)
    sent = {"name": "J Marlow", "organisation": "CPS", "email": "J.M@cps.example", "phone": "1"}
    assert client.post("/shares/people/new/", sent).status_code == 302
    contact = Contact.objects.get()
    assert contact.email == "j.m@cps.example"
    url = f"/shares/people/{contact.pk}/"
    wrong = client.post(url, sent | {"email": "j@elsewhere.example"})
    assert wrong.status_code == 422
    assert "j@elsewhere.example" in wrong.text
    assert client.post(url, sent | {"phone": "020 7946 0000"}).status_code == 302
    assert "020 7946 0000" in client.get("/shares/people/").text
    assert client.post("/shares/people/", {"q": "nobody"}).text.count("J Marlow") == 0
    assert signed_in(hughes).get("/shares/people/").status_code == 404
    assert client.post(url, sent | {"do": "remove"}).status_code == 302
    client.get("/shares/people/")  # the message
    assert "J Marlow" not in client.get("/shares/people/").text
    sequencer.run()
    assert Event.objects.filter(type="share.data_changed").count() == 3


# --- the admin ---
def test_the_admin_leads_to_the_pages(lane: User, shah: User) -> None:
    share = sharing.make(lane, factories.recording(shah)).share
    client = signed_in(lane)
    assert client.get("/admin/sharing/share/add/")["Location"] == "/shares/new/"
    answer = client.get(f"/admin/sharing/share/{share.pk}/change/")
    assert answer["Location"] == share.get_absolute_url()
    assert share.get_absolute_url() in client.get("/admin/sharing/share/").text


def test_domains_and_bases_are_changed_with_an_event(lane: User) -> None:
    client = signed_in(lane)
    sent = {"name": "court.example", "organisation": "Court", "below": "on", "active": "on"}
    assert client.post("/admin/sharing/domain/add/", sent).status_code == 302
    wrong = client.post("/admin/sharing/domain/add/", sent | {"name": "Not A Domain"})
    assert wrong.status_code == 200
    contact = {"name": "X Y", "organisation": "Z", "email": "x@nowhere.example", "phone": ""}
    assert "domains that evidence" in client.post("/admin/sharing/contact/add/", contact).text
    contact["email"] = "x@sub.court.example"
    assert client.post("/admin/sharing/contact/add/", contact).status_code == 302
    basis = {"code": "treaty", "words": "A treaty", "source": "X", "position": "9", "active": "on"}
    assert client.post("/admin/sharing/basis/add/", basis).status_code == 302
    sequencer.run()
    assert Event.objects.filter(type="share.data_changed").count() == 3


def test_a_date_with_a_clock_change_before_it_ends_at_2359() -> None:

    for day in (date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28)):
        assert wishes.when(wishes.end_of(day)) == f"23:59 on {day:%-d %b %Y}"
