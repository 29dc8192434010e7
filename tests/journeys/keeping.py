"""What the stories of keeping and letting go share: an officer of their own, footage of any age."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from config.stack.layout import ROOT
from tests import factories
from tests.journeys.conftest import MINT, Watched
from tests.journeys.test_player import name_at
from tests.live import Live

SignIn = Callable[..., Watched]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
PICTURES = ROOT / "docs" / "pictures"
WIDTHS = (320, 820, 1280)

# A unit and an officer of their own, so that no other story's lists get longer.
OFFICER = """
from evidence.people.models import Unit, User
unit, _ = Unit.objects.get_or_create(
    name="Southwark response D", defaults={"parent": Unit.objects.get(name="Metropolis Police")})
User.objects.get_or_create(username="finch", defaults={
    "name": "Remy Finch", "rank": "PC", "collar": "6120", "roles": ["officer"], "unit": unit})
"""
# As if these had been recorded and docked so many days ago, as what they are.
AGED = """
from datetime import timedelta
from django.db import transaction
from django.utils import timezone
from evidence.people.models import User
from evidence.recordings import actions, rules
from evidence.recordings.models import Category, Recording
by = User.objects.get(username="finch")
for reference, days, code in {rows!r}:
    row = Recording.objects.get(reference=reference)
    if code and (row.category is None or row.category.code != code):
        row = actions.categorise(by=by, recording=row, category=Category.objects.get(code=code))
    with transaction.atomic():
        row = Recording.objects.select_for_update(of=("self",)).get(pk=row.pk)
        moment = timezone.now() - timedelta(days=days)
        row.happened_at = row.recorded_at = row.created = moment
        row.ends_at = moment + timedelta(milliseconds=row.duration_ms)
        rules.settle(row)
        row.save()
"""
FROM = "from evidence.retention.tasks import {task}\n{task}.delay()"


@dataclass
class Keeping:
    """The live system, and what these stories do to it from outside."""

    live: Live
    folder: Path

    def run(self, script: str) -> str:
        return self.live.manage("shell", "-v0", "-c", script)

    def card(self, serial: str, moments: list[datetime], seconds: float = 3) -> list[str]:
        """Dock one file for each moment with the real agent; the references, in that order."""
        bay = self.folder / f"{serial}-{len(list(self.folder.iterdir()))}"
        bay.mkdir()
        (bay / "camera.json").write_text(json.dumps({"serial": serial, "clock_error_seconds": 0}))
        names, film = [], factories.film(seconds)
        for moment in moments:
            names.append(name_at(moment.astimezone(UTC)))
            (bay / names[-1]).write_bytes(film + f"{serial} {names[-1]}".encode())
        out = self.live.dock(self.folder / "state", bay)
        assert "stored, checked, wiped" in out
        self.live.wait(self.live.playable, "the viewing copies")
        found = {
            file["file_id"]: str(row["recording"])
            for row in self.live.recordings() if row["camera"] == serial for file in row["files"]
        }  # fmt: skip
        return [found[name] for name in names]

    def aged(self, *rows: tuple[str, float, str]) -> None:
        """Recordings, how many days old they become, and what they are."""
        self.run(AGED.format(rows=list(rows)))

    def worker(self, task: str) -> None:
        """What the clock asks of a worker now and then, asked of it now."""
        self.run(FROM.format(task=task))

    def one(self, query: str, *values: Any) -> Any:
        """The first column of the first row, or None."""
        with self.live.database() as database:
            row = database.execute(query, list(values)).fetchone()
        return row[0] if row else None

    def url(self, path: str) -> str:
        return f"{self.live.url}{path}"


def ago(days: float, hour: int, minute: int = 0) -> datetime:
    """A moment so many days ago, by the clock on the wall."""
    day = timezone.localtime() - timedelta(days=days)
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0)


def people(live: Live, sessions: dict[str, list[str]]) -> None:
    """The stories' officer, signed in."""
    live.manage("shell", "-v0", "-c", OFFICER)
    if "finch" not in sessions:
        mint = MINT.replace("User.objects.all()", "User.objects.filter(username='finch')")
        sessions.update(json.loads(live.manage("shell", "-v", "0", "-c", mint).splitlines()[-1]))


def cameras(live: Live, *serials: str) -> None:
    for serial in serials:
        live.manage("camera", "add", serial, "--issued-to", "6120",
                    "--from", "2020-01-01T00:00:00Z")  # fmt: skip


def looked_at(page: Page, name: str, axe: tuple[int, ...] = (820, 1280)) -> None:
    """axe finds nothing, nothing goes sideways at three widths; pictures where they are asked for."""
    folder = os.environ.get("BWV_PICTURES", "")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(100)
        if folder:
            page.screenshot(path=str(Path(folder) / f"{name}-{width}.png"), full_page=True)
        if width in axe:
            found = Axe().run(page, options=RULES)
            wrong = [
                (item["id"], [node["html"][:200] for node in item["nodes"]])
                for item in found.response["violations"]
            ]
            assert wrong == [], (name, width)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, (name, width, wide)


def picture(page: Page, name: str, height: int = 800) -> None:
    """The picture of the documentation, where the tests are asked for pictures."""
    if os.environ.get("BWV_PICTURES"):
        page.set_viewport_size({"width": 1280, "height": height})
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(300)
        page.screenshot(path=str(PICTURES / f"{name}.png"))


def press(page: Page, verb: str) -> None:
    """By keyboard: the button is where the focus can go, and Enter is enough."""
    button = page.get_by_role("button", name=verb, exact=True).first
    button.focus()
    page.keyboard.press("Enter")


def told(page: Page, *words: str) -> None:
    for one in words:
        expect(page.locator("body")).to_contain_text(one)


def refused(page: Page, *words: str) -> None:
    for one in words:
        expect(page.get_by_role("alert").first).to_contain_text(one)


def post(page: Page, path: str, **form: str) -> Any:
    """What somebody could send who writes addresses themselves."""
    token = page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    return page.context.request.post(
        path, form={"csrfmiddlewaretoken": token, **form}, headers={"Referer": page.url}
    )


def sent(page: Page, path: str) -> str:
    """A page as it is sent, without what differs between any two answers."""
    answer = page.context.request.get(path)
    text = re.sub(r"\b[A-Za-z0-9]{64}\b", "TOKEN", answer.text())
    for varies in (
        r"X-Amz-Date=\w+", r'"(look|sitting)": "[^"]*"',
        r'(?s)<p class="proof.*?</p>',  # it says more when the next checkpoint is signed
        r"<li><time [^>]*>[^<]*</time> <span>Page opened by PC 6120 Finch</span>.*?</li>",
    ):  # fmt: skip
        text = re.sub(varies, "", text)
    return f"{answer.status}\n{text}"
