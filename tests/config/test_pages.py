"""The frame of the pages: whose links, whose messages, and what is said when nothing was built."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils.functional import SimpleLazyObject

from config import checks, navigation
from evidence.people.models import User
from tests import disposal

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = [
    path
    for folder in ("config/templates", "evidence")
    for path in (ROOT / folder).rglob("*.html")
    if "templates" in path.parts and not {"admin", "unfold"} & set(path.parts)
]


def words(user: Any) -> list[str]:
    request = RequestFactory().get("/footage/")
    request.user = user
    return [link.words for link in navigation.links(request)]


def test_each_role_gets_its_own_links(
    shah: User, hughes: User, lane: User, administrator: User
) -> None:
    assert words(shah) == ["My footage", "Search", "Cases"]
    assert words(hughes) == ["Team", "Team footage", "Search", "Cases", "Samples", "Dock screens"]
    assert words(lane) == [
        "Team footage", "Search", "Cases", "Complaints", "Samples", "Shares", "Requests",
        "Back office",
    ]  # fmt: skip
    assert words(administrator) == ["People", "Dock screens", "Docks", "Back office"]
    assert words(disposal.manager()) == [
        "Team footage", "Search", "Due", "Holds", "Rules", "Accounting", "Dock screens",
        "Back office",
    ]  # fmt: skip
    assert words(AnonymousUser()) == []


def test_every_link_opens_for_whoever_gets_it(
    shah: User, hughes: User, lane: User, administrator: User, auditor: User
) -> None:
    for user in (shah, hughes, lane, administrator, auditor, disposal.manager()):
        client = Client()
        client.force_login(user)
        request = RequestFactory().get("/")
        request.user = user
        for link in navigation.links(request):
            assert client.get(link.url).status_code == 200, (user, link)


def test_the_link_of_the_page_says_so(shah: User) -> None:
    client = Client()
    client.force_login(shah)
    page = client.get("/footage/").text
    assert re.search(r'href="/footage/" aria-current="page">My footage', page)


def test_the_page_of_a_failure_asks_for_nobody() -> None:
    def away() -> User:
        raise RuntimeError("the database is away")

    request = RequestFactory().get("/footage/")
    request.user = SimpleLazyObject(away)  # type: ignore[assignment]
    page = render_to_string("500.html", {"reference": "E-1"}, request)
    assert "E-1" in page
    with pytest.raises(RuntimeError):
        render_to_string("404.html", {}, request)


def test_what_is_not_built_is_said_before_the_start(settings: Any, tmp_path: Path) -> None:
    assert checks.pages_are_built(None) == []
    settings.FRONTEND_DIR = tmp_path
    [said] = checks.pages_are_built(None)
    assert said.id == "config.E005"
    assert "bin/setup-frontend" in (said.hint or "")


def test_the_style_sheet_asks_for_no_file_and_no_foreign_font() -> None:
    found = finders.find("frontend/pages.css")
    assert isinstance(found, str)
    css = Path(found).read_text()
    assert "url(" not in css
    assert "@font-face" not in css
    assert "GDS" not in css
    assert "Inter" in css


def test_the_lock_names_no_host_and_only_exact_versions() -> None:
    import json

    lock = json.loads((ROOT / "package-lock.json").read_text())
    wanted = lock["packages"][""]
    for version in (wanted["dependencies"] | wanted["devDependencies"]).values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        assert not name or package["integrity"].startswith("sha512-"), name


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_carries_what_the_policy_refuses(path: Path) -> None:
    # What templates say to the engine is no attribute.
    text = re.sub(r"{%.*?%}", "", path.read_text())
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\s(on\w+|hx-on[^\s=]*|x-\w+)\s*=", text)
    for tag in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in tag, tag
    assert not re.search(r"\b(please|sorry|(?<!aria-)invalid|successfully)\b", text, re.I)
