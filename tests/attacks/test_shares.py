"""One attack a test: what somebody with a link, half a link or no link could try."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, cast
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from evidence.cases.models import Case
from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.exhibits import actions as exhibits
from evidence.exhibits.models import Decision, Exhibit
from evidence.people import links
from evidence.people.models import User
from evidence.recordings.models import Recording
from evidence.sharing import changing, looking, serving, throttle, writing
from evidence.sharing.models import Code, Share, Viewing
from evidence.sharing.urls import urlpatterns
from evidence.sharing.wishes import Made, Thing
from tests import sharing
from tests.attacks.test_stored_scripts import LIVE
from tests.evidence.sharing.conftest import (  # noqa: F401
    bodies,
    case,
    cut,
    footage,
    jo,
    marlow,
    shared,
    whole,
)
from tests.limits import shares as campaign

pytestmark = pytest.mark.django_db


def plain(answer: Any) -> tuple[Any, ...]:
    """All of an answer that somebody could tell another from it by."""
    # The one is random, the other the second in which it was asked.
    each = ("X-Request-Id", "Expires")
    headers = {name: value for name, value in answer.headers.items() if name not in each}
    return (answer.status_code, answer.content, tuple(sorted(headers.items())),
            tuple(sorted(answer.cookies)))  # fmt: skip


def every_path(share: Share, number: int = 1, viewing: Any = None) -> list[tuple[str, str]]:
    """Method and address of every route that leads to one share."""
    values = {"reference": share.reference, "number": number, "viewing": viewing or uuid4(),
              "letter": "v", "file": 0}  # fmt: skip
    posts = {
        "share-write",
        "share-item-write",
        "share-more",
        "share-play",
        "share-download",
        "share-package-ask",
        "share-package-begin",
    }
    found = []
    for one in urlpatterns:
        wanted = one.pattern.converters.keys()
        if "reference" not in wanted or not one.name:
            continue
        path = reverse(one.name, kwargs={key: values[key] for key in wanted})
        found.append(("post" if one.name in posts else "get", path))
    return found


# --- guessing ---


def test_random_links_open_nothing(shared: Made) -> None:
    assert campaign.campaign(seed=1, count=2000).endswith("0 opened")
    client, dice = Client(), random.Random(1)
    for _ in range(20):
        token = campaign.token(dice)
        assert client.post("/shared/open", {"token": token}).status_code == 404


def test_random_codes_open_nothing_and_lock(shared: Made) -> None:
    dice, opened = random.Random(1), 0
    client = Client()
    client.post("/shared/open", {"token": shared.token})
    client.post("/shared/prove/send/")
    right = Code.objects.get()
    for _ in range(20):
        answer = client.post("/shared/prove/check/", {"code": f"{dice.randrange(10**6):06d}"})
        opened += answer.status_code == 302
    assert opened == 0
    assert right.used_at is None
    shared.share.refresh_from_db()
    assert shared.share.state() == "locked"
    assert shared.share.wrong_codes == 5


def test_an_address_gets_no_more_tries_by_naming_others(
    shared: Made, monkeypatch: Any, settings: Any
) -> None:
    """X-Forwarded-For is anybody's to write where no proxy stands before us."""
    monkeypatch.setattr(throttle, "LINKS", 3)
    client = Client()
    for number in range(3):
        headers = {"X-Forwarded-For": f"10.0.0.{number}"}
        client.post("/shared/open", {"token": "wrong"}, headers=headers)
    headers = {"X-Forwarded-For": "10.9.9.9"}
    answer = client.post("/shared/open", {"token": shared.token}, headers=headers)
    assert answer.status_code == 404
    cache.clear()
    settings.TRUSTED_PROXIES = 1
    for number in range(3):  # behind one proxy what it saw counts: the last
        headers = {"X-Forwarded-For": f"10.0.0.{number}, 192.0.2.7"}
        client.post("/shared/open", {"token": "wrong"}, headers=headers)
    answer = client.post("/shared/open", {"token": shared.token}, headers=headers)
    assert answer.status_code == 404
    headers = {"X-Forwarded-For": "192.0.2.7, 198.51.100.4"}
    answer = client.post("/shared/open", {"token": shared.token}, headers=headers)
    assert answer.status_code == 302


