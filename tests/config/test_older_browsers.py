"""What our own scripts and styles may ask of a browser: Chrome 96, Firefox 94, Safari 15.0.

Those of November 2021: whoever opens a share brings their own. A name that one of them lacks is
refused here with the reason. Where a page does well enough without it, a comment says what happens
then: `without NAME` or `NAME: …` on the same line.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# name, pattern, who has it since
SCRIPTS = [
    ("at", r"\.at\(-", "Safari 15.4: write list[list.length - 1]"),
    ("findLast", r"\.findLast(Index)?\(", "Chrome 97, Firefox 104, Safari 15.4"),
    ("hasOwn", r"\bObject\.hasOwn\(", "Safari 15.4"),
    ("groupBy", r"\b(Object|Map)\.groupBy\(", "Chrome 117, Firefox 119, Safari 17.4"),
    ("toSorted", r"\.(toSorted|toReversed|toSpliced)\(", "Chrome 110, Firefox 115, Safari 16"),
    ("fromAsync", r"\bArray\.fromAsync\(", "Chrome 121, Firefox 115, Safari 16.4"),
    ("structuredClone", r"\bstructuredClone\(", "Chrome 98, Safari 15.4"),
    ("randomUUID", r"\brandomUUID\(", "Firefox 95, Safari 15.4"),
    ("withResolvers", r"\bPromise\.(withResolvers|try)\(", "Chrome 119, Firefox 121, Safari 17.4"),
    ("AbortSignal", r"\bAbortSignal\.\w+\(", "timeout: Chrome 103, Firefox 100, Safari 16"),
    ("static block", r"\bstatic \{", "Safari 16.4; the whole file fails"),
    ("lookbehind", r"\(\?<[=!]", "Safari 16.4; the whole file fails"),
    ("regular expression flags", r"(?<=[\w)\]\\/])/[a-z]*[dv][a-z]*\.(test|exec)\(", "d: Chrome 90, Safari 15; v: Chrome 112"),
    ("private in", r"#\w+ in ", "Safari 15; Firefox 90"),
    ("import with", r"\bimport\b.*\b(with|assert) \{", "Chrome 123, Firefox 138, Safari 17.2"),
    ("import maps", r"importmap", "Firefox 108, Safari 16.4"),
    ("cookieStore", r"\bcookieStore\b", "Firefox 140, Safari 18.4"),
    ("inert", r"\.inert\b", "Chrome 102, Firefox 112, Safari 15.5"),
    ("showModal", r"\.showModal\b", "Firefox 98, Safari 15.4: keys.js shows how"),
    ("popover", r"\b(showPopover|popover)\b", "Chrome 114, Firefox 125, Safari 17"),
    ("requestSubmit", r"\.requestSubmit\(", "Safari 16: dispatch a submit event"),
    ("requestFullscreen", r"\bdocument\.fullscreenElement|\.requestFullscreen\(", "Safari 16.4: full.js has both names"),
    ("requestVideoFrameCallback", r"\.requestVideoFrameCallback\(", "Firefox 132, Safari 15.4: ask first, `?.(`"),
    ("requestIdleCallback", r"\brequestIdleCallback\(", "no Safari"),
    ("navigator.connection", r"\bnavigator\.connection\.", "Chrome alone: take it apart and ask first"),
    ("startViewTransition", r"\bstartViewTransition\(", "Chrome 111, Firefox 144, Safari 18"),
    ("scrollend", r"scrollend", "Chrome 114, Firefox 109, Safari 26"),
    ("checkVisibility", r"\.checkVisibility\(", "Chrome 105, Firefox 106, Safari 17.4"),
    ("setHTML", r"\.setHTML(Unsafe)?\(", "Chrome 124, Firefox 123, Safari 17.4"),
    ("CompressionStream", r"\b(De)?[cC]ompressionStream\b", "Firefox 113, Safari 16.4"),
    ("Temporal", r"\bTemporal\.", "Chrome 144, Firefox 139"),
    ("duration formats", r"\bIntl\.(DurationFormat|Segmenter)\b", "Chrome 129, Firefox 136, Safari 16.4"),
    ("zone names", r"[\"'](short|long)(Offset|Generic)[\"']", "Safari 15.4"),
]  # fmt: skip
STYLES = [
    (":has", r":has\(", "Chrome 105, Firefox 121, Safari 15.4"),
    ("container queries", r"@container|container-type|\bcq[wh]\b", "Chrome 105, Firefox 110, Safari 16"),
    ("layers", r"@layer", "Chrome 99, Firefox 97, Safari 15.4; all inside is lost"),
    ("@property", r"@property", "Firefox 128, Safari 16.4"),
    ("@scope", r"@scope|@starting-style", "Chrome 117, Firefox 129, Safari 17.4"),
    ("ranges", r"@media[^{]*[<>]", "Chrome 104, Safari 16.4: write min-width"),
    ("colours", r"color-mix\(|\bokl(ch|ab)\(|light-dark\(|\blch\(|\bcolor\(", "Chrome 111, Firefox 113, Safari 15.4"),
    ("viewports", r"\d[dsl]v[hwib]\b|\d[dsl]v(min|max)\b", "Chrome 108, Firefox 101, Safari 15.4: vh before it"),
    ("subgrid", r"\bsubgrid\b", "Chrome 117, Safari 16"),
    ("overflow: clip", r"overflow(-[xy])?: *clip", "Safari 16: hidden before it"),
    ("single transforms", r"[\s;{](translate|rotate|scale): *[^;]", "Chrome 104: write transform"),
    ("field-sizing", r"field-sizing|interpolate-size|calc-size\(", "no Firefox"),
    ("anchors", r"position-anchor|anchor-name|\banchor\(", "Chrome 125, Safari 26"),
    ("trigonometry", r"\b(sin|cos|tan|round|mod|rem|pow|sqrt|hypot)\(", "Chrome 111, Firefox 108, Safari 15.4"),
    ("line heights as lengths", r"\d(lh|rlh|cap|ric)\b", "Chrome 109, Firefox 120, Safari 16.4"),
    ("alternative text", r"content: *[\"'][^\"']*[\"'] */", "Firefox 128, Safari 17.4; the whole line is lost"),
    (":user-invalid", r":user-(in)?valid|:popover-open|:open\b", "Chrome 119, Safari 16.5; the whole rule is lost"),
    (":fullscreen", r"(?<!:is\():fullscreen", "Safari 16.4: `:is(:fullscreen, :-webkit-full-screen)`"),
    ("masks", r"[\s;{]mask(-\w+)?:", "Chrome 120: -webkit-mask before it"),
]  # fmt: skip
# Nested rules are nothing to a browser of then; Sass takes them apart, plain CSS does not.
NESTED = re.compile(r"\{[^{}@]*[;{\s]&[\s:.>+~]")
# What is only nicer with it, so that nobody need mention it: accent-color, :focus-visible (the
# browser's own ring stays), overscroll-behavior, text-wrap, content-visibility, print-color-adjust,
# overflow-wrap: anywhere, scrollIntoView's options, modulepreload, loading=lazy.


def files(*endings: str) -> list[Path]:
    said = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *(f"*.{ending}" for ending in endings)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return [ROOT / line for line in said.splitlines()]


def too_new(text: str, names: list[tuple[str, str, str]]) -> list[str]:
    """Lines that ask too much, and why."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        for name, pattern, reason in names:
            excused = f"without {name}" in line or re.search(rf"//.*\b{re.escape(name)}: ", line)
            supported = re.search(r"@supports\b.*selector\(", line)
            if re.search(pattern, line) and not excused and not supported:
                found.append(f"{number}: {name} ({reason}): {line.strip()[:120]}")
    return found


