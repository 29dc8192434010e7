"""Why the store does not let go of something, in words for the person who looks at it."""

from __future__ import annotations

from django.utils import timezone

from evidence.retention.models import Doomed
from evidence.store import s3

AWAY = "The store does not answer. It is tried again."


def _said(error: s3.StoreError) -> str | None:
    """The store's code; None where it did not answer."""
    response = getattr(error.__cause__, "response", None)
    return None if response is None else str(response.get("Error", {}).get("Code", ""))[:60]


def listing(error: s3.StoreError) -> str:
    """Why it can't be found out what there is of it."""
    if isinstance(error, s3.NotConfigured):
        return str(error)
    said = _said(error)
    if said is None:
        return AWAY
    return f"The store refused to list its objects ({said}). Check that the store's key may do so."


def words(row: Doomed, error: s3.StoreError) -> str:
    """One sentence on what stands in the way of one object, and what to do."""
    if isinstance(error, s3.NotConfigured):
        return str(error)
    said = _said(error)
    if said is None:
        return AWAY
    lock = s3.lock_of(row.alias, row.key, row.version_id)
    if lock.hold:
        return (
            f"The store has a legal hold on the {row.what} that no hold here asked for. "
            "Find out who set it, then release it in the store."
        )
    if lock.mode == "COMPLIANCE" and lock.until is not None:
        until = f"{timezone.localtime(lock.until):%-d %b %Y %H:%M}"
        return f"The store has the {row.what} under a COMPLIANCE lock until {until}. Nobody can lift it."  # noqa: E501
    return (
        f"The store refused to destroy the {row.what} ({said}). Check that the store's key "
        "may delete versions and bypass governance retention."
    )