# --- telling one refusal from another ---


STATES: dict[str, dict[str, Any]] = {
    "unknown": {}, "ended": {"until": 0, "starts": -1}, "revoked": {"revoked_at": 0},
    "locked": {"locked_at": 0}, "coming": {"starts": 1, "until": 2}, "refused": {"refused_at": 0},
    "waiting": {"needs_approval": True},
}  # fmt: skip


def put_into(made: Made, change: dict[str, Any]) -> None:
    now = timezone.now()
    values = {key: now + timedelta(days=value) if not isinstance(value, bool) else value
              for key, value in change.items()}  # fmt: skip
    Share.objects.filter(pk=made.share.pk).update(**values)


def test_refusals_of_a_link_are_the_same_to_the_byte_and_to_the_query(
    marlow: User, case: Case, whole: Exhibit, monkeypatch: Any
) -> None:
    asked: list[str] = []
    digest = links.digest

    def counted(token: str) -> str:
        asked.append(token)
        return digest(token)

    monkeypatch.setattr(links, "digest", counted)
    seen, work = set(), set()
    for change in STATES.values():
        made = sharing.make(marlow, whole, case=case)
        put_into(made, change)
        client, before = Client(), len(asked)
        with CaptureQueriesContext(connection) as queries:
            answer = client.post("/shared/open", {"token": made.token if change else "x" * 43})
        seen.add(plain(answer))
        work.add((len(queries), len(asked) - before))
        assert not client.cookies
    assert len(seen) == 1, [one[0] for one in seen]
    assert next(iter(seen))[0] == 404
    assert len(work) == 1, work


def test_refusals_of_every_address_are_the_same(marlow: User, case: Case, whole: Exhibit) -> None:
    """Whoever knows a reference, from a letter perhaps, learns nothing of the share by it."""
    found: dict[int, set[Any]] = {}
    made = sharing.make(marlow, whole, case=case)
    for change in [*STATES.values(), {"purpose": True}]:  # the last: it is live
        row = sharing.make(marlow, whole, case=case)
        if change == {"purpose": True}:
            pass
        elif change:
            put_into(row, change)
        else:
            row.share.reference = "S-2222-2222"
        for place, (method, path) in enumerate(every_path(row.share)):
            with CaptureQueriesContext(connection) as queries:
                answer = getattr(Client(), method)(path)
            assert answer.status_code == 404, path
            found.setdefault(place, set()).add((plain(answer), len(queries)))
    assert {place for place, answers in found.items() if len(answers) > 1} == set()
    assert made.share.reference


def test_proving_a_share_that_ended_meanwhile_is_no_other_answer(
    shared: Made, marlow: User
) -> None:
    client, stranger = Client(), Client()
    client.post("/shared/open", {"token": shared.token})
    changing.revoke(by=marlow, share=shared.share, reason="The wrong person")
    for method, path in (("get", "/shared/prove/"), ("post", "/shared/prove/send/"),
                         ("post", "/shared/prove/check/")):  # fmt: skip
        said = {"code": "123456"} if method == "post" else {}
        answer = getattr(client, method)(path, said)
        assert plain(answer) == plain(getattr(stranger, method)(path, said))


# --- codes ---


def test_a_code_of_another_browser_is_wrong(
    shared: Made, django_capture_on_commit_callbacks: Any
) -> None:
    mine, theirs = Client(), Client()
    for client in (mine, theirs):
        client.post("/shared/open", {"token": shared.token})
    code = sharing.code_for(mine, django_capture_on_commit_callbacks)
    assert theirs.post("/shared/prove/check/", {"code": code}).status_code == 422


