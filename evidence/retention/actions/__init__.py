"""What is done with what keeps footage, and with its end: one function a verb."""

from evidence.retention.actions.holds import (
    DisposedOf,
    assign,
    carry,
    hold,
    hold_by_system,
    hold_for,
    hold_on_arrival,
    hold_where,
    is_held,
    positions_come,
    release,
    release_all,
    release_for,
    renamed,
    secret_to,
    visible_to,
    watch,
)
from evidence.retention.actions.releasing import NotSaid, approve, propose, refuse
from evidence.retention.actions.restoring import restore, restore_all

__all__ = [
    "DisposedOf",
    "NotSaid",
    "approve",
    "assign",
    "carry",
    "hold",
    "hold_by_system",
    "hold_for",
    "hold_on_arrival",
    "hold_where",
    "is_held",
    "positions_come",
    "propose",
    "refuse",
    "release",
    "release_all",
    "release_for",
    "renamed",
    "restore",
    "restore_all",
    "secret_to",
    "visible_to",
    "watch",
]
