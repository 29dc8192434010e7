"""Signing in: password, second factor, sessions, fresh proofs, single sign-on."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import urllib3
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.usersessions.models import UserSession
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from evidence.custody import sequencer
from evidence.custody.models import Event, Private
from evidence.people import actions, passwords, throttle
from evidence.people.models import User
from tests import factories
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


def give_app(user: User) -> str:
    secret: str = totp.generate_totp_secret()
    totp.TOTP.activate(user, secret)
    return secret


def code_of(secret: str) -> str:
    [counter] = totp.yield_hotp_counters_from_time()
    return str(totp.format_hotp_value(totp.hotp_value(secret, counter)))


def enter(client: Client, name: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post("/sign-in/", {"login": name, "password": password, **more})


def events(kind: str) -> list[dict[str, Any]]:
    sequencer.run()
    found = []
    for event in Event.objects.filter(type=kind).order_by("index"):
        row = Private.objects.filter(event_id=event.id).first()
        found.append(event.parsed() | {"details": row.parsed() if row else {}})
    return found


def signed_in(client: Client) -> bool:
    answer = client.get("/account/mail/")
    return bool(answer.status_code == 200)


# --- password and second factor ---


def test_a_password_alone_shows_nothing_but_the_way_to_a_second_factor(shah: User) -> None:
    client = Client()
    assert enter(client, "shah").headers["Location"] == "/"
    away = client.get("/footage/")
    assert away.headers["Location"].startswith("/account/?next=")
    page = client.get("/account/").text
    assert "Everybody here signs in with a second factor" in page
    assert client.get("/account/sessions/").status_code == 302
    assert client.post("/footage/R-2222-2222/play/").status_code == 302


def test_a_code_from_the_app_opens_and_works_once(shah: User) -> None:
    secret = give_app(shah)
    client = Client()
    assert enter(client, "shah", next="/footage/").headers["Location"] == "/sign-in/code/"
    assert not signed_in(client)
    wrong = client.post("/sign-in/code/", {"code": "000000"})
    assert "isn&#x27;t right" in wrong.text
    code = code_of(secret)
    assert client.post("/sign-in/code/", {"code": code}).headers["Location"] == "/footage/"
    assert signed_in(client)
    [event] = events("person.signed_in")
    assert event["actor"]["auth"] == "password+totp"
    other = Client()
    enter(other, "shah")
    if code == code_of(secret):  # still the same half minute
        assert other.post("/sign-in/code/", {"code": code}).status_code == 200
        assert not signed_in(other)


def test_the_apps_secret_is_not_in_the_database_as_it_is(shah: User) -> None:
    secret = give_app(shah)
    kept = Authenticator.objects.get(user=shah).data["secret"]
    assert secret not in kept
    assert get_adapter().decrypt(kept) == secret
    rotated = django_settings.SECRET_KEY
    try:
        django_settings.SECRET_KEY, django_settings.SECRET_KEY_FALLBACKS = "n" * 50, [rotated]
        assert get_adapter().decrypt(kept) == secret
    finally:
        django_settings.SECRET_KEY, django_settings.SECRET_KEY_FALLBACKS = rotated, []


def test_a_recovery_code_works_once(shah: User) -> None:
    give_app(shah)
    codes = RecoveryCodes.activate(shah)
    code = codes.get_unused_codes()[0]
    for expected in (302, 200):
        client = Client()
        enter(client, "shah")
        assert client.post("/sign-in/code/", {"code": code}).status_code == expected


def test_a_code_is_not_enough_for_roles_that_need_a_passkey(lane: User, shah: User) -> None:
    for person, opens in ((lane, False), (shah, True)):
        secret = give_app(person)
        client = Client()
        enter(client, person.username)
        client.post("/sign-in/code/", {"code": code_of(secret)})
        assert signed_in(client) is opens
        cache.clear()
    assert "Your role asks for a passkey" in client_of(lane).get("/account/").text


def client_of(user: User) -> Client:
    """Signed in by password and app."""
    client = Client()
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "mfa", "at": time.time(), "type": "totp"}
    ]
    session.save()
    return client


def test_nobody_signs_up_and_no_allauth_page_is_mounted_that_is_not_listed(shah: User) -> None:
    for path in ("/accounts/signup/", "/account/signup/", "/account/email/", "/signup/",
                 "/account/social/connections/", "/sign-in/code/request/"):  # fmt: skip
        assert Client().get(path).status_code == 404


# --- guessing ---


def test_unknown_and_known_people_get_the_same_answer(shah: User) -> None:
    token = re.compile(rb"[A-Za-z0-9]{64}")

    def page(name: str) -> bytes:
        return token.sub(b"", enter(Client(), name, "wrong").content.replace(name.encode(), b""))

    assert page("shah") == page("nobody")
    assert enter(Client(), "a\0b", "x").status_code == 200
    said = [(event["object"]["ref"], event["outcome"]) for event in events("person.refused")]
    assert said == [(shah.ref, "denied"), ("u-unknown", "denied")]


def test_a_stranger_cannot_lock_an_officer_out(shah: User) -> None:
    """However many addresses guess, the officer's own browser goes on (device cookie)."""
    give_app(shah)
    own = Client(REMOTE_ADDR="10.1.1.1")
    enter(own, "shah")
    own.post("/sign-in/code/", {"code": code_of(give_new_app(shah))})
    assert throttle.COOKIE in own.cookies
    for number in range(throttle.MANY + 5):
        enter(Client(REMOTE_ADDR=f"10.2.{number // 200}.{number % 200}"), "shah", "guess")
    fresh = Client(REMOTE_ADDR="10.1.1.1")
    fresh.cookies[throttle.COOKIE] = own.cookies[throttle.COOKIE].value
    assert enter(fresh, "shah").headers["Location"] == "/sign-in/code/"
    # A new browser is slowed, not shut out: one try a minute from an address.
    new = Client(REMOTE_ADDR="10.3.0.1")
    assert enter(new, "shah").status_code == 302
    again = Client(REMOTE_ADDR="10.3.0.1")
    assert enter(again, "shah").status_code == 200


