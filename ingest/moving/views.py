"""How far a move to another store is, and two people's word that the old one is cleared."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from evidence.people.gate import those_who
from evidence.people.requests import person
from ingest.moving import removing, stores
from ingest.moving.models import MoveError


@require_safe
@those_who("retention.approve")
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
@those_who("retention.approve", proved=True)
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
