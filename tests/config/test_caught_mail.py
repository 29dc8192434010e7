"""The demonstration's mail on a page: for browsers of this machine, and nowhere else at all."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage, get_connection
from django.test import Client

from config import caught_mail, checks
from config.stack.layout import PORTS, Layout
from evidence.people.models import User

pytestmark = pytest.mark.django_db
FILES = "django.core.mail.backends.filebased.EmailBackend"


@pytest.fixture
def mounted(settings: Any, tmp_path: Path) -> Path:
    settings.ROOT_URLCONF = "tests.config.urls_with_mail"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    settings.ALLOWED_HOSTS = ["*"]
    return tmp_path


def send(*letters: tuple[str, str], to: str = "j@cps.example") -> None:
    with get_connection(FILES) as connection:
        for subject, body in letters:
            EmailMessage(
                subject, body, "evidence@bwv.localhost", [to], connection=connection
            ).send()


def here() -> Client:
    """A browser on this machine."""
    return Client(SERVER_NAME="localhost")


def subjects() -> list[str]:
    return [item.subject for item in caught_mail.letters()]


def test_it_is_in_no_other_systems_addresses() -> None:
    assert here().get("/mail/").status_code == 404


def test_the_newest_stand_first_and_one_can_be_read(mounted: Path, settings: Any) -> None:
    send(("First", "1"))
    for file in mounted.iterdir():
        os.utime(file, (time.time() - 60,) * 2)
    send(("Second", "2"), ("Ärger £", "Your code is 123456.\n\nAt " + settings.PUBLIC_URL + "/x."))
    assert subjects() == ["Ärger £", "Second", "First"]
    page = here().get("/mail/").text
    assert page.index("Ärger £") < page.index("Second") < page.index("First")
    assert "j@cps.example" in page and "evidence@bwv.localhost" in page
    newest = next(caught_mail.letters())
    shown = here().get(f"/mail/{newest.file}/{newest.number}/").text
    assert "Your code is 123456." in shown


def test_fifty_and_no_more(mounted: Path) -> None:
    send(*[(f"Letter {number:02}", "x") for number in range(60)])
    page = here().get("/mail/").text
    assert "Letter 59" in page and "Letter 10" in page and "Letter 09" not in page


def test_only_links_of_our_own_can_be_followed(settings: Any) -> None:
    settings.PUBLIC_URL = own = "http://localhost:8000"
    for text in (f"{own}/shared/open#a-_Z9", own, f"{own}?x=1&y"):
        link = text.replace("&", "&amp;")
        assert f'href="{link}"' in caught_mail.linked(f"Open {text} now\n")
    for text in ("http://localhost:80001/x", "http://localhost:8000.evil.example/", f"{own}@evil/",
                 "https://evil.example/", "javascript:alert(1)", "<a href=x>"):  # fmt: skip
        assert "<a" not in caught_mail.linked(text), text


def test_what_a_letter_says_is_no_markup(mounted: Path) -> None:
    send(("<b>Bold</b>", "<script>alert(1)</script>"), to="<i@x.example>")
    page = here().get("/mail/").text
    assert "<b>Bold" not in page
    newest = next(caught_mail.letters())
    assert "<script>alert" not in here().get(f"/mail/{newest.file}/{newest.number}/").text


@pytest.mark.parametrize("path", [
    "/mail/env/1/", "/mail/..%2fenv/1/", "/mail/20260101-000000-1.log/1/", f"/mail/x.log/{'9' * 40}/",
])  # fmt: skip
def test_no_other_file_is_read(mounted: Path, path: str) -> None:
    (mounted / "env").write_text("SECRET")
    assert here().get(path).status_code == 404


def test_only_this_machine_by_its_own_names(mounted: Path, shah: User, administrator: User) -> None:
    send(("Code", "123456"))
    newest = next(caught_mail.letters())
    signed_in, other = here(), here()
    signed_in.force_login(shah)
    other.force_login(administrator)
    for path in ("/mail/", f"/mail/{newest.file}/{newest.number}/"):
        for client in (here(), signed_in, other):
            assert client.get(path).status_code == 200
            assert client.get(path, headers={"host": "127.0.0.1:8000"}).status_code == 200
            assert client.get(path, headers={"host": "evil.example"}).status_code == 404
            assert client.get(path, headers={"host": "localhost.evil.example"}).status_code == 404
            assert client.get(path, REMOTE_ADDR="10.0.0.7").status_code == 404
            assert client.post(path).status_code == 405


def test_a_system_check_refuses_it_anywhere_else(settings: Any) -> None:
    settings.EMAIL_BACKEND = FILES
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    assert checks.mail_is_read_by_nobody_else(None) == []
    settings.CATCH_MAIL = True
    assert checks.mail_is_read_by_nobody_else(None) == []
    for name, value in (
        ("DEMO", False), ("SECURE", True), ("TRUSTED_PROXIES", 1),
        ("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend"),
        ("ALLOWED_HOSTS", ["evidence.example"]),
    ):  # fmt: skip
        before = getattr(settings, name)
        setattr(settings, name, value)
        [said] = checks.mail_is_read_by_nobody_else(None)
        assert said.id == "config.E007" and said.hint
        setattr(settings, name, before)


def test_only_the_embedded_demonstration_turns_it_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    layout = Layout(tmp_path, dict(PORTS))
    for given, on in (
        ({}, "1"), ({"BWV_DEMO": "0"}, "0"), ({"EMAIL_URL": "smtp://mail"}, "0"),
        ({"BWV_CATCH_MAIL": "0"}, "0"),
    ):  # fmt: skip
        for name in ("BWV_DEMO", "EMAIL_URL", "BWV_CATCH_MAIL"):
            monkeypatch.delenv(name, raising=False)
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        assert layout.environment()["BWV_CATCH_MAIL"] == on
