"""A prosecutor takes away everything as one package, which verifies where there is no network."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from evidence.custody import bwv_verify
from tests.journeys.test_share_outside import (  # noqa: F401
    LEVELS,
    Shared,
    Visit,
    change,
    produced,
    proved,
    share,
    visit,
)
from tests.live import Live

pytestmark = pytest.mark.browser


@pytest.fixture
def offline() -> list[str]:
    """What runs a program without a network, where this system lets it."""
    unshare = shutil.which("unshare")
    alone = [unshare, "--user", "--map-root-user", "--net"] if unshare else []
    works = bool(alone) and subprocess.run([*alone, "true"], capture_output=True).returncode == 0
    return [str(word) for word in alone] if works else []


@pytest.mark.timeout(600)
def test_she_takes_the_package_away_and_checks_it(
    live: Live, share: Callable[..., Shared], visit: Callable[..., Visit], tmp_path: Path,
    offline: list[str],
) -> None:  # fmt: skip
    made, outside = share(), visit(1280, 900)
    page = proved(live, made, outside)
    page.get_by_role("button", name="Make one package of everything").click()
    button = page.get_by_role("button", name="Download everything")
    expect(button).to_be_visible(timeout=120_000)  # without a reload
    found = Axe().run(page, options={"runOnly": LEVELS})
    assert found.violations_count == 0, found.generate_report()
    with page.expect_download() as waiting:
        button.click()
    out = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(out)
    trust = tmp_path / "policy"
    trust.write_text(page.request.get(f"{live.url}/custody/policy").text())
    done = subprocess.run(
        [*offline, sys.executable, "-I", "-S", bwv_verify.__file__, str(out), "--policy",
         str(trust)],
        capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    for sha256 in made.sha256:  # the original and the clip, as they were said to be
        assert sha256 in done.stdout or _holds(out, sha256)
    # The receipt tells of it, on paper.
    with page.expect_download() as paper:
        page.get_by_role("link", name="Receipt").click()
    receipt = tmp_path / "receipt.pdf"
    paper.value.save_as(receipt)
    assert receipt.read_bytes()[:5] == b"%PDF-"
    # Taken back: nothing more comes, also not of this download.
    where = page.evaluate("performance.getEntriesByType('navigation')[0].name")
    change(live, made, 'changing.revoke(by=share.owner, share=share, reason="Wrong person")')
    page.goto(where)
    expect(page.locator("main")).to_contain_text("This share has ended")


def _holds(package: Path, sha256: str) -> bool:
    import zipfile

    with zipfile.ZipFile(package) as archive:
        [name] = [one for one in archive.namelist() if one.endswith("/manifest-sha256.txt")]
        return sha256 in archive.read(name).decode()