def give_new_app(user: User) -> str:
    Authenticator.objects.filter(user=user).delete()
    return give_app(user)


def test_a_forged_device_cookie_is_nobodys(shah: User) -> None:
    client = Client(REMOTE_ADDR="10.9.9.9")
    client.cookies[throttle.COOKIE] = "eyJuYW1lcyI6WyJzaGFoIl19:forged"
    for _ in range(throttle.TRIES):
        enter(client, "shah", "guess")
    assert "not right" in enter(client, "shah").text


def test_a_right_password_among_wrong_ones_does_not_give_more_tries(
    shah: User, okoro: User
) -> None:
    """Signing in as oneself in between does not reset the tries at another's name."""
    thief = Client(REMOTE_ADDR="10.8.0.1")
    for _ in range(throttle.TRIES):
        enter(thief, "okoro", "guess")
    enter(thief, "shah")
    assert enter(Client(REMOTE_ADDR="10.8.0.1"), "okoro").status_code == 200


# --- passwords ---


@pytest.mark.parametrize(
    "word",
    ["short pass", "qwertyuiop12345", "unbelievable", "Aisha Shah 4127", "metropolis evidence",
     "x" * 129],
)  # fmt: skip
def test_weak_passwords_are_refused(word: str, shah: User, settings: Any) -> None:
    from django.contrib.auth.password_validation import validate_password

    settings.FORCE_NAME = "Metropolis Police"
    with pytest.raises(ValidationError):
        validate_password(word, shah)


@pytest.mark.parametrize(
    "word", ["correct horse battery staple", "ночь улица фонарь", "aaaa bbbb cccc dddd!", "y" * 128]
)
def test_long_ones_need_no_rules(word: str, shah: User) -> None:
    from django.contrib.auth.password_validation import validate_password

    validate_password(word, shah)


