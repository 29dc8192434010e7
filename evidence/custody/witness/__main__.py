"""`python -m evidence.custody.witness`: run a witness for somebody else's custody log.

    keygen --name NAME --key FILE      make a key; prints the verifier key for the log's operator
    serve --name NAME --key FILE --state FILE --log VKEY [--log VKEY …] [--listen 127.0.0.1:8791]
    refused --state FILE               what was refused although its signature was good

Needs Python 3.11, `cryptography` and `structlog`; no database, no Django.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from evidence.custody.log.keyring import KeyUnusable, read_seed, write_seed
from evidence.custody.log.keys import NoteError, VerifierKey, WitnessKey
from evidence.custody.witness.server import Server, Witness
from evidence.custody.witness.state import Memory


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m evidence.custody.witness",
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name in ("keygen", "serve"):
        verb = verbs.add_parser(name)
        verb.add_argument("--name", required=True, help="like witness.example.gov.uk/w1")
        verb.add_argument("--key", type=Path, required=True)
        if name == "serve":
            verb.add_argument("--state", type=Path, required=True)
            verb.add_argument("--log", action="append", required=True, help="a log's verifier key")
            verb.add_argument("--listen", default="127.0.0.1:8791")
    verbs.add_parser("refused").add_argument("--state", type=Path, required=True)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; 2 with a sentence when something is missing."""
    options = _parser().parse_args(arguments)
    try:
        if options.verb == "refused":
            for line in Memory(options.state).refused():
                print(*line)
            return 0
        if options.verb == "keygen" and not write_seed(options.key):
            print(f"{options.key} is there already.", file=sys.stderr)
            return 2
        key = WitnessKey.from_seed(options.name, read_seed(options.key))
        if options.verb == "keygen":
            print(key.verifier)
            return 0
        logs: dict[str, list[VerifierKey]] = {}
        for text in options.log:
            vkey = VerifierKey.parse(text)
            logs.setdefault(vkey.name, []).append(vkey)
        host, _, port = options.listen.rpartition(":")
        server = Server((host, int(port)), Witness(key, logs, options.state))
    except (NoteError, KeyUnusable, OSError, ValueError) as error:
        print(f"The witness can't start: {error}", file=sys.stderr)
        return 2
    print(f"witness {key.verifier} listens on {options.listen}", flush=True)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
