"""How far a move to another store is, and two people's word that the old one is cleared."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from evidence.people.fresh import proved_again
from evidence.people.requests import person
from ingest.moving import removing, stores
from ingest.moving.models import MoveError

View = Callable[..., HttpResponse]


def approvers(view: View) -> View:
    """For those who may let footage go; to everybody else the page is not there."""

    @never_cache
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not person(request).may("retention.approve"):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@require_safe
@approvers
def moving(request: HttpRequest) -> HttpResponse:
    """The move that is under way, what its last comparison found, and who has agreed."""
    try:
        move = stores.current()
    except MoveError:
        return render(request, "moving/moving.html", {"move": None})
    why = ""
    try:
        removing.beyond_doubt(move)
    except MoveError as error:
        why = str(error)
    agreed = [name for name in (move.first, move.second) if name]
    return render(request, "moving/moving.html", {
        "move": move, "why": why, "agreed": agreed, "mine": person(request).username in agreed,
    })  # fmt: skip


@require_POST
@approvers
@proved_again
def agree(request: HttpRequest) -> HttpResponse:
    """Agree to the removal, with a fresh proof of who does."""
    try:
        move = removing.agree(by=person(request))
    except MoveError as error:
        messages.warning(request, str(error))
    else:
        more = "" if move.second else " A second, different person has to agree too."
        messages.success(request, f"You have agreed that the old store is cleared.{more}")
    return redirect("moving")