def test_a_breached_password_is_found_in_a_sorted_file(tmp_path: Any, settings: Any) -> None:
    import hashlib

    words = [f"stolen password {number}" for number in range(3000)]
    hashes = sorted(hashlib.sha1(word.encode()).hexdigest().upper() for word in words)
    path = tmp_path / "pwned.txt"
    path.write_text("\r\n".join(f"{digest}:{n}" for n, digest in enumerate(hashes)))
    assert all(passwords.in_file(path, word) for word in (words[0], words[1500], words[-1]))
    for position in (0, 1, 2998, 2999):
        assert passwords.in_file(path, next(w for w in words if hashlib.sha1(
            w.encode()).hexdigest().upper() == hashes[position]))  # fmt: skip
    assert not passwords.in_file(path, "never stolen anywhere")
    settings.BREACHED_PASSWORDS = str(path)
    with pytest.raises(ValidationError, match="stolen"):
        passwords.NotBreached().validate(words[7])


def test_passwords_are_kept_with_argon2id(shah: User) -> None:
    shah.set_password("a long pass phrase")
    assert shah.password.startswith("argon2$argon2id$")


# --- sessions ---


def test_a_session_ends_when_it_is_idle_and_after_twelve_hours(shah: User, settings: Any) -> None:
    for key, ago in (("seen", settings.SESSION_IDLE_SECONDS + 1), ("began", 12 * 3600 + 1)):
        client = Client()
        client.force_login(shah)
        assert signed_in(client)
        session = client.session
        session[key] = time.time() - ago
        session.save()
        assert client.get("/footage/").headers["Location"].startswith("/sign-in/?next=%2Ffootage")
        assert not signed_in(client)


def test_looking_on_keeps_a_session_and_a_page_that_asks_by_itself_does_not(shah: User) -> None:
    client = Client()
    client.force_login(shah)
    recording = factories.recording(shah)

    def seen_after(path: str) -> float:
        session = client.session
        session["seen"] = time.time() - 600
        session.save()
        client.get(path)
        return time.time() - float(client.session["seen"])

    assert seen_after("/footage/") < 60
    assert seen_after(f"/footage/{recording.reference}/status/") > 500


def test_a_new_session_id_at_sign_in_and_nothing_left_after_signing_out(shah: User) -> None:
    secret = give_app(shah)
    client = Client()
    client.get("/sign-in/")
    enter(client, "shah")
    before = client.session.session_key
    client.post("/sign-in/code/", {"code": code_of(secret)})
    key = client.session.session_key
    assert key != before
    client.post("/sign-out/")
    assert not Session.objects.filter(session_key=key).exists()
    assert [event["details"]["name"] for event in events("person.signed_out")] == [shah.short]


@pytest.mark.parametrize("change", [{"roles": ["officer", "supervisor"]}, {"status": "suspended"}])
def test_a_change_of_roles_or_status_ends_every_session_at_the_next_request(
    shah: User, change: dict[str, Any]
) -> None:
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(shah)
        assert signed_in(client)
    User.objects.filter(pk=shah.pk).update(**change)
    assert not any(signed_in(client) for client in clients)


def test_one_ends_ones_own_other_sessions(shah: User) -> None:
    one, other = Client(), Client()
    for client in (one, other):
        secret = give_new_app(shah)
        enter(client, "shah")
        client.post("/sign-in/code/", {"code": code_of(secret)})
        cache.clear()
    assert UserSession.objects.count() == 2
    one.post("/account/sessions/")
    assert signed_in(one)
    assert not signed_in(other)


def test_an_administrator_ends_others_sessions_and_not_their_own_rules(
    administrator: User, shah: User, lane: User
) -> None:
    client = Client()
    client.force_login(shah)
    actions.end_sessions(by=administrator, person=shah, reason="lost tablet", address="")
    assert not signed_in(client)
    assert events("person.sessions_ended")[0]["details"]["reason"] == "lost tablet"
    with pytest.raises(actions.NotAllowed):
        actions.end_sessions(by=lane, person=shah, reason="x", address="")
    with pytest.raises(actions.NotAllowed):
        actions.end_sessions(by=administrator, person=administrator, reason="x", address="")


# --- fresh proofs ---


