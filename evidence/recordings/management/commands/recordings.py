"""`manage.py recordings [--json]`."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evidence.recordings.models import Recording


class Command(BaseCommand):
    """Every recording, one a line."""

    help = "List recordings: reference, state, camera, officer, files."

    def add_arguments(self, parser: CommandParser) -> None:
        """--json: one JSON object a line."""
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print, oldest first, streamed."""
        rows = (
            Recording.objects.filter(joined_into=None)
            .select_related("officer", "category")
            .prefetch_related("originals", "tombstones")
            .order_by("id")
        )
        for recording in rows.iterator(chunk_size=500):
            line: dict[str, Any] = {
                "recording": recording.reference,
                "state": "disposed" if recording.disposed_at else "sealed",
                "media": recording.media,
                "camera": recording.camera,
                "officer": recording.officer.collar if recording.officer else None,
                "recorded_at": _iso(recording.recorded_at),
                "happened_at": _iso(recording.happened_at),
                "duration_ms": recording.duration_ms,
                "category": recording.category.code if recording.category else None,
                "unassigned_because": recording.unassigned_because,
                "files": [
                    {
                        "file_id": original.file_name,
                        "size": original.size,
                        "sha256": original.sha256,
                        "reference": original.reference,
                        "media": original.media,
                    }
                    for original in recording.originals.all()
                ]
                # What was disposed of: what stays of its files.
                + [
                    {
                        "size": stone.size,
                        "sha256": stone.sha256,
                        "reference": stone.reference,
                        "gone_at": _iso(stone.gone_at),
                    }
                    for stone in recording.tombstones.all()
                ],
            }
            # One size and hash at the top for a recording of one file, as scripts expect.
            line["size"] = sum(file["size"] for file in line["files"])
            line["sha256"] = line["files"][0]["sha256"] if line["files"] else None
            if options["json"]:
                self.stdout.write(json.dumps(line))
            else:
                names = ("recording", "state", "media", "size", "sha256", "camera", "officer")
                self.stdout.write(" ".join(str(line[name]) for name in names))


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
