"""`python -m evidence.custody.signer`: run the signer.

From the environment: BWV_SIGNER_DATABASE_URL (a role that may only read custody_event and
custody_node), BWV_SIGNER_STATE (its memory), BWV_KEYS (the folder of its keys), BWV_ORIGIN,
BWV_SIGNER_TOKEN, BWV_SIGNER_LISTEN (address:port).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import structlog

from evidence.custody.log.keyring import KeyUnusable, signing_keys
from evidence.custody.signer.server import Server, Signing
from evidence.custody.signer.state import State, StateMissing


def main() -> int:
    """Serve until ended. 2 with a sentence when something is missing."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(),
        ]
    )
    try:
        origin, keys = os.environ["BWV_ORIGIN"], Path(os.environ["BWV_KEYS"])
        state = Path(os.environ["BWV_SIGNER_STATE"])
        database, token = os.environ["BWV_SIGNER_DATABASE_URL"], os.environ["BWV_SIGNER_TOKEN"]
        host, _, port = os.environ["BWV_SIGNER_LISTEN"].rpartition(":")
        signing_keys(keys, origin)
        State(state).close()
        signing = Signing(database, state, origin, lambda: signing_keys(keys, origin))
        server = Server((host, int(port)), signing, token)
    except KeyError as error:
        print(f"{error.args[0]} is not set (see the start of {__file__}).", file=sys.stderr)
        return 2
    except (StateMissing, KeyUnusable, OSError, ValueError) as error:
        print(f"The signer can't start: {error}", file=sys.stderr)
        return 2
    structlog.get_logger("signer").info("signer listens", origin=origin, address=f"{host}:{port}")
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
