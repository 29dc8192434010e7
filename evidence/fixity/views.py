"""How old the oldest reading is, what was found, and what became of it. No footage, no still."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from evidence.fixity import actions, figures
from evidence.fixity.models import Damage, Figures, Turn
from evidence.people.gate import those_who
from evidence.people.requests import person
from evidence.store import s3

PAGE = 50
MOST_OPEN = 200


# For those who may see what is counted.
those_who_count = those_who("accounting.view", missing=(Damage.DoesNotExist,))


@require_GET
@those_who_count
def home(request: HttpRequest) -> HttpResponse:
    """Everything at a glance, then what is damaged, then what was."""
    rows = actions.visible_to(person(request))
    held = list(rows.filter(state__in=["found", "held"])[: MOST_OPEN + 1])
    before = request.GET.get("before", "")
    past = rows.filter(state__in=["mended", "gone"]).order_by("-pk")
    if before:
        if not (before.isdecimal() and len(before) < 19):
            raise Http404
        past = past.filter(pk__lt=int(before))
    past_rows = list(past[: PAGE + 1])
    lines = figures.lines()
    oldest = figures.oldest()
    age = (timezone.now() - oldest.checked_at).days if oldest else 0
    replica = Figures.objects.filter(source=s3.REPLICA).first() if s3.has_replica() else None
    context = {
        "open": held[:MOST_OPEN], "more_open": len(held) > MOST_OPEN, "most_open": MOST_OPEN,
        "past": past_rows[:PAGE],
        "older": past_rows[PAGE - 1].pk if len(past_rows) > PAGE else None,
        "first_page": not before, "lines": lines, "oldest": oldest, "age": age,
        "late": age > settings.OLDEST_CHECK_DAYS, "round": figures.round_words(lines),
        "unread": list(Turn.objects.exclude(failing_since=None).order_by("failing_since")[:PAGE]),
        "has_replica": s3.has_replica(), "replica": replica,
    }  # fmt: skip
    return render(request, "fixity/home.html", context)


@require_GET
@those_who_count
def one(request: HttpRequest, damage: int) -> HttpResponse:
    """One damage: what was expected, what was found, where, and what can be done."""
    return _one(request, damage)


def _one(request: HttpRequest, damage: int, error: str = "") -> HttpResponse:
    row = actions.visible_to(person(request)).get(pk=damage)
    context = {
        "row": row, "error": error, "typed": request.POST.get("reason", ""),
        "may_lift": actions.may_lift(person(request), row),
        "held": row.state == Damage.State.HELD,
    }  # fmt: skip
    return render(request, "fixity/damage.html", context, status=422 if error else 200)


@require_POST
@those_who_count
def again(request: HttpRequest, damage: int) -> HttpResponse:
    """Have it read again."""
    try:
        actions.read_again(by=person(request), damage=damage)
    except actions.NotMended as error:
        return _one(request, damage, str(error))
    messages.success(request, "It will be read again within a few minutes. Load the page then.")
    return redirect("fixity-damage", damage)


@require_POST
@those_who("accounting.view", proved=True, missing=(Damage.DoesNotExist,))
def lift(request: HttpRequest, damage: int) -> HttpResponse:
    """It was mended by hand, and a new reading says so too."""
    try:
        actions.lift(by=person(request), damage=damage, reason=request.POST.get("reason", ""))
    except actions.NotMended as error:
        return _one(request, damage, str(error))
    messages.success(request, "Lifted. The file is shown as evidence again.")
    return redirect("fixity-damage", damage)
