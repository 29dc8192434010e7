"""What is done with samples: one function a verb, each with its event in one transaction."""

from evidence.sampling.actions.items import debrief, note, review, skip
from evidence.sampling.actions.panel import Sitting, choose, close, look, play, seat
from evidence.sampling.actions.plans import (
    NotDrawn,
    NotPlanned,
    Wish,
    check,
    commit,
    draw,
    export,
)  # fmt: skip
from evidence.sampling.actions.words import NotSaid

__all__ = [
    "NotDrawn", "NotPlanned", "NotSaid", "Sitting", "Wish", "check", "choose", "close", "commit",
    "debrief", "draw", "export", "look", "note", "play", "review", "seat", "skip",
]  # fmt: skip
