"""The colours: each ratio computed from tokens.css, and none below what WCAG 2.2 AA asks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDED = {"text": 4.5, "line": 3.0}


def tokens() -> dict[str, str]:
    css = (ROOT / "config/static/tokens.css").read_text()
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", css))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def documented() -> list[tuple[str, str, str, str]]:
    page = (ROOT / "docs/front-end.md").read_text()
    return re.findall(
        r"^\| ([a-z0-9-]+) \| ([a-z0-9-]+) \| (text|line) \| ([0-9.]+) \|$", page, re.M
    )


def test_black_on_white_is_21() -> None:
    assert ratio("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize(("token", "on", "kind", "said"), documented())
def test_a_pair_of_colours_can_be_read(token: str, on: str, kind: str, said: str) -> None:
    found = ratio(tokens()[token], tokens()[on])
    assert found >= NEEDED[kind]
    assert f"{found:.1f}" == said


def test_every_colour_that_is_written_has_its_pair() -> None:
    """A new colour comes with what it stands on; the rule is only a rule between rows."""
    paired = {name for token, on, _, _ in documented() for name in (token, on)}
    assert set(tokens()) - paired - {"rule", "govuk-print-text-colour"} == set()


def test_no_other_file_names_a_colour() -> None:
    for path in (ROOT / "config/frontend").glob("*.scss"):
        named = set(re.findall(r"#[0-9a-f]{3,8}\b", path.read_text()))
        assert named <= {"#000"}, path  # behind a film, black is no choice of ours
