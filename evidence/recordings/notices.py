"""What was just done, said on the next page: a sentence, and the way to take it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

KEY = "notice"


def leave(
    request: HttpRequest,
    words: str,
    *,
    token: UUID | None = None,
    of: Sequence[str] = (),
    kind: str = "success",
) -> None:
    """Keep a sentence for the page that is shown next; with what can be undone, if anything."""
    undo = {"token": str(token), "pick": " ".join(of)} if token and of else None
    request.session[KEY] = {"words": words, "undo": undo, "kind": kind}


def take(request: HttpRequest) -> dict[str, Any] | None:
    """The sentence that was left, once."""
    found: dict[str, Any] | None = request.session.pop(KEY, None)
    return found


def way_back(request: HttpRequest, fallback: str = "") -> str:
    """The page of ours that a form came from, as it says; else the work list."""
    wish = request.POST.get("back", "") or request.GET.get("back", "")
    if wish == "footage" or not wish.startswith(reverse("footage")):
        wish = ""
    safe = url_has_allowed_host_and_scheme(
        wish, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wish if wish and safe else fallback or reverse("footage")
