"""Open findings of one kind, by pages that are never counted."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Q
from django.http import Http404

from ingest.accounting.models import Finding, Run

PER_PAGE = 50
Kind = Finding.Kind


@dataclass(frozen=True)
class Page:
    """One page, and where the next begins."""

    rows: list[Finding]
    next: str
    first: bool


def kind_of(asked: str, run: Run | None) -> str:
    """The kind that is asked for; else the first that has something. Raises Http404."""
    if asked:
        if asked not in Kind.values:
            raise Http404
        return asked
    kinds = run.kinds if run else {}
    return next((kind for kind in Kind.values if kinds.get(kind)), Kind.MISSING.value)


def page(kind: str, after: str) -> Page:
    """Findings that stand open, as they were found; gaps by camera. Raises Http404."""
    rows = Finding.objects.filter(kind=kind, resolved_at=None)
    camera, _, number = after.rpartition("~")
    if after:
        if not (number.isascii() and number.isdecimal() and len(number) < 19) or "\0" in camera:
            raise Http404
        place = Q(pk__gt=int(number))
        if kind == Kind.GAP:
            place = Q(camera__gt=camera) | Q(camera=camera) & place
        rows = rows.filter(place)
    order = ("camera", "pk") if kind == Kind.GAP else ("pk",)
    found = list(rows.order_by(*order)[: PER_PAGE + 1])
    more = ""
    if len(found) > PER_PAGE:
        last = found[PER_PAGE - 1]
        more = urlencode({"kind": kind, "after": f"{last.camera}~{last.pk}"})
    return Page(found[:PER_PAGE], more, not after)
