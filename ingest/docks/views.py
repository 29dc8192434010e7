"""The docks' screens, their list, and the team's page. None of them shows evidence."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from evidence.people.models import User
from evidence.people.requests import address, person
from evidence.people.table import Scope
from ingest.devices import actions
from ingest.devices.models import Dock, Made
from ingest.docks import bays, team

TRIES, TRIES_SECONDS = 10, 15 * 60
SCREEN_LIFE = timedelta(days=30)
BACKEND = "evidence.people.backend.TableBackend"
LISTED = 500


def _dock_or_404(user: User, name: str) -> Dock:
    """A dock whose screen this person, or this very screen, may look at."""
    if "\0" in name:
        raise Http404
    scope = user.scope("dock.screen")
    docks = Dock.objects.filter(name=name, kind=Made.DEVICE)
    if scope is Scope.OWN:
        docks = docks.filter(screen=user, revoked_at=None)
    dock = docks.first() if scope > Scope.NONE else None
    if dock is None:
        raise Http404
    return dock


@never_cache
@login_required
@require_GET
def screen(request: HttpRequest, name: str) -> HttpResponse:
    """What hangs beside the dock: every bay's state, live."""
    dock = _dock_or_404(person(request), name)
    return render(request, "docks/screen.html", _context(dock))


@never_cache
@require_GET
def screen_bays(request: HttpRequest, name: str) -> HttpResponse:
    """The part of the screen that changes, asked for every two seconds.

    Whoever is no longer signed in is sent to the whole page, which says what to do: the
    sign-in page must not appear in the middle of a screen that looks alive.
    """
    if not request.user.is_authenticated:
        if request.headers.get("HX-Request") != "true":
            return redirect_to_login(request.get_full_path())
        answer = HttpResponse(status=204)
        answer["HX-Redirect"] = reverse("dock-screen", args=[name])
        return answer
    dock = _dock_or_404(person(request), name)
    return render(request, "docks/_bays.html", _context(dock))


def _context(dock: Dock) -> dict[str, object]:
    return {"screen": bays.look(dock), "phone": settings.HELP_PHONE}


@never_cache
@require_http_methods(["GET", "POST"])
def open_screen(request: HttpRequest) -> HttpResponse:
    """Signs a dock's screen in with a single-use code, for 30 days and for that screen only."""
    if request.method == "GET":
        return render(request, "docks/open.html")
    key = f"dock-open:{address(request)}"
    cache.add(key, 0, timeout=TRIES_SECONDS)
    if cache.incr(key) > TRIES:
        return _not_open(request, "Too many codes were tried here. Wait 15 minutes.", 429)
    code = request.POST.get("code", "").replace("\0", "")[:64]
    try:
        dock, account = actions.open_screen(code=code, address=address(request))
    except actions.DeviceError as error:
        return _not_open(request, str(error), 422)
    cache.delete(key)
    request.session.flush()  # nobody's earlier session goes on under the screen
    login(request, account, backend=BACKEND)
    request.session.set_expiry(SCREEN_LIFE)
    return redirect("dock-screen", dock.name)


def _not_open(request: HttpRequest, error: str, status: int) -> HttpResponse:
    return render(request, "docks/open.html", {"error": error}, status=status)


@never_cache
@login_required
@require_GET
def own_screen(request: HttpRequest) -> HttpResponse:
    """Leads a screen to its own dock; there is nothing else for it."""
    user = person(request)
    own = Dock.objects.filter(screen=user, revoked_at=None).first()
    if own is None or user.scope("dock.screen") is not Scope.OWN:
        raise Http404
    return redirect("dock-screen", own.name)


@never_cache
@login_required
@require_GET
def docks(request: HttpRequest) -> HttpResponse:
    """The docks, and which of them report."""
    if person(request).scope("dock.screen") is not Scope.ALL:
        raise Http404
    docked = Dock.objects.filter(revoked_at=None, kind=Made.DEVICE)
    found = list(docked.order_by("site", "name")[: LISTED + 1])
    now = timezone.now()
    rows = [(dock, team.reporting(dock, now)) for dock in found[:LISTED]]
    context = {"rows": rows, "more": len(found) > LISTED, "limit": LISTED}
    return render(request, "docks/list.html", context)


@never_cache
@login_required
@require_GET
def team_page(request: HttpRequest) -> HttpResponse:
    """What a supervisor has to look after, each with the next step; bare when nothing is left."""
    user = person(request)
    if not user.may("team.view"):
        raise Http404
    return render(request, "docks/team.html", {"left": team.look(user)})
