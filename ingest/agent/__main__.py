"""`python -m ingest.agent enrol|run|status`."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from pathlib import Path

from evidence.custody.log.note import VerifierKey
from ingest.agent.client import Client, Limiter, NotAllowed, Refused
from ingest.agent.journal import Journal
from ingest.agent.runner import Bay, Runner
from ingest.agent.show import Show, log
from ingest.agent.work import Worker


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ingest.agent",
        description="Takes footage from docked cameras to the server.",
    )
    parser.add_argument("--state", type=Path, default=Path.home() / ".bwv-agent",
                        help="where the journal and the receipts are kept")  # fmt: skip
    verbs = parser.add_subparsers(dest="verb", required=True)
    enrol = verbs.add_parser("enrol", help="turn a single-use code into this dock's token")
    enrol.add_argument("--server", required=True, help="https://bwv.example.police.uk")
    enrol.add_argument("--code", required=True)
    run = verbs.add_parser("run", help="watch the bays")
    run.add_argument("--bay", type=Path, action="append", required=True, help="a bay's folder")
    run.add_argument("--once", action="store_true", help="end when nothing is left to do")
    run.add_argument("--limit", type=float, default=0, metavar="MBIT",
                     help="megabits a second for all uploads together; 0: no limit")  # fmt: skip
    run.add_argument("--files", type=int, default=3, help="files at once")
    run.add_argument("--parts", type=int, default=3, help="parts in flight; sets the memory used")
    verbs.add_parser("status", help="what was carried and what is held back, and why")
    for verb in verbs.choices.values():
        verb.add_argument("--state", type=Path, default=argparse.SUPPRESS,
                          help=argparse.SUPPRESS)  # fmt: skip
    return parser


def _enrol(book: Journal, options: argparse.Namespace) -> int:
    answer = Client(options.server).enrol(options.code)
    VerifierKey.parse(answer["server_key"])  # refuse a key that could never be checked against
    for name, value in (
        ("server", options.server), ("dock", answer["dock"]), ("token", answer["token"]),
        ("server_key", answer["server_key"]),
    ):  # fmt: skip
        book.keep_setting(name, value)
    print(f"This is dock {answer['dock']}. Receipts will be checked with {answer['server_key']}")
    return 0


def _run(book: Journal, options: argparse.Namespace) -> int:
    if not book.setting("token"):
        print("This dock is not enrolled. Run: python -m ingest.agent enrol --server … --code …")
        return 2
    limiter = Limiter(int(options.limit * 1_000_000 / 8))
    client = Client(book.setting("server"), book.setting("token"), limiter)
    pinned = VerifierKey.parse(book.setting("server_key"))
    with Show() as show:
        worker = Worker(
            client, book, options.state, pinned, in_flight=options.parts,
            tell=lambda entry, count: show.sent(entry.camera, count),
        )  # fmt: skip
        bays = [Bay(folder.resolve()) for folder in options.bay]
        runner = Runner(worker, client, book, bays, show, options.files)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: runner.stop.set())
        try:
            clean = runner.run(options.once)
        finally:
            worker.close()
    if options.once:
        for entry in book.held():
            print(f"held {entry.camera} {entry.file_id}: {entry.reason}")
    return 0 if clean else 1


def _status(book: Journal, options: argparse.Namespace) -> int:
    print(f"dock {book.setting('dock') or 'not enrolled'} of {book.setting('server') or '-'}")
    for (camera, state), count in sorted(book.counts().items()):
        print(f"{camera} {state} {count}")
    for entry in book.held():
        print(f"held {entry.camera} {entry.file_id}: {entry.reason}")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; 0 when all is well, 1 when something is held back, 2 when it can't start."""
    options = _parser().parse_args(arguments)
    logging.raiseExceptions = False
    book = Journal(options.state)
    try:
        verb = {"enrol": _enrol, "run": _run, "status": _status}[options.verb]
        return verb(book, options)
    except (NotAllowed, Refused) as error:
        log.error("%s", error)
        print(f"{error}", file=sys.stderr)
        return 2
    finally:
        book.close()


if __name__ == "__main__":
    sys.exit(main())