def test_a_code_of_another_share_is_wrong(
    shared: Made, marlow: User, case: Case, whole: Exhibit, django_capture_on_commit_callbacks: Any
) -> None:
    other = sharing.make(marlow, whole, case=case)
    client = Client()
    client.post("/shared/open", {"token": other.token})
    code = sharing.code_for(client, django_capture_on_commit_callbacks)
    client.post("/shared/open", {"token": shared.token})
    assert client.post("/shared/prove/check/", {"code": code}).status_code == 422
    assert client.get(f"/shared/{shared.share.reference}/").status_code == 404


def test_a_code_works_once(shared: Made, django_capture_on_commit_callbacks: Any) -> None:
    client = Client()
    client.post("/shared/open", {"token": shared.token})
    code = sharing.code_for(client, django_capture_on_commit_callbacks)
    assert client.post("/shared/prove/check/", {"code": code}).status_code == 302
    client.post("/shared/open", {"token": shared.token})
    assert client.post("/shared/prove/check/", {"code": code}).status_code == 422


def test_an_expired_code_is_wrong(shared: Made, django_capture_on_commit_callbacks: Any) -> None:
    client = Client()
    client.post("/shared/open", {"token": shared.token})
    code = sharing.code_for(client, django_capture_on_commit_callbacks)
    Code.objects.update(expires=timezone.now())
    assert client.post("/shared/prove/check/", {"code": code}).status_code == 422


def test_what_one_browser_began_another_can_t_go_on_with(
    shared: Made, django_capture_on_commit_callbacks: Any
) -> None:
    """The cookie that says which share is being proved is of no use beside another secret."""
    mine, theirs = Client(), Client()
    mine.post("/shared/open", {"token": shared.token})
    sharing.code_for(mine, django_capture_on_commit_callbacks)
    theirs.cookies["share-pending"] = mine.cookies["share-pending"].value
    assert theirs.get("/shared/prove/").status_code == 404
    theirs.cookies["share"] = "A" * 43
    assert theirs.get("/shared/prove/").status_code == 404
    theirs.cookies["share-pending"] = mine.cookies["share-pending"].value[:-2] + "xx"
    theirs.cookies["share"] = mine.cookies["share"].value
    assert theirs.get("/shared/prove/").status_code == 404


def test_a_proof_opens_its_own_share_only(
    jo: Client, marlow: User, case: Case, whole: Exhibit
) -> None:
    other = sharing.make(marlow, whole, case=case)
    for method, path in every_path(other.share):
        assert getattr(jo, method)(path).status_code == 404, path


def test_what_one_browser_proved_opens_nothing_in_another(
    jo: Client, shared: Made, marlow: User
) -> None:
    """Beside her proof a stranger who knows the reference is a stranger still, also afterwards."""
    assert jo.get(f"/shared/{shared.share.reference}/").status_code == 200
    for _ in range(2):
        for method, path in every_path(shared.share):
            answer = getattr(Client(), method)(path)
            assert answer.status_code == 404, path
            for words in ("Marlow", "Marsh", "AB/1", shared.share.reference):
                assert words not in answer.text, path
        changing.revoke(by=marlow, share=shared.share, reason="The wrong person")


def test_a_forwarded_link_asks_for_a_code_that_goes_to_the_named_person(
    shared: Made, django_capture_on_commit_callbacks: Any
) -> None:
    stranger = Client()
    stranger.post("/shared/open", {"token": shared.token})
    with django_capture_on_commit_callbacks(execute=True):
        stranger.post("/shared/prove/send/", {"email": "stranger@elsewhere.example"})
    assert mail.outbox[-1].to == ["j.marlow@cps.example"]
    text = stranger.get("/shared/prove/").text
    assert "j.marlow" not in text
    assert "j…@cps.example" in text
    assert "AB/1" not in text
    assert "Marsh" not in text


# --- where secrets could lie ---


