"""The complaint that a page of the office is about, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse

from evidence.complaints.access import visible_to
from evidence.complaints.models import Complaint
from evidence.people.actions import NotAllowed
from evidence.people.office import staff

Page = Callable[..., HttpResponse]


def of_complaint(permission: str) -> Callable[[Page], Page]:
    """A page of one complaint, given its row. Where there is none for this person: not found."""

    def wrapping(page: Page) -> Page:
        @wraps(page)
        def guarded(request: HttpRequest, complaint: int, **more: Any) -> HttpResponse:
            by = staff(request)
            rows = visible_to(by).select_related("handler", "authority")
            found = rows.filter(pk=complaint).first() if by.may(permission) else None
            if found is None:
                raise Http404
            try:
                return page(request, found, **more)
            except NotAllowed:
                raise Http404 from None

        return guarded

    return wrapping


def context(request: HttpRequest, complaint: Complaint | None, title: str) -> dict[str, Any]:
    """What every page of the admin needs."""
    shared: dict[str, Any] = admin.site.each_context(request)
    return {**shared, "title": title, "complaint": complaint}


def text(request: HttpRequest, name: str, most: int = 20_000) -> str:
    """What was typed in a field; no NUL, which the database can't keep."""
    return request.POST.get(name, "").replace("\0", "")[:most]


def a_day(typed: str) -> date | None:
    """2026-11-25, as a date field sends it; None for anything else."""
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        return None
