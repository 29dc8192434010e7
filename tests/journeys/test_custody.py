"""Professional standards export a recording, and a stranger verifies it; killed processes of the log."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from pypdf import PdfReader

from evidence.custody import bwv_verify
from tests.journeys.conftest import say_why
from tests.journeys.test_first_light import SignIn
from tests.limits import custody as campaign
from tests.live import Live

pytestmark = pytest.mark.browser


def test_a_package_from_the_page_is_verified_by_a_stranger(
    docked: Path, live: Live, sign_in: SignIn, tmp_path: Path
) -> None:
    reference = next(row["recording"] for row in live.recordings() if row["officer"] == "4127")
    watched = sign_in("lane")
    page = watched.page
    page.goto(f"{live.url}/admin/recordings/recording/?q={reference}")
    page.get_by_role("link", name=reference).first.click()
    say_why(page)
    page.get_by_role("link", name="Custody history").first.click()
    expect(page.locator(".timeline").first).to_contain_text("Received from dock CH-02")
    expect(page.locator("#proved + p, .panel p").first).to_contain_text("checkpoint")
    _accessible(page)
    history = page.url

    page.get_by_role("button", name="Verify now").click()
    expect(page.locator(".panel")).to_contain_text("Nothing wrong", timeout=60_000)

    page.goto(history)
    with page.expect_download() as report:
        page.get_by_role("link", name="Report (PDF)").click()
    report.value.save_as(tmp_path / "report.pdf")
    text = " ".join(sheet.extract_text() for sheet in PdfReader(tmp_path / "report.pdf").pages)
    for words in (reference, "Received from dock CH-02", "How to check this", "SHA-256"):
        assert words in text, words

    page.get_by_role("link", name="Export package").click()
    assert page.locator("#id_what").input_value() == reference
    page.fill("#id_recipient", "J Smith, CPS")
    page.fill("#id_purpose", "Charging decision")
    page.keyboard.press("Enter")  # by keyboard, as in every form
    expect(page.get_by_role("link", name="Download")).to_be_visible(timeout=60_000)
    _accessible(page)
    page.get_by_role("link", name="Download").click()
    with page.expect_download() as package:
        page.get_by_role("button", name="Download").click()
    out = tmp_path / "out.zip"
    package.value.save_as(out)

    trust = tmp_path / "policy"
    trust.write_text(page.request.get(f"{live.url}/custody/policy").text())
    done = subprocess.run(
        [sys.executable, "-I", "-S", bwv_verify.__file__, str(out), "--policy", str(trust)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert re.search(r"^VERIFIED", done.stdout, re.M)
    page.goto(history)
    lines = page.locator(".timeline").first
    expect(lines).to_contain_text("Exported by DS 12 Lane")
    expect(lines).to_contain_text("for Charging decision")
    expect(lines).to_contain_text("downloaded by DS 12 Lane")
    page.set_viewport_size({"width": 820, "height": 1100})
    _accessible(page)
    assert watched.complaints == []


def _accessible(page: Any) -> None:
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]})
    ours = [
        item for item in found.response["violations"]
        if any("panel" in str(node["html"]) or "timeline" in str(node["html"])
               for node in item["nodes"])
    ]  # fmt: skip
    assert ours == [], ours


def test_an_auditor_reads_a_history_and_that_is_written_down(
    docked: Path, live: Live, sign_in: SignIn
) -> None:
    reference = next(row["recording"] for row in live.recordings() if row["officer"] == "4127")
    page = sign_in("audit").page
    page.goto(f"{live.url}/admin/custody/event/?q={reference}")
    expect(page.locator("#result_list")).to_contain_text("Received from dock CH-02")
    page.goto(f"{live.url}/admin/custody/event/?q={reference}")
    expect(page.locator("#result_list")).to_contain_text("History read by Auditor")
    page.goto(f"{live.url}/admin/custody/event/?dpa62=collection")
    expect(page.locator("#result_list")).to_contain_text("Received from dock CH-02")
    expect(page.locator("#result_list")).not_to_contain_text("History read")


def test_writers_sequencer_and_signer_are_killed_and_nothing_is_lost(live: Live) -> None:
    """A short campaign; `make limits` runs it with 200 kills and more."""
    kills = campaign.campaign(live, seed=5, kills=24, seconds=150)
    assert sum(kills.values()) >= 10
    assert all(count > 0 for count in kills.values())