def stale(client: Client, seconds: int = 301) -> None:
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] = time.time() - seconds
    session.save()


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("lane", "/admin/recordings/package/add/"),
        ("administrator", "/admin/people/user/{shah}/change/"),
        ("administrator", "/admin/people/user/{shah}/factors/"),
        ("administrator", "/admin/devices/dock/{dock}/code/"),
        ("lane", "/retention/holds/{hold}/release/"),
        ("mana", "/retention/rules/traffic/propose/"),
        ("mana", "/retention/groups/{recording}/"),
        ("shah", "/account/passkeys/add/"),
    ],
)  # fmt: skip
def test_acts_that_matter_ask_for_a_fresh_proof(
    who: str, path: str, shah: User, lane: User, administrator: User, dock: Any
) -> None:
    from evidence.retention.models import Hold

    give_app(shah)
    hold = Hold.objects.create(recording=factories.recording(shah), kind="manual", reason="x")
    mana = factories.Person(username="mana", name="M Mana", roles=["evidence_manager"])
    people = {"shah": shah, "lane": lane, "administrator": administrator, "mana": mana}
    path = path.format(shah=shah.pk, dock=dock.pk, hold=hold.pk, recording=hold.recording)
    client = Client()
    client.force_login(people[who])
    if who != "shah":  # sign-in changes ask for a proof after the sign-in itself
        assert client.get(path).status_code == 200
    stale(client)
    assert client.get(path).headers["Location"].startswith("/account/again/")


def test_what_was_typed_is_carried_on_with_after_the_proof(administrator: User, shah: User) -> None:
    client = Client()
    client.force_login(administrator)
    stale(client)
    path = f"/admin/people/user/{shah.pk}/sessions/"
    away = client.post(path, {"reason": "lost tablet"}).headers["Location"]
    assert away.startswith("/account/again/")
    assert events("person.sessions_ended") == []
    done = client.post(away, {"password": PASSWORD, "next": path})
    assert done.status_code == 302
    assert events("person.sessions_ended")[0]["details"]["reason"] == "lost tablet"


def test_a_wrong_proof_does_nothing(administrator: User, shah: User) -> None:
    client = Client()
    client.force_login(administrator)
    stale(client)
    path = f"/admin/people/user/{shah.pk}/sessions/"
    away = client.post(path, {"reason": "x"}).headers["Location"]
    assert client.post(away, {"password": "wrong", "next": path}).status_code == 200
    assert events("person.sessions_ended") == []


# --- accounts ---


def test_the_administrator_sends_a_link_and_never_knows_the_password(
    administrator: User, shah: User
) -> None:
    User.objects.filter(pk=shah.pk).update(email="shah@metropolis.example")
    shah.refresh_from_db()
    client = Client()
    client.force_login(administrator)
    answer = client.post(f"/admin/people/user/{shah.pk}/link/", {"reason": "new here"})
    assert answer.status_code == 302
    told, link = mail.outbox
    assert "A link to set a password was sent" in told.body
    path = re.search(r"http://localhost:\d+(/sign-in/set/\S+)", str(link.body))
    assert path
    assert path.group(1) not in answer.content.decode()
    person = Client()
    page = person.get(path.group(1), follow=True)
    assert page.status_code == 200
    new = "another pass phrase entirely"
    where = page.redirect_chain[-1][0]
    person.post(where, {"password1": new, "password2": new})
    shah.refresh_from_db()
    assert shah.check_password(new)
    assert "can" in Client().get(path.group(1), follow=True).text  # used: once only
    assert "This link can&#x27;t be used" in Client().get(path.group(1), follow=True).text or \
        "This link can't be used" in Client().get(path.group(1), follow=True).text  # fmt: skip
    assert [event["details"]["what"] for event in events("person.secured")] == [
        "A link to set a password was sent", "Password set by a mailed link",
    ]  # fmt: skip


def test_a_lost_telephone_ends_sessions_and_leaves_the_password_needed(
    administrator: User, shah: User
) -> None:
    give_app(shah)
    client = Client()
    client.force_login(shah)
    actions.reset_factors(by=administrator, person=shah, reason="telephone lost", address="")
    assert not signed_in(client)
    assert not Authenticator.objects.filter(user=shah).exists()
    enter(client, "shah")
    assert not signed_in(client)  # a new factor first
    assert client.get("/account/app/").status_code == 200


def test_pairs_of_roles_are_refused_with_the_reason(shah: User) -> None:
    from evidence.people.table import EXCLUDED_PAIRS

    for one, other, why in EXCLUDED_PAIRS:
        shah.roles = [one, other]
        with pytest.raises(ValidationError, match=re.escape(why)):
            shah.clean()


