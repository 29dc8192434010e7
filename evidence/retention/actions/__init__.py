"""What is done with what keeps footage, and with its end: one function a verb."""

from evidence.retention.access import secret_to, visible_to
from evidence.retention.actions.arriving import (
    assign,
    hold_many,
    hold_on_arrival,
    hold_where,
    positions_come,
    watch,
)
from evidence.retention.actions.holds import (
    DisposedOf,
    carry,
    change,
    change_watch,
    hold,
    hold_by_system,
    hold_for,
    is_held,
    renamed,
    store_again,
)
from evidence.retention.actions.releasing import NotSaid, approve, propose, refuse
from evidence.retention.actions.restoring import restore, restore_all
from evidence.retention.actions.unholding import (
    agree_release,
    ask_release,
    refuse_release,
    release,
    release_all,
    release_for,
    withdraw_release,
)

__all__ = [
    "DisposedOf",
    "NotSaid",
    "agree_release",
    "approve",
    "ask_release",
    "assign",
    "carry",
    "change",
    "change_watch",
    "hold",
    "hold_by_system",
    "hold_for",
    "hold_many",
    "hold_on_arrival",
    "hold_where",
    "is_held",
    "positions_come",
    "propose",
    "refuse",
    "refuse_release",
    "release",
    "release_all",
    "release_for",
    "renamed",
    "restore",
    "restore_all",
    "secret_to",
    "store_again",
    "visible_to",
    "watch",
    "withdraw_release",
]
