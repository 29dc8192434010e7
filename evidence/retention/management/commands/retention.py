"""`manage.py retention explain RECORDING | due | run | status | again`, each with `--json`."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from evidence.recordings.models import Recording
from evidence.retention import explaining, reporting
from evidence.store import s3


class Command(BaseCommand):
    """What keeps footage, for whoever runs the system."""

    help = "Retention: why a recording is kept, what is due, and how far disposal is."

    def add_arguments(self, parser: CommandParser) -> None:
        """A subcommand each."""
        acts = parser.add_subparsers(dest="act", required=True)
        explain = acts.add_parser("explain", help="what keeps a recording, and until when")
        explain.add_argument("recording", help="its reference, like R-7K3M-9QXD")
        explain.add_argument("--json", action="store_true", help="one JSON object")

        words = {
            "due": "what would go, and what goes with it; nothing is changed",
            "run": "find what is due, release what a rule releases, destroy what has had its days",
            "status": "what is on its way out, and what is held up",
            "again": "after a restore: dispose again of what the log says had gone",
        }
        for name, what in words.items():
            act = acts.add_parser(name, help=what)
            act.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        getattr(self, f"_{options['act']}")(options)

    def _due(self, options: dict[str, Any]) -> None:
        self._say(reporting.due_now(), options)

    def _run(self, options: dict[str, Any]) -> None:
        self._say(reporting.run(), options)

    def _status(self, options: dict[str, Any]) -> None:
        self._say(reporting.status(), options)

    def _again(self, options: dict[str, Any]) -> None:
        try:
            self._say(reporting.again(), options)
        except s3.StoreError as error:
            raise CommandError(f"{error} Run it again when the store answers.") from error

    def _say(self, report: reporting.Report, options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(report.data, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(report.lines))

    def _explain(self, options: dict[str, Any]) -> None:
        try:
            found = explaining.explain(options["recording"])
        except Recording.DoesNotExist:
            raise CommandError(f"There is no recording {options['recording']}.") from None
        if options["json"]:
            self.stdout.write(json.dumps(explaining.as_json(found), ensure_ascii=False))
        else:
            self.stdout.write("\n".join(explaining.lines(found)))
