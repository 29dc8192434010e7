"""`manage.py custody keys|status|verify|checkpoint|policy`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from evidence.custody import checkpoints, keys, sequencer, verify
from evidence.custody.models import Checkpoint, Pending


class Command(BaseCommand):
    """The custody log, for operators."""

    help = "Make keys, show the state, sign, verify, or print the trust file of the custody log."

    def add_arguments(self, parser: CommandParser) -> None:
        """The verbs."""
        parser.add_argument("verb", choices=["keys", "status", "verify", "checkpoint", "policy"])
        parser.add_argument(
            "--log-only", action="store_true", help="verify: don't read the objects in the store"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run one verb."""
        getattr(self, f"_{options['verb']}")(options)

    def _keys(self, options: dict[str, Any]) -> None:
        for name in ("log", "receipts"):
            made = keys.make(name)
            self.stdout.write(f"{name}: {'made' if made else 'there already'}")

    def _status(self, options: dict[str, Any]) -> None:
        last = Checkpoint.objects.order_by("-size").first()
        self.stdout.write(f"events {sequencer.tree_size()}")
        self.stdout.write(f"waiting for a number {Pending.objects.count()}")
        self.stdout.write(f"last checkpoint {last.size if last else 'none'}")

    def _checkpoint(self, options: dict[str, Any]) -> None:
        sequencer.run()
        made = checkpoints.sign()
        if made is None:
            raise CommandError("The log is empty: there is nothing to sign.")
        self.stdout.write(made.note, ending="")

    def _policy(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"log {keys.log_verifier()}\nquorum none")

    def _verify(self, options: dict[str, Any]) -> None:
        sequencer.run()
        found = list(verify.faults())
        self.stdout.write(f"log: {sequencer.tree_size()} events, {len(found)} faults")
        if not options["log_only"]:
            found += self._objects()
        for fault in found:
            self.stderr.write(fault)
        if found:
            raise CommandError(f"{len(found)} things don't agree with the custody log.")
        self.stdout.write("Everything agrees with the custody log.")

    def _objects(self) -> list[str]:
        # The objects are known one layer up; the command is the one place that joins both.
        from django.utils.module_loading import import_string

        check = import_string("evidence.recordings.fixity.faults")
        count, found = check()
        self.stdout.write(f"objects: {count} read, {len(found)} faults")
        return list(found)
