"""`manage.py uploads [--json]`."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ingest.uploads.models import Upload


class Command(BaseCommand):
    """Every upload, one a line."""

    help = "List uploads: state, size, hash, camera, file."

    def add_arguments(self, parser: CommandParser) -> None:
        """--json: one JSON object a line."""
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print, oldest first, streamed."""
        rows = Upload.objects.select_related("camera", "dock").order_by("id")
        for upload in rows.iterator(chunk_size=1000):
            line = {
                "id": str(upload.id),
                "state": upload.state,
                "size": upload.size,
                "sha256": upload.sha256,
                "camera": upload.camera.serial,
                "file_id": upload.file_id,
                "dock": upload.dock.name,
                "reason": upload.reason,
            }
            if options["json"]:
                self.stdout.write(json.dumps(line))
            else:
                self.stdout.write(" ".join(str(value) for value in line.values()))
