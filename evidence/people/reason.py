"""The page before an act that can't be undone by a click: consequence, reason."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from evidence.people import fresh


def ask(
    request: HttpRequest,
    title: str,
    verb: str,
    consequence: str,
    back: str,
    *,
    proved_again: bool = False,
    choices: list[tuple[str, str]] | None = None,
) -> str | HttpResponse:
    """The reason that was given, or the page that asks for it; after a fresh proof if asked."""
    if proved_again:
        fresh.require(request)
    reason = request.POST.get("reason", "").strip()[:300]
    if request.method == "POST" and reason:
        return reason
    context = {
        **admin.site.each_context(request),
        "title": title,
        "verb": verb,
        "consequence": consequence,
        "back": back,
        "choices": choices or [],
        "error": "Enter why." if request.method == "POST" else "",
    }
    return render(request, "admin/reason.html", context)
