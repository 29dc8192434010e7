"""`manage.py custody VERB`: the custody log, for operators."""

from __future__ import annotations

import json
import os
import signal
import uuid
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from evidence.custody import anchors, checkpoints, keeper, keys, package, sequencer, status, upkeep
from evidence.custody.record import service
from evidence.recordings import audits, exports
from evidence.store import s3

OBJECTS = ("all", "sample", "none")


class Command(BaseCommand):
    """The custody log, for operators."""

    help = "Keys, signing, proofs, audits, packages and restoring of the custody log."

    def add_arguments(self, parser: Any) -> None:
        """The verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)

        def verb(name: str, text: str) -> ArgumentParser:
            made: ArgumentParser = verbs.add_parser(name, help=text)
            return made

        verb("keys", "make the keys that are missing")
        verb("policy", "print the trust file that a recipient is given by another way")
        verb("run", "number, sign and anchor until ended")
        verb("checkpoint", "number what waits and sign now")
        one = verb("status", "size, root, checkpoint, witnesses, backlog")
        one.add_argument("--json", action="store_true")
        one = verb("verify", "walk the log and the stored objects; 1 when something is wrong")
        one.add_argument("--since", type=int, default=0, metavar="N", help="first event to read")
        one.add_argument("--objects", choices=OBJECTS, default="all")
        one.add_argument("--json", action="store_true")
        one.add_argument("--workers", type=int, default=0, help="processes; one a core by default")
        one = verb("export", "make a package of recordings with proofs")
        one.add_argument("recordings", nargs="+", metavar="RECORDING")
        one.add_argument("--to", type=Path, required=True, metavar="OUT.zip")
        one.add_argument("--purpose", default="export on the console")
        one.add_argument("--recipient", default="")
        one.add_argument("--renditions", action="store_true", help="viewing copies as well")
        one.add_argument("--by", default=os.environ.get("USER", "console"), help="who asks")
        one = verb("consistency", "the proof that a log of NEW events grew out of that of OLD")
        one.add_argument("old", type=int)
        one.add_argument("new", type=int)
        one = verb("rebuild", "have the tree back from what was published")
        one.add_argument("--from-tiles", action="store_true", required=True)
        one.add_argument("--write", action="store_true", help="put lost events back")
        one = verb("restored", "say in the log that it was restored")
        one.add_argument("--by", required=True)
        one.add_argument("--reason", required=True)
        one.add_argument("--rebuilt", type=int, default=0)
        one = verb("adopt", "give a signer without a memory the log up to a checkpoint")
        one.add_argument("--checkpoint", type=Path, default=None)
        one.add_argument("--once", action="store_true", help="nothing when there is a memory")
        one = verb("rotate", "change the signing keys")
        one.add_argument("step", choices=["begin", "finish"])
        one.add_argument("--by", required=True)
        one.add_argument("--present", default="", help="finish: the two persons, with a comma")
        one = verb("erase", "delete personal details of events")
        one.add_argument("events", nargs="+", type=uuid.UUID, metavar="EVENT")
        one.add_argument("--by", required=True)
        one.add_argument("--authority", required=True, help="the rule or decision, openly")
        one.add_argument("--reason", required=True)
        verb("anchor", "publish the tiles and anchor the newest checkpoint now")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run one verb."""
        try:
            getattr(self, f"_{options['verb']}")(options)
        except (checkpoints.LogBroken, checkpoints.SignerAway, upkeep.UpkeepError,
                anchors.Disagreement, keys.KeyUnusable, exports.ExportError,
                s3.StoreError) as error:  # fmt: skip
            raise CommandError(str(error)) from error

    def _keys(self, options: dict[str, Any]) -> None:
        for name, made in keys.make().items():
            self.stdout.write(f"{name}: {'made' if made else 'there already'}")

    def _policy(self, options: dict[str, Any]) -> None:
        self.stdout.write(keys.policy(), ending="")

    def _run(self, options: dict[str, Any]) -> None:
        ended: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda got, _: ended.append(got))
        keeper.run(lambda: bool(ended))

    def _checkpoint(self, options: dict[str, Any]) -> None:
        sequencer.run()
        made = checkpoints.sign()
        if made is None:
            raise CommandError("The log is empty: there is nothing to sign.")
        self.stdout.write(made.signed(), ending="")

    def _anchor(self, options: dict[str, Any]) -> None:
        sequencer.run()
        made = checkpoints.sign()
        if made is None:
            raise CommandError("The log is empty: there is nothing to anchor.")
        anchors.everything()
        self.stdout.write(f"{anchors.publish_tiles(made)} files published up to {made.size}")

    def _status(self, options: dict[str, Any]) -> None:
        found = status.status()
        if options["json"]:
            self.stdout.write(json.dumps(found))
            return
        for name, value in found.items():
            shown = "; ".join(map(str, value)) if isinstance(value, list) else value
            self.stdout.write(
                f"{name.replace('_', ' ')}: {shown if value not in ('', []) else '-'}"
            )

    def _verify(self, options: dict[str, Any]) -> None:
        sequencer.run()
        found = audits.walk(
            since=options["since"], objects=options["objects"], workers=options["workers"]
        )
        if options["json"]:
            self.stdout.write(json.dumps(found.row()))
        else:
            self.stdout.write(
                f"{found.events} events and {found.objects} objects read, "
                f"{len(found.faults)} faults"
            )
            for fault in found.faults:
                self.stderr.write(f"{fault.what}: {fault.sentence}")
        if found.faults:
            first = min(fault.index for fault in found.faults)
            raise CommandError(
                f"{len(found.faults)} things don't agree with the custody log; the first at "
                f"event {first}."
            )
        if not options["json"]:
            self.stdout.write("Everything agrees with the custody log.")

    def _export(self, options: dict[str, Any]) -> None:
        actor = service("console")
        made = exports.to_file(
            options["recordings"],
            options["to"],
            exports.Wish(
                actor=actor,
                name=options["by"],
                purpose=options["purpose"],
                recipient=options["recipient"],
                renditions=options["renditions"],
            ),
        )
        self.stdout.write(
            f"{options['to']}: {made.files} files, {made.size} bytes, events signed in the "
            f"checkpoint of {made.checkpoint}. Check it: python bwv_verify.py {options['to']}"
        )

    def _consistency(self, options: dict[str, Any]) -> None:
        if not 0 < options["old"] <= options["new"] <= sequencer.tree_size():
            raise CommandError("OLD must be at least 1, NEW no more than the log has.")
        self.stdout.write(package.consistency(options["old"], options["new"]).decode(), ending="")

    def _rebuild(self, options: dict[str, Any]) -> None:
        body, entries = upkeep.rebuild()
        self.stdout.write(
            f"The published tree of {body.size} events gives the signed root {body.root.hex()}."
        )
        if options["write"]:
            count = upkeep.write_back(entries)
            self.stdout.write(
                f"{count} events put back. Now: manage.py custody restored --rebuilt {count} …"
            )

    def _restored(self, options: dict[str, Any]) -> None:
        upkeep.restored(options["by"], options["reason"], options["rebuilt"])
        self.stdout.write("It stands in the log.")

    def _adopt(self, options: dict[str, Any]) -> None:
        if options["once"] and settings.SIGNER_STATE.exists():
            return
        text = options["checkpoint"].read_text() if options["checkpoint"] else ""
        self.stdout.write(f"The signer remembers {upkeep.adopt(text)} events.")

    def _rotate(self, options: dict[str, Any]) -> None:
        if options["step"] == "begin":
            made = upkeep.begin_rotation(options["by"])
        else:
            made = upkeep.finish_rotation(options["by"], options["present"])
        self.stdout.write("\n".join(made.keys))

    def _erase(self, options: dict[str, Any]) -> None:
        count = upkeep.erase(
            options["events"], by=service("console"), authority=options["authority"],
            reason=f"{options['reason']} ({options['by']})",
        )  # fmt: skip
        sequencer.run()
        self.stdout.write(f"The details of {count} events are erased; the log says so.")