# --- what hostile readings found ---


def test_a_code_adds_no_passkey_to_an_account_that_has_one(lane: User) -> None:
    """Else one code, read out to a caller, would undo the passkey."""
    secret = give_app(lane)
    Authenticator.objects.create(user=lane, type=Authenticator.Type.WEBAUTHN, data={"name": "x"})
    client = client_of(lane)
    assert secret
    for path in ("/account/passkeys/add/", "/account/codes/", "/account/app/",
                 "/account/codes/new/", "/account/passkeys/"):  # fmt: skip
        assert client.get(path).headers["Location"].startswith("/account/?next="), path
        assert client.post(path).status_code == 302


def test_a_proof_begun_before_signing_in_is_dropped(shah: User) -> None:
    client = Client()
    client.get("/sign-in/")
    session = client.session
    session["account_reauthentication_state"] = {"request": {"path": "/account/codes/new/"}}
    session.save()
    enter(client, "shah")
    assert "account_reauthentication_state" not in client.session


def test_a_forgotten_password_is_set_by_a_link_that_leads_somewhere(
    shah: User, okoro: User, hughes: User
) -> None:
    """Not for those who sign in elsewhere, nor for those who lost every factor."""
    for person in (shah, okoro, hughes):
        User.objects.filter(pk=person.pk).update(email=f"{person.username}@metropolis.example")
    give_app(shah)
    give_app(hughes)
    User.objects.filter(pk=hughes.pk).update(sso_subject="id-hughes")
    for person in (shah, okoro, hughes):
        Client().post("/sign-in/forgotten/", {"email": f"{person.username}@metropolis.example"})
    [letter] = mail.outbox
    assert letter.to == ["shah@metropolis.example"]
    found = re.search(r"http://localhost:\d+(/sign-in/set/\S+)", str(letter.body))
    assert found
    page = Client().get(found.group(1), follow=True)
    assert "Set your password" in page.text
    assert "can&#x27;t be used" not in page.text


def test_a_stale_session_of_the_provider_adds_no_passkey(shah: User) -> None:
    """Somebody without a factor of ours: the provider has to ask again."""
    shah.set_unusable_password()
    shah.save()
    client = Client()
    client.force_login(shah)
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "socialaccount", "at": time.time(), "provider": "force", "uid": "x"}
    ]
    session["sso_factor"], session["sso_auth_time"] = "code", int(time.time()) - 3600
    session.save()
    assert client.get("/account/passkeys/add/").headers["Location"].startswith("/sign-in/sso/")
    session["sso_auth_time"] = int(time.time())
    session.save()
    assert client.get("/account/passkeys/add/").status_code == 200
    assert client.get("/account/password/").headers["Location"] == "/account/"


def test_who_changed_an_address_does_not_send_the_keys_there(
    administrator: User, lane: User
) -> None:
    User.objects.filter(pk=lane.pk).update(email="lane@metropolis.example")
    give_app(lane)
    other = factories.Person(username="admin2", name="Second", roles=["administrator"])
    client = Client()
    client.force_login(administrator)
    form = {"username": "lane", "name": lane.name, "rank": "DS", "collar": "12",
            "email": "mine@example.org", "roles": lane.roles, "status": "working"}  # fmt: skip
    done = client.post(f"/admin/people/user/{lane.pk}/change/", form)
    assert done.status_code == 302, done.content
    assert "lane@metropolis.example" in [one for letter in mail.outbox for one in letter.to]
    lane.refresh_from_db()
    assert lane.email == "mine@example.org"
    for act in (
        lambda by: actions.invite(by=by, person=lane, address=""),
        lambda by: actions.reset_factors(by=by, person=lane, reason="lost", address=""),
    ):
        with pytest.raises(actions.NotAllowed, match="another administrator"):
            act(administrator)
        act(other)


def test_nobody_changes_their_own_account(administrator: User) -> None:
    client = Client()
    client.force_login(administrator)
    client.post(f"/admin/people/user/{administrator.pk}/change/", {"email": "x@example.org"})
    administrator.refresh_from_db()
    assert administrator.email == ""


