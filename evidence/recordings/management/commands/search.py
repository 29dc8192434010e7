"""`manage.py search reindex`: what recordings are found by, brought up to date."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evidence.recordings import search
from evidence.recordings.models import Recording


class Command(BaseCommand):
    """Index recordings anew: all, or those that a changed name stands in."""

    help = "Index recordings anew, in batches; needed after an officer, unit or list was renamed."

    def add_arguments(self, parser: CommandParser) -> None:
        """The one verb, and what to narrow it by."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        one = verbs.add_parser("reindex", help="index recordings anew")
        one.add_argument("--officer", metavar="COLLAR", help="only this officer's")
        one.add_argument("--unit", metavar="NAME", help="only those of this unit's people")
        one.add_argument("--category", metavar="CODE", help="only those of this category")
        one.add_argument("--incident", metavar="CODE", help="only those of this incident type")
        one.add_argument("--missing", action="store_true", help="only those never indexed")
        one.add_argument("--batch", type=int, default=search.BATCH, help="rows a transaction")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print how far it is after each batch."""
        wanted = {
            "officer__collar": options["officer"], "officer__unit__name": options["unit"],
            "category__code": options["category"], "incident__code": options["incident"],
        }  # fmt: skip
        rows = Recording.objects.filter(**{name: value for name, value in wanted.items() if value})
        # What was disposed of is found by nothing: its words were taken out of the index.
        rows = rows.filter(disposed_at=None)
        if options["missing"]:
            rows = rows.filter(search=None)
        done = 0
        for done in search.reindex_all(rows, max(1, options["batch"])):
            self.stdout.write(f"{done} recordings indexed")
        self.stdout.write(f"Done: {done} recordings.")
