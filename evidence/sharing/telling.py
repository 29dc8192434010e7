"""The custody events of shares: in the share's history, its case's, and that of what it shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evidence.custody.record import Actor, Draft, Outcome, record_all
from evidence.sharing.models import Item, Share


def tell(
    event: str,
    share: Share,
    actor: Actor,
    *,
    items: Iterable[Item] = (),
    data: Mapping[str, Any] | None = None,
    private: Mapping[str, Any] | None = None,
    outcome: Outcome = "ok",
    alone: bool = False,
) -> None:
    """One event in the share's history and the case's, and one in that of each thing's.

    With `alone` only in the things' histories. In the caller's transaction.
    """
    open_data = {"share": share.reference} | dict(data or {})
    items = list(items)
    if len(items) == 1:  # so that the share's own history says which thing it was
        open_data["item"] = items[0].number
    details = {"recipient": share.recipient} | dict(private or {})
    drafts = []
    if not alone:
        subjects = [share.subject()] + ([share.case.subject()] if share.case else [])
        drafts += [Draft(event, one, actor, open_data, details, outcome) for one in subjects]
    seen: set[str] = set()
    for item in items:
        for subject in item.subjects():
            # Two clips of one recording are one event in its history.
            if subject.ref not in seen:
                seen.add(subject.ref)
                told = open_data | {"item": item.number}
                drafts.append(Draft(event, subject, actor, told, details, outcome))
    record_all([(draft, None) for draft in drafts])
