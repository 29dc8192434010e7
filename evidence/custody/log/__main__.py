"""`python -m evidence.custody.log check|consistency`: other people's proofs, checked offline."""

from __future__ import annotations

import argparse
import base64
import binascii
import sys
from pathlib import Path

from . import hashing, proof
from .note import VerifierKey, open_checkpoint


def main(arguments: list[str] | None = None) -> int:
    """Run one check. Returns 0 when it holds, 1 with a sentence when it does not."""
    parser = argparse.ArgumentParser(prog="python -m evidence.custody.log")
    verbs = parser.add_subparsers(dest="verb", required=True)
    check = verbs.add_parser("check", help="a tlog-proof over the bytes of a file")
    check.add_argument("proof", type=Path)
    check.add_argument("--leaf", type=Path, required=True)
    consistency = verbs.add_parser("consistency", help="two checkpoints and a list of hashes")
    for name in ("old", "new", "proof"):
        consistency.add_argument(name, type=Path)
    for verb in (check, consistency):
        verb.add_argument("--vkey", action="append", required=True, help="a verifier key")
    options = parser.parse_args(arguments)
    try:
        keys = [VerifierKey.parse(text) for text in options.vkey]
        if options.verb == "check":
            index, found = proof.check(
                options.proof.read_text(encoding="utf-8"), options.leaf.read_bytes(), keys
            )
            print(f"ok: entry {index} of {found.origin}, in its checkpoint of {found.size}")
            return 0
        old = open_checkpoint(options.old.read_text(encoding="utf-8"), keys)
        new = open_checkpoint(options.new.read_text(encoding="utf-8"), keys)
        lines = options.proof.read_text(encoding="utf-8").split()
        path = [base64.b64decode(line, validate=True) for line in lines]
        if old.origin != new.origin:
            raise hashing.ProofError("the checkpoints are of two logs")
        hashing.check_consistency(old.size, new.size, old.root, new.root, path)
    except (ValueError, binascii.Error, OSError) as error:
        print(f"refused: {error}")
        return 1
    print(f"ok: {new.origin} of {new.size} begins with the log of {old.size}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