@pytest.mark.parametrize(
    "asked",
    ["_complaints_complaint_officers_+__isnull=0", "password__startswith=a", "sso_subject=x",
     "recordings__isnull=0", "grants__isnull=0", "email__startswith=a"],
)  # fmt: skip
def test_lists_are_narrowed_by_their_filters_alone(asked: str, administrator: User) -> None:
    client = Client()
    client.force_login(administrator)
    assert client.get(f"/admin/people/user/?{asked.replace('+', '%2B')}").status_code == 400
    assert client.get("/admin/people/user/?status__exact=working").status_code == 200


def test_wrong_codes_and_proofs_are_events(shah: User) -> None:
    give_app(shah)
    client = Client()
    enter(client, "shah")
    client.post("/sign-in/code/", {"code": "000000"})
    assert [event["object"]["ref"] for event in events("person.refused")] == [shah.ref]
    client = client_of(shah)
    stale(client)
    client.post("/account/again/?next=/account/mail/", {"password": PASSWORD})
    assert [event["data"]["method"] for event in events("person.proved_again")] == ["password"]
    client.post("/account/sessions/")
    assert events("person.sessions_ended")[0]["details"]["reason"] == "their own"


def test_a_password_typed_as_a_name_is_not_written_down(shah: User) -> None:
    enter(Client(), "my secret pass phrase", "shah")
    [event] = events("person.refused")
    assert "secret" not in str(event)
    assert event["details"]["name"].startswith("an unknown name (")


def test_other_spellings_are_the_same_name(shah: User) -> None:
    stranger = Client(REMOTE_ADDR="10.7.0.1")
    for _ in range(throttle.TRIES):
        enter(stranger, "shah", "guess")
    assert enter(stranger, "\u017fhah").status_code == 200  # long s: the database's "shah"
    assert len(events("person.refused")) == throttle.TRIES + 1  # the first of those shut out


def test_behind_proxies_the_address_is_what_they_vouch_for(settings: Any, rf: Any) -> None:
    from evidence.people.requests import address

    asked = rf.get("/", HTTP_X_FORWARDED_FOR="6.6.6.6, 10.0.0.7", REMOTE_ADDR="127.0.0.1")
    assert address(asked) == "127.0.0.1"
    settings.TRUSTED_PROXIES = 1
    assert address(asked) == "10.0.0.7"
    settings.TRUSTED_PROXIES = 3
    assert address(asked) == "127.0.0.1"


def test_the_last_factor_stays(shah: User) -> None:
    row = Authenticator.objects.create(
        user=shah, type=Authenticator.Type.WEBAUTHN, data={"name": "Key"}
    )
    client = Client()
    client.force_login(shah)
    path = f"/account/passkeys/{row.pk}/remove/"
    assert client.post(path).status_code == 409
    give_app(shah)
    assert client.get("/account/app/remove/").status_code in (200, 302)
    assert Authenticator.objects.filter(pk=row.pk).exists()


def test_a_restriction_is_lifted_by_somebody_else(shah: User) -> None:
    from evidence.recordings import grants

    one = factories.Person(username="em1", name="E M", roles=["evidence_manager"])
    two = factories.Person(username="em2", name="E N", roles=["evidence_manager"])
    item = factories.recording(shah)
    grants.restrict(by=one, recording=item, kind="covert", reason="source")
    sequencer.run()
    with pytest.raises(actions.NotAllowed, match="different person"):
        grants.unrestrict(by=one, recording=item, reason="over")
    assert grants.unrestrict(by=two, recording=item, reason="over").restricted == ""


# --- the force's identity provider ---


@pytest.fixture
def provider(settings: Any) -> Iterator[str]:
    """A real OpenID provider, on a port of its own."""
    from oidc_provider_mock import User as Known
    from oidc_provider_mock import run_server_in_thread

    people = (
        Known(
            sub="id-shah",
            claims={
                "email": "shah@metropolis.example",
                "amr": ["pwd", "otp"],
                "auth_time": int(time.time()),
            },
        ),
        Known(sub="id-lane", claims={"email": "lane@metropolis.example", "amr": ["pwd", "hwk"]}),
        Known(sub="id-bare", claims={"email": "okoro@metropolis.example"}),
    )
    with run_server_in_thread(require_nonce=True, user_claims=people) as server:
        url = f"http://localhost:{server.server_port}"
        settings.OIDC_URL = url
        app = {"provider_id": "force", "name": "Force", "client_id": "bwv", "secret": "s",
               "settings": {"server_url": url, "oauth_pkce_enabled": True}}  # fmt: skip
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
        yield url