def test_no_secret_is_in_the_database(
    shared: Made, marlow: User, case: Case, whole: Exhibit, django_capture_on_commit_callbacks: Any
) -> None:
    client = Client()
    client.post("/shared/open", {"token": shared.token})
    code = sharing.code_for(client, django_capture_on_commit_callbacks)
    told = sharing.make(marlow, whole, case=case, how=Share.How.PASSPHRASE)
    sequencer.run()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE tablename LIKE 'sharing\\_%' OR tablename LIKE "
            "'custody\\_%' OR tablename LIKE 'django\\_session'"
        )
        names = [row[0] for row in cursor.fetchall()]
        assert "sharing_share" in names
        dump = ""
        for name in names:
            cursor.execute(f"SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM {name} t")
            dump += cursor.fetchone()[0]
    for row in Session.objects.all():
        dump += str(row.get_decoded())
    for secret in (shared.token, told.token, told.passphrase, client.cookies["share"].value):
        assert secret
        assert secret not in dump
    assert not re.search(rf"\b{code}\b", dump)


def test_no_secret_is_in_a_log_line(
    shared: Made, django_capture_on_commit_callbacks: Any, caplog: Any, capfd: Any
) -> None:
    caplog.set_level("DEBUG")
    client = sharing.opened(shared, django_capture_on_commit_callbacks)
    client.get(f"/shared/{shared.share.reference}/")
    Client().post("/shared/open", {"token": shared.token + "x"})
    Client(enforce_csrf_checks=True).post("/shared/open", {"token": shared.token})
    found = re.search(r"\b\d{6}\b", str(mail.outbox[-1].body))
    assert found
    out = capfd.readouterr()
    # What the database is told in the test's own debug lines are hashes.
    text = caplog.text + out.out + out.err
    assert shared.token not in text
    assert not re.search(rf"\b{found.group()}\b", text)


def test_the_secret_is_in_no_address(shared: Made) -> None:
    """Only behind the fragment of the mail's link: no server, log or Referer ever has it."""
    link = next(line.strip() for line in str(mail.outbox[0].body).splitlines() if "http" in line)
    before, _, fragment = link.partition("#")
    assert fragment == shared.token
    assert "?" not in before
    client = Client()
    answer = client.post("/shared/open", {"token": shared.token})
    assert answer["Location"] == "/shared/prove/"
    page = client.get("/shared/open")
    assert page["Referrer-Policy"] == "same-origin"
    assert "no-store" in page["Cache-Control"]
    assert client.get("/shared/open", {"token": shared.token}).status_code == 200
    assert client.get("/shared/prove/", {"token": shared.token}).status_code == 200
    assert shared.token not in client.get("/shared/prove/").text


