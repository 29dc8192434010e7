"""What is done with what keeps footage, and with its end: one function a verb."""

from evidence.retention.actions.holds import (
    assign,
    carry,
    hold,
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

__all__ = [
    "assign",
    "carry",
    "hold",
    "hold_for",
    "hold_on_arrival",
    "hold_where",
    "is_held",
    "positions_come",
    "release",
    "release_all",
    "release_for",
    "renamed",
    "secret_to",
    "visible_to",
    "watch",
]
