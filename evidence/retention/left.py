"""What is left of footage that was disposed of: the page that takes the place of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from evidence.custody.record import Draft, record
from evidence.people.requests import address, person
from evidence.recordings import pages
from evidence.recordings.models import Original, Recording
from evidence.retention.models import Batch, Item, Tombstone

GONE = 410


@dataclass(frozen=True)
class Let:
    """Who let go of it, and when, by which batch."""

    batch: Batch
    item: Item
    # Where the batch has a page.
    url: str


def tell(request: HttpRequest, recording: Recording) -> HttpResponse:
    """The page of footage that was disposed of, or is being destroyed, for those who see all."""
    reader = person(request)
    stones = list(Tombstone.objects.filter(recording=recording).order_by("reference"))
    with transaction.atomic():
        record(Draft(
            "history.read", recording.subject(), reader.actor(address(request)),
            private={"name": reader.short, "address": address(request)},
        ))  # fmt: skip
    also = [stone.reference for stone in stones]
    let = _let(recording) if reader.may("retention.view") else None
    context: dict[str, Any] = {
        "recording": recording, "stones": stones, "let": let,
        "being_destroyed": Original.objects.filter(recording=recording).exists(),
        "history": pages.past(recording, reader, also=also),
    }  # fmt: skip
    return render(request, "retention/left.html", context, status=GONE)


def _let(recording: Recording) -> Let | None:
    states = (Item.State.DESTROYING, Item.State.GONE)
    item = (
        Item.objects.filter(recording=recording, state__in=states)
        .select_related("batch__rule", "batch__proposed_by", "batch__decided_by").first()
    )  # fmt: skip
    if item is None:
        return None
    page = getattr(item.batch, "get_absolute_url", None)
    return Let(item.batch, item, page() if page else "")