def chosen(away: str, subject: str) -> Any:
    """The provider's answer once somebody has said who they are."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return urllib3.request("POST", away, body=f"sub={subject}", headers=headers, redirect=False)


def round_trip(client: Client, subject: str, **query: str) -> Any:
    """To the provider, say who one is there, and back."""
    away = client.get("/sign-in/sso/", query).headers["Location"]
    assert "nonce=" in away
    assert "code_challenge=" in away
    answer = chosen(away, subject)
    back = answer.headers["Location"]
    return client.get(back.partition("//")[2].partition("/")[1] + back.split("/", 3)[3])


def test_single_sign_on_by_the_subject_that_was_written_down(
    provider: str, shah: User, lane: User
) -> None:
    for person, auth in ((shah, "code"), (lane, "passkey")):
        User.objects.filter(pk=person.pk).update(sso_subject=f"id-{person.username}")
        client = Client()
        answer = round_trip(client, f"id-{person.username}", next="/account/mail/")
        assert answer.headers["Location"] == "/account/mail/", answer.content
        assert signed_in(client), auth
    assert [event["actor"]["auth"] for event in events("person.signed_in")] == ["openid"] * 2


def test_a_provider_that_asked_for_one_factor_leaves_the_second_to_us(
    provider: str, okoro: User
) -> None:
    User.objects.filter(pk=okoro.pk).update(sso_subject="id-bare")
    client = Client()
    round_trip(client, "id-bare")
    assert not signed_in(client)
    assert client.get("/account/").status_code == 200


def test_an_address_alone_joins_no_accounts(provider: str, shah: User) -> None:
    User.objects.filter(pk=shah.pk).update(email="shah@metropolis.example")
    client = Client()
    answer = round_trip(client, "id-shah")
    assert answer.status_code == 403
    assert not signed_in(client)
    assert events("person.refused")[0]["details"]["name"] == "identity id-shah"


def test_a_suspended_person_is_refused_by_sso_too(provider: str, shah: User) -> None:
    User.objects.filter(pk=shah.pk).update(sso_subject="id-shah", status="suspended")
    assert round_trip(Client(), "id-shah").status_code == 403


def test_an_answer_for_another_browser_or_used_twice_is_refused(provider: str, shah: User) -> None:
    User.objects.filter(pk=shah.pk).update(sso_subject="id-shah")
    client = Client()
    away = client.get("/sign-in/sso/").headers["Location"]
    answer = chosen(away, "id-shah")
    back = "/" + answer.headers["Location"].split("/", 3)[3]
    thief = Client()
    assert thief.get(back).status_code != 302
    assert not signed_in(thief)
    # The nonce of another round trip.
    session = client.session
    session["sso_nonce"] = "another"
    session.save()
    client.get(back)
    assert not signed_in(client)


def test_a_token_signed_by_another_key_is_refused(
    provider: str, shah: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even when it comes straight from the token endpoint."""
    import json

    from cryptography.hazmat.primitives.asymmetric import rsa
    from jwt.algorithms import RSAAlgorithm

    from evidence.people import sso

    User.objects.filter(pk=shah.pk).update(sso_subject="id-shah")
    other = rsa.generate_private_key(65537, 2048).public_key()
    forged = json.loads(RSAAlgorithm.to_jwk(other))
    monkeypatch.setattr(sso, "keys", lambda config: [forged])
    client = Client()
    round_trip(client, "id-shah")
    assert not signed_in(client)


def test_no_provider_no_button(shah: User) -> None:
    assert Client().get("/sign-in/sso/").status_code == 404
    assert "/sign-in/sso/" not in Client().get("/sign-in/").text


def test_old_sessions_are_cleared(shah: User) -> None:
    from evidence.people.tasks import clear_sessions

    client = Client()
    client.force_login(shah)
    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))
    clear_sessions()
    assert not Session.objects.exists()
