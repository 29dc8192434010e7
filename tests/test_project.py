"""The project as a whole: its gates, its words, its commands."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.models import User
from ingest.devices.models import Camera, Issue
from tests.embedded import LAYOUT

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.django_db
def test_migrations_say_all_that_the_models_say() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def production(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    assert LAYOUT
    layout = {
        name: value for name, value in LAYOUT.environment().items() if name != "BWV_PASSKEY_ROLES"
    }
    environment = {**os.environ, **layout, "BWV_DEMO": "0",
                   "BWV_PUBLIC_URL": "https://bwv.example.police.uk",
                   "ALLOWED_HOSTS": "bwv.example.police.uk", "BWV_TRUSTED_PROXIES": "1"} | more  # fmt: skip
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, text=True,
        capture_output=True,
    )  # fmt: skip


def test_a_production_start_is_clean() -> None:
    done = production("check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"DEBUG": "1"}, "config.E001"), ({"SECRET_KEY": "short"}, "config.E002"),
        ({"DATABASE_URL": "", "BWV_DATA": "/nowhere"}, "DATABASE_URL is not set"),
        ({"BWV_ORIGIN": "https://x y"}, "custody.E001"),
        ({"BWV_SIGNER_URL": ""}, "custody.W001"),
        ({"BWV_TRUSTED_PROXIES": "0"}, "people.W002"), ({"BWV_DEMO": "1"}, "config.E006"),
        ({"BWV_PASSKEY_ROLES": ""}, "people.W001"), ({"BWV_PASSKEY_ROLES": "king"}, "people.E001"),
        ({"BWV_BREACHED_PASSWORDS": "/nowhere"}, "people.E002"),
        ({"BWV_OIDC_URL": "http://idp", "BWV_OIDC_SECRET": "x"}, "people.E003"),
        ({"BWV_VIEW_REASON": "maybe"}, "VIEW_REASON"),
        ({"BWV_MEDIA_SANDBOX": "none"}, "media.W002"), ({"BWV_MEDIA_SANDBOX": "maybe"}, "SANDBOX"),
    ],
)  # fmt: skip
def test_a_wrong_setting_stops_the_start_in_words(wrong: dict[str, str], says: str) -> None:
    done = production("check", "--deploy", "--fail-level", "WARNING", **wrong)
    assert done.returncode != 0
    assert says in done.stderr


def test_the_permissions_in_the_documentation_are_those_of_the_table() -> None:
    said = production("permissions").stdout.strip()
    assert said in (ROOT / "docs" / "permissions.md").read_text()


def test_the_events_in_the_documentation_are_those_of_the_vocabulary() -> None:
    from evidence.custody.vocabulary import types

    page = (ROOT / "docs" / "custody.md").read_text()
    for kind in types().values():
        assert f"| `{kind.name}` | {kind.dpa62} | {kind.premis} |" in page


def test_every_setting_is_documented() -> None:
    import re

    settings = (ROOT / "config" / "settings.py").read_text()
    names = set(re.findall(r'(?:env\.\w+|required|secret)\(\s*"([A-Z0-9_]+)"', settings))
    page = (ROOT / "docs" / "operating.md").read_text()
    assert {name for name in names if name not in page} == set()


@pytest.mark.django_db
def test_a_force_is_imported_line_by_line_and_again_changes_nothing(
    tmp_path: Path, capsys: Any
) -> None:
    source = ROOT / "config" / "stack" / "demo-force.csv"
    call_command("force", "import", str(source))
    first = capsys.readouterr().out
    assert first.count(": made") == 23
    assert Issue.objects.count() == 3
    call_command("force", "import", str(source))
    again = capsys.readouterr().out
    assert again.count(": no change") == 23
    rows = list(csv.DictReader(source.open()))
    rows[6] |= {"roles": "officer administrator"}
    rows.append(dict.fromkeys(rows[0], "") | {"kind": "person", "username": "x", "unit": "Nowhere"})
    rows.append(dict.fromkeys(rows[0], "") | {"kind": "issue", "username": "okoro",
                "serial": "BWC-000101", "from": "2026-01-01T00:00:00Z"})  # fmt: skip
    wrong = tmp_path / "force.csv"
    with wrong.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(CommandError, match="3 lines"):
        call_command("force", "import", str(wrong))
    said = capsys.readouterr().out
    assert "whoever runs the system can't see evidence" in said
    assert "the unit Nowhere is not there" in said
    assert "is with somebody in that time already" in said


@pytest.mark.django_db
def test_a_camera_is_added_and_issued(shah: User, capsys: Any) -> None:
    call_command("camera", "add", "BWC-9", "--model", "X", "--issued-to", "4127",
                 "--from", "2026-11-22T18:00:00Z")  # fmt: skip
    assert Issue.objects.get().camera == Camera.objects.get(serial="BWC-9", model="X")
    sequencer.run()
    assert Event.objects.filter(type="device.changed").count() == 1
    with pytest.raises(CommandError, match="Nobody"):
        call_command("camera", "add", "BWC-9", "--issued-to", "0")
    with pytest.raises(CommandError, match="is not a time"):
        call_command("camera", "add", "BWC-9", "--issued-to", "4127", "--from", "yesterday")


@pytest.mark.django_db
def test_the_first_administrator_is_made_once(capsys: Any) -> None:
    call_command("first_administrator", "root")
    password = capsys.readouterr().out.split()[-1]
    assert User.objects.get(username="root").check_password(password)
    with pytest.raises(CommandError):
        call_command("first_administrator", "second")


def test_health(client: Any, db: None) -> None:
    assert client.get("/healthz").content == b"ok\n"
    assert json.loads(client.get("/readyz").content)["ready"] is True
    assert b"django_http" in client.get("/metrics").content
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.1").status_code == 404


def test_a_taken_port_gets_a_sentence() -> None:
    assert LAYOUT
    done = subprocess.run(
        [sys.executable, "-m", "config.stack", "up"], cwd=ROOT, text=True, capture_output=True,
        env={**os.environ, **{name: str(port) for name, port in LAYOUT.ports.items()},
             "BWV_DATA": str(LAYOUT.data / "second")},
    )  # fmt: skip
    assert done.returncode == 1
    assert "is taken" in done.stderr
    assert "BWV_" in done.stderr
