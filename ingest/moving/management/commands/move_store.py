"""`manage.py move_store VERB`: everything that is stored, to another store."""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evidence.store import s3
from ingest.moving import checking, copying, planning, removing, stores, switching
from ingest.moving.models import MoveError

SHOWN = 20


class Command(BaseCommand):
    """Copy, compare, switch, remove: each may be killed and run again."""

    help = "Move to another store: plan, copy, reconcile, pause, switch, resume, remove-source."

    def add_arguments(self, parser: Any) -> None:
        """The verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)

        def verb(name: str, text: str) -> ArgumentParser:
            made: ArgumentParser = verbs.add_parser(name, help=text)
            made.add_argument("--json", action="store_true")
            return made

        one = verb("plan", "begin a move to an empty store that was tried")
        one.add_argument("--to", required=True, metavar="ENDPOINT")
        one.add_argument("--bucket-prefix", required=True, metavar="P")
        self._by(one)
        one = verb("copy", "copy what the target does not have yet")
        one.add_argument("--again", action="store_true", help="what was found bad once more")
        verb("reconcile", "read the target again and compare everything; 1 when it is not whole")
        verb("pause", "let docks wait")
        verb("resume", "let docks go on")
        verb("status", "how far it is")
        verb("clear-disposed", "destroy in the other store what was disposed of since, now")
        verb("abandon", "give the move up, before the switch")
        self._by(verb("switch", "make the target the store of every row"))
        verb("remove-source", "clear the old store, after two people agreed on the page /moving/")

    def _by(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--by", default=os.environ.get("USER", ""), metavar="USER", help="your user name"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run one verb. Raises CommandError with a sentence."""
        try:
            getattr(self, f"_{options['verb'].replace('-', '_')}")(options)
        except (MoveError, s3.StoreError) as error:
            raise CommandError(str(error)) from error

    def _say(self, options: dict[str, Any], found: dict[str, Any], *lines: str) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(found))
            return
        for line in lines:
            self.stdout.write(line)

    def _plan(self, options: dict[str, Any]) -> None:
        made = planning.plan(
            endpoint=options["to"], prefix=options["bucket_prefix"], by=options["by"]
        )
        self._say(options, {"move": made.pk}, f"Planned: {made}.", "Now: manage.py move_store copy")

    def _copy(self, options: dict[str, Any]) -> None:
        move = stores.current()
        if options["again"]:
            checking.again(move)
        say = (lambda _: None) if options["json"] else self.stdout.write
        found = copying.run(move, say)
        self._say(
            options,
            {"seen": found.seen, "copied": found.copied, "bytes": found.bytes,
             "disposed": found.disposed, "failed": found.failed},
            f"{found.copied} of {found.seen} versions copied in this pass, {found.bytes} bytes; "
            f"{found.disposed} were disposed of and are not moved.",
            *(f"not copied: {sentence}" for sentence in found.failed[:SHOWN]),
            "Run it again until little is left; then: manage.py move_store reconcile",
        )  # fmt: skip

    def _reconcile(self, options: dict[str, Any]) -> None:
        move = stores.current()
        found = checking.run(move)
        self._say(
            options,
            {"whole": move.whole, "objects": move.check_objects, "bytes": move.check_bytes,
             "faults": [fault.row() for fault in found]},
            *(f"{fault.kind}: {fault.what}. {fault.todo}" for fault in found[:SHOWN]),
            f"{move.check_objects} versions, {move.check_bytes} bytes are in the target as they "
            f"are in the source; {move.fault_count} faults.",
        )  # fmt: skip
        if not move.whole:
            raise CommandError(f"The copy is not whole: {move.fault_count} faults.")

    def _pause(self, options: dict[str, Any]) -> None:
        busy = planning.pause_uploads(stores.current())
        self._say(
            options, {"verifying": busy},
            f"Docks wait and keep their footage. {busy} files are still being verified.",
        )  # fmt: skip

    def _resume(self, options: dict[str, Any]) -> None:
        move = stores.current()
        stores.pair(move)
        if move.state == move.State.SWITCHING:
            raise MoveError("The switch is not finished: run manage.py move_store switch again.")
        planning.resume_uploads()
        self._say(options, {"resumed": True}, "Docks go on.")

    def _status(self, options: dict[str, Any]) -> None:
        found = planning.status(stores.current())
        self._say(options, found, *(f"{name}: {value}" for name, value in found.items()))

    def _clear_disposed(self, options: dict[str, Any]) -> None:
        count = removing.clear_disposed(stores.current())
        self._say(options, {"destroyed": count}, f"{count} versions destroyed in the other store.")

    def _abandon(self, options: dict[str, Any]) -> None:
        planning.abandon(stores.current())
        self._say(options, {"abandoned": True}, "Given up. What was copied stays in the target.")

    def _switch(self, options: dict[str, Any]) -> None:
        move = stores.current()
        count = switching.run(move, by=options["by"])
        self._say(
            options, {"originals": count},
            f"{count} originals are in {move.target} now. Set AWS_S3_ENDPOINT_URL={move.target}, "
            f"BWV_BUCKET_PREFIX={move.target_prefix}, its credentials and BWV_S3_PUBLIC_URL; "
            "BWV_MOVE_* name the old store's credentials from now on. Start everything, then: "
            "manage.py custody verify, manage.py move_store resume, reconcile, and a backup: one "
            "that is older names the old store's versions.",
        )  # fmt: skip

    def _remove_source(self, options: dict[str, Any]) -> None:
        found = removing.run(stores.current())
        self._say(
            options, {"removed": found.removed, "bytes": found.bytes, "stays": found.stays},
            f"{found.removed} versions, {found.bytes} bytes removed from the source.",
            *(f"{count} stay: {why}" for why, count in found.stays.items()),
        )  # fmt: skip
