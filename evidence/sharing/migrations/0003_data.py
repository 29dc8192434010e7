"""Shares of recordings become shares of named things; legal bases and domains, from fixtures/."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import migrations
from django.db.models import F

LISTS = Path(__file__).resolve().parent.parent / "fixtures"
FILES = [("bases.json", "Basis", "code"), ("domains.json", "Domain", "name")]


def load(apps: Any, editor: Any) -> None:
    """Add what is missing; a force's own changes stay."""
    for name, model, key in FILES:
        rows = apps.get_model("sharing", model)
        for entry in json.loads((LISTS / name).read_text(encoding="utf-8")):
            rows.objects.get_or_create(**{key: entry.pop(key)}, defaults=entry)


def name_things(apps: Any, editor: Any) -> None:
    """Each recording of a share is a thing of it; whoever made a share answers for it."""
    shares, items = apps.get_model("sharing", "Share"), apps.get_model("sharing", "Item")
    shares.objects.filter(owner=None).update(owner=F("made_by"))
    shares.objects.filter(until__gt=F("created")).update(starts=F("created"))
    # One whose end was written before its beginning: it never was open.
    shares.objects.filter(until__lte=F("starts")).update(starts=F("until") - timedelta(seconds=1))
    for share in shares.objects.iterator():
        for number, recording in enumerate(share.recordings.order_by("pk"), start=1):
            items.objects.create(
                share=share, number=number, recording=recording, restriction=recording.restricted
            )


def name_recordings(apps: Any, editor: Any) -> None:
    """Back: a share is of recordings alone; what else was in it is not shared any more."""
    for item in apps.get_model("sharing", "Item").objects.filter(paper="", removed_at=None):
        if item.exhibit_id is None:
            item.share.recordings.add(item.recording_id)


class Migration(migrations.Migration):
    """Data only."""

    dependencies = [("sharing", "0002_named_things")]
    operations = [
        migrations.RunPython(load, migrations.RunPython.noop),
        migrations.RunPython(name_things, name_recordings),
    ]