@pytest.mark.parametrize("path", files("js"), ids=lambda path: path.name)
def test_scripts_run_in_browsers_of_five_years_ago(path: Path) -> None:
    assert "\n".join(too_new(path.read_text(), SCRIPTS)) == ""


@pytest.mark.parametrize("path", files("css", "scss"), ids=lambda path: path.name)
def test_styles_are_read_by_browsers_of_five_years_ago(path: Path) -> None:
    text = path.read_text()
    assert "\n".join(too_new(text, STYLES)) == ""
    assert path.suffix == ".scss" or not NESTED.search(text)


def test_there_is_something_to_read() -> None:
    assert len(files("js")) > 15 and len(files("css", "scss")) > 10


@pytest.mark.parametrize("line", [
    "const end = list.at(-1);", "main.inert = true;", "by('keys').showModal()", "if (/(?<=a)b/.test(x))",
    "form.requestSubmit();", "root.requestFullscreen();", "video.requestVideoFrameCallback(act);",
    "navigator.connection.saveData", "structuredClone(x)", "static { this.x = 1; }",
])  # fmt: skip
def test_each_of_these_is_found(line: str) -> None:
    assert len(too_new(line, SCRIPTS)) == 1


@pytest.mark.parametrize("line", [
    ".row:has(input) { color: red; }", "@media (width >= 40em) {", ".x { height: 100dvh; }",
    "@layer base {", ".x { color: color-mix(in srgb, red, blue); }", ".x { translate: 1px; }",
    ".player:fullscreen video { color: red; }", "@container (min-width: 1px) {",
])  # fmt: skip
def test_and_of_these(line: str) -> None:
    assert len(too_new(line, STYLES)) == 1


@pytest.mark.parametrize("line", [
    "const at = camera.at(this.moment);", "video.requestVideoFrameCallback?.(act);",
    "main.inert = x; // an older browser (inert: Safari 15.5) has the cover alone",
])  # fmt: skip
def test_what_is_asked_first_or_excused_passes(line: str) -> None:
    assert too_new(line, SCRIPTS) == []