def test_mails_hold_no_evidence(
    shared: Made, jo: Client, marlow: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        jo.post(f"/shared/{shared.share.reference}/write/", {"text": "About the knife"})
        writing.answer(by=marlow, share=shared.share, text="About the knife")
        changing.extend(by=marlow, share=shared.share)
    assert len(mail.outbox) >= 5
    for one in mail.outbox:
        for words in ("Marsh", "Villiers", "knife", "AB/1", "Burglary"):
            assert words not in f"{one.subject} {one.body}", (words, one.subject)


def test_a_mail_scanner_spends_nothing(
    shared: Made, django_capture_on_commit_callbacks: Any
) -> None:
    scanner, person = Client(), Client()
    person.post("/shared/open", {"token": shared.token})
    code = sharing.code_for(person, django_capture_on_commit_callbacks)
    sequencer.run()
    count = Event.objects.count()
    for _ in range(20):
        for _, path in [("get", "/shared/open"), ("get", "/shared/prove/"),
                        ("get", "/shared/prove/send/"), ("get", "/shared/prove/check/"),
                        *every_path(shared.share)]:  # fmt: skip
            scanner.get(path)
            scanner.head(path)
    sequencer.run()
    assert Event.objects.count() == count
    shared.share.refresh_from_db()
    assert shared.share.wrong_codes == 0
    assert shared.share.opened_at is None
    assert person.post("/shared/prove/check/", {"code": code}).status_code == 302


# --- things that were not shared ---


def test_a_thing_of_another_share_is_not_there(
    jo: Client, shared: Made, marlow: User, case: Case, shah: User
) -> None:
    for number in (0, 3, 99):
        for method, path in every_path(shared.share, number):
            if f"/{number}/" in path:
                assert getattr(jo, method)(path).status_code == 404, path
    assert (
        jo.post(f"/shared/{shared.share.reference}/1/download/", {"file": "1"}).status_code == 404
    )
    assert jo.post(f"/shared/{shared.share.reference}/2/download/", {"file": "7"}).status_code in (
        302, 404)  # a clip has one file, whatever is asked for  # fmt: skip


def test_a_sitting_of_another_browser_or_share_is_not_there(
    jo: Client, shared: Made, marlow: User, case: Case, whole: Exhibit,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    path = f"/shared/{shared.share.reference}/1/"
    [urls] = jo.post(f"{path}play/").json()["segments"]
    assert jo.get(urls["proxy"]).status_code == 200
    assert Client().get(urls["proxy"]).status_code == 404
    second = sharing.opened(shared, django_capture_on_commit_callbacks)  # proved as well
    assert second.get(urls["proxy"]).status_code == 404
    other = sharing.make(marlow, whole, case=case, downloads=True)
    sharing.opened(other, django_capture_on_commit_callbacks, jo)
    moved = urls["proxy"].replace(shared.share.reference, other.share.reference)
    assert jo.get(moved).status_code == 404
    assert jo.get(urls["proxy"].replace("/1/", "/2/", 1)).status_code == 404
    played = Viewing.objects.filter(kind="play")[0]
    assert jo.get(f"{path}{played.pk}/file/").status_code == 404  # to watch is not to take away


def test_a_share_for_viewing_gives_no_file(
    marlow: User, case: Case, whole: Exhibit, django_capture_on_commit_callbacks: Any
) -> None:
    made = sharing.make(marlow, whole, case=case)
    client = sharing.opened(made, django_capture_on_commit_callbacks)
    path = f"/shared/{made.share.reference}/1/"
    assert client.post(f"{path}download/").status_code == 404
    row = Viewing.objects.create(
        share=made.share, item=made.share.items.get(), kind="file", last=timezone.now(),
        browser=links.digest(client.cookies["share"].value),
    )  # fmt: skip
    assert client.get(f"{path}{row.pk}/file/").status_code == 404


def test_a_clip_gives_nothing_of_what_it_was_cut_from(
    marlow: User, case: Case, cut: Exhibit, footage: Recording, bodies: dict[str, bytes],
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    made = sharing.make(marlow, cut, case=case, downloads=True)
    client = sharing.opened(made, django_capture_on_commit_callbacks)
    path = f"/shared/{made.share.reference}/1/"
    [urls] = client.post(f"{path}play/").json()["segments"]
    assert [name for name, url in urls.items() if url] == ["proxy"]
    for letter in "bslpxV":
        for file in (0, 1, 2):
            url = urls["proxy"].replace("/v/0/", f"/{letter}/{file}/")
            assert client.get(url).status_code == 404, url
    assert client.get(urls["proxy"].replace("/v/0/", "/v/1/")).status_code == 404
    facts = client.get(f"{path}facts/", {"file": "0"}).json()
    assert facts["track"] is None
    everything = client.get(path).text + str(facts) + str(urls)
    everything += client.get(f"/shared/{made.share.reference}/").text
    original = footage.originals.get()
    for words in (footage.reference, original.key, original.file_name):
        assert words not in everything
    taken = client.post(f"{path}download/", {"file": "1"})["Location"]
    answer = client.get(taken)
    body = b"".join(cast(Iterable[bytes], answer))
    assert body.startswith(b"clipclip")
    assert bodies["original"][:100] not in body


# --- after it was shared ---


def _restrict(shared: Made, footage: Recording, cut: Exhibit, marlow: User) -> None:
    Recording.objects.filter(pk=footage.pk).update(restricted="covert")


def _withhold(shared: Made, footage: Recording, cut: Exhibit, marlow: User) -> None:
    assert shared.share.case is not None
    Decision.objects.create(
        case=shared.share.case, recording=footage, exhibit=cut, relevant="yes", withheld=True,
        reason="x", decided_by=marlow,
    )  # fmt: skip


def _withdraw(shared: Made, footage: Recording, cut: Exhibit, marlow: User) -> None:
    exhibits.withdraw(by=marlow, exhibit=cut, reason="The wrong face is in it")


def _narrow(shared: Made, footage: Recording, cut: Exhibit, marlow: User) -> None:
    changing.narrow(by=marlow, share=shared.share, number=2, reason="Not needed")


@pytest.mark.parametrize("change", [_restrict, _withhold, _withdraw, _narrow])
def test_what_changed_after_sharing_is_gone_everywhere(
    change: Any, jo: Client, shared: Made, footage: Recording, cut: Exhibit, marlow: User,
    settings: Any,
) -> None:  # fmt: skip
    settings.SHARE_CHECK_SECONDS = 0
    path = f"/shared/{shared.share.reference}/"
    [urls] = jo.post(f"{path}2/play/").json()["segments"]
    taken = jo.post(f"{path}2/download/")["Location"]
    running = jo.get(taken)
    pieces = iter(cast(Iterable[bytes], running))
    next(pieces)
    change(shared, footage, cut, marlow)
    with pytest.raises(serving.Ended):  # in the middle of it
        next(pieces)
    cast(Any, running)._iterator.close()
    assert jo.get(urls["proxy"]).status_code == 404
    assert jo.get(taken).status_code == 404
    assert jo.head(taken).status_code == 404
    assert jo.post(f"{path}2/play/").status_code in (404, 409)
    assert jo.post(f"{path}2/play/", {"again": "1"}).status_code in (404, 409)
    assert jo.post(f"{path}2/download/").status_code == 404
    assert jo.get(f"{path}2/facts/").status_code == 404
    assert jo.post(f"{path}2/write/", {"text": "x"}).status_code == 404
    text = jo.get(path).text
    assert "/2/download/" not in text
    assert 'aria-label="Play AB/2"' not in text
    assert (change is _narrow) == ("AB/2" not in text)


# --- forms and addresses ---


def test_every_form_needs_this_browser_s_own_token(
    shared: Made, django_capture_on_commit_callbacks: Any
) -> None:
    proved = sharing.opened(shared, django_capture_on_commit_callbacks)
    forger = Client(enforce_csrf_checks=True)
    forger.cookies["share"] = proved.cookies["share"].value
    paths = ["/shared/open", "/shared/prove/send/", "/shared/prove/check/"]
    paths += [path for method, path in every_path(shared.share) if method == "post"]
    assert len(paths) == 10
    for path in paths:
        assert forger.post(path, {"token": shared.token}).status_code == 403, path
    assert not Viewing.objects.exists()


def test_nothing_leads_to_another_host(
    shared: Made, django_capture_on_commit_callbacks: Any
) -> None:
    client = Client()
    evil = {"next": "https://evil.example/", "token": shared.token, "file": "0",
            "number": "//evil.example"}  # fmt: skip
    found = []
    with django_capture_on_commit_callbacks(execute=True):
        for path in ("/shared/open", "/shared/prove/send/"):
            found.append(client.post(f"{path}?next=https://evil.example/", evil))
    match = re.search(r"\b\d{6}\b", str(mail.outbox[-1].body))
    assert match
    found.append(client.post("/shared/prove/check/", evil | {"code": match.group()}))
    for name in ("write/", "more/", "1/download/", "1/write/"):
        found.append(client.post(f"/shared/{shared.share.reference}/{name}", evil | {"text": "x"}))
    for answer in found:
        assert answer.status_code == 302
        assert re.match(r"/shared/[\w/#-]+$", answer["Location"]), answer["Location"]


NASTY = "\"><script>alert(1)</script>' onerror=alert(1) {{7*7}} <img src=x onerror=alert(2)>"


def test_no_script_of_anybody_runs_outside(
    marlow: User, case: Case, whole: Exhibit, footage: Recording, shah: User,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    marker = footage.markers.create(at_ms=10, text=NASTY, made_by=shah)
    Case.objects.filter(pk=case.pk).update(title=NASTY[:110], offence=NASTY[:110])
    User.objects.filter(pk__in=[marlow.pk, shah.pk]).update(name=NASTY[:100])
    with django_capture_on_commit_callbacks(execute=True):
        made = sharing.make(
            marlow, Thing(exhibit=whole, title=NASTY[:110], markers=[marker.pk]), case=case,
            recipient=NASTY[:110], organisation=NASTY[:110], purpose=NASTY[:150], words=NASTY,
            downloads=True, watermark=True,
        )  # fmt: skip
    client = sharing.opened(made, django_capture_on_commit_callbacks)
    path = f"/shared/{made.share.reference}/"
    client.post(f"{path}write/", {"text": NASTY})
    client.post(f"{path}1/write/", {"text": NASTY, "at": "1"})
    writing.answer(by=marlow, share=made.share, text=NASTY)
    pages = [client.get(path), client.get(f"{path}1/"),
             client.post(f"{path}write/", {"text": NASTY * 30}),
             client.post(f"{path}1/write/", {"text": NASTY, "at": NASTY},
                         headers={"X-Part": "markers"})]  # fmt: skip
    assert all("alert(1)" in answer.text for answer in pages)
    changing.revoke(by=marlow, share=made.share, reason=NASTY)
    pages += [client.get(path), client.post(f"{path}more/", follow=True)]
    for answer in pages:
        assert not LIVE.search(answer.text), LIVE.search(answer.text)
        assert "onerror=alert(1) 49" not in answer.text


@pytest.mark.parametrize("name", ["J\r\nBcc: evil@evil.example", "J\nX: 1", "J\x00M\u2028arlow"])
def test_a_name_puts_no_header_into_a_mail(
    marlow: User, case: Case, whole: Exhibit, name: str, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        made = sharing.make(marlow, whole, case=case, recipient=name, organisation=name)
    sharing.opened(made, django_capture_on_commit_callbacks)
    for one in mail.outbox:
        message = one.message()
        assert one.to == ["j.marlow@cps.example"]
        assert message["Bcc"] is None
        assert message["X"] is None
        assert "\n" not in str(message["Subject"])


def test_a_file_s_name_puts_no_header_into_an_answer(
    marlow: User, case: Case, whole: Exhibit, django_capture_on_commit_callbacks: Any
) -> None:
    Exhibit.objects.filter(pk=whole.pk).update(mark='A"\r\nX: 1/../2')
    whole.refresh_from_db()
    made = sharing.make(marlow, whole, case=case, downloads=True)
    client = sharing.opened(made, django_capture_on_commit_callbacks)
    taken = client.post(f"/shared/{made.share.reference}/1/download/")["Location"]
    answer = client.head(taken)
    assert re.fullmatch(
        r'attachment; filename="[\w-]+\.mp4"', answer["Content-Disposition"]
    ), answer["Content-Disposition"]  # fmt: skip


def test_no_wrong_value_breaks_a_page(jo: Client, shared: Made) -> None:
    path = f"/shared/{shared.share.reference}/"
    for value in ("", "-1", "9" * 40, "\x00", "٣", "1e9", "' OR 1=1 --", "../../etc/passwd"):
        for answer in (
            jo.post(f"{path}1/download/", {"file": value}),
            jo.post(f"{path}1/write/", {"at": value, "text": value}),
            jo.post(f"{path}1/play/", {"again": value}),
            jo.get(f"{path}1/facts/", {"file": value}), jo.get(f"{path}state/", {"item": value}),
            Client().post("/shared/open", {"token": value}),
        ):  # fmt: skip
            assert answer.status_code < 500, value


def test_what_is_said_to_strangers_names_nobody(shared: Made) -> None:
    text = Client().get(f"/shared/{shared.share.reference}/").text
    for words in ("Marlow", shared.share.reference, "ended", "revoked", "cps"):
        assert words not in text
    assert links.masked("j.marlow@cps.example") == "j…@cps.example"
    assert looking.LETTERS.keys() == {"v", "l", "s", "b"}
