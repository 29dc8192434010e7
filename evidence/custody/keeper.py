"""The log's own process: numbers what waits, has it signed, tells witnesses.

`manage.py custody run`. Several may run; locks make one of them work. It may die at any
line. Nothing that people do waits for it: an action numbers its own event where it can.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import close_old_connections

from evidence.custody import anchors, checkpoints, sequencer

log = structlog.get_logger(__name__)
PAUSE = 0.2
AFTER_FAILURE = 5.0


class Keeper:
    """One process's memory of when it signed last."""

    def __init__(self) -> None:
        self._signed = self._looked = time.monotonic()

    def step(self) -> None:
        """Number what waits; have it signed after a minute, or a thousand events."""
        sequencer.run(wait=False)
        now = time.monotonic()
        if now - self._looked < 1:
            return
        self._looked = now
        count = checkpoints.due()
        if count >= checkpoints.ROUND or (
            count and now - self._signed >= settings.CHECKPOINT_SECONDS
        ):
            self._signed = now
            if checkpoints.sign() is not None:
                anchors.everything()


def run(stopped: Callable[[], bool]) -> None:
    """Work until `stopped`. A failure is logged and tried again: the log must go on."""
    keeper = Keeper()
    while not stopped():
        try:
            close_old_connections()
            keeper.step()
            time.sleep(PAUSE)
        except (checkpoints.LogBroken, anchors.Disagreement) as error:
            log.critical("custody log is broken", error=str(error))
            time.sleep(AFTER_FAILURE)
        except checkpoints.SignerAway as error:
            log.error("the custody log has to wait", error=str(error))
            time.sleep(AFTER_FAILURE)
        except Exception as error:
            # Whatever it is: a log that nobody numbers stops every act on evidence.
            log.exception("the custody log has to wait", error=str(error))
            time.sleep(AFTER_FAILURE)
