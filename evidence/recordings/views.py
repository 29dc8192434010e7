"""The officer's pages: each checks permission, writes its event, and shows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.people.requests import address, person
from evidence.people.table import Scope
from evidence.recordings import actions, keyset, pages, player_views, reasons
from evidence.recordings.access import find, visible_to
from evidence.recordings.models import Category, Recording

MOST_USED = 3


def _or_404(user: User, reference: str, permission: str = "recording.view") -> Recording:
    try:
        return find(user, reference, permission)
    except Recording.DoesNotExist:
        raise Http404 from None


@login_required
@require_GET
def footage(request: HttpRequest) -> HttpResponse:
    """What is left to say of one's footage; then what is done."""
    user = person(request)
    if not user.may("recording.view"):
        raise Http404
    scope = request.GET.get("whose", "mine")
    visible = visible_to(user)
    if scope == "mine" and "officer" in user.roles:
        visible = visible.filter(officer=user)
    start = keyset.place(request.GET.get("before", ""), request.GET.get("after", ""))
    page = keyset.page(visible.select_related("officer", "category"), start)
    rows = pages.rows(page.items, by=user, address=address(request))
    footage_rows = [row for row in rows if row.recording.kind == Recording.Kind.FOOTAGE]
    left = [row for row in footage_rows if row.recording.category is None]
    done = [row for row in footage_rows if row.recording.category is not None]
    categories = list(Category.objects.filter(active=True))
    context = {
        "groups": pages.groups(left),
        "left": len(left),
        "done": done,
        "other": [row for row in rows if row.recording.kind == Recording.Kind.OTHER],
        "older": page.older,
        "newer": page.newer,
        "first_page": start.at is None,
        "quick": categories[:MOST_USED],
        "others": categories[MOST_USED:],
        "whose": scope,
        "team": user.scope("recording.view") > Scope.OWN and "officer" not in user.roles,
    }
    return render(request, "recordings/footage.html", context)


@login_required
@require_GET
def recording(request: HttpRequest, reference: str) -> HttpResponse:
    """One recording: player, times, what it is, files, history."""
    user = person(request)
    reason = reasons.given(request, _or_404(user, reference))
    if reason is None:
        return reasons.ask(request, _or_404(user, reference))
    try:
        item = actions.view(by=user, reference=reference, address=address(request), reason=reason)
    except Recording.DoesNotExist:
        raise Http404 from None
    if item.reference != reference.upper():
        return redirect(item)
    return render(request, "recordings/recording.html", _page(request, item))


@login_required
@require_http_methods(["GET", "POST"])
def why(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask why somebody looks, before anything is shown; nothing of the footage is on the page."""
    item = _or_404(person(request), reference)
    context = {"recording": item, "next": request.GET.get("next", "")}
    if request.method == "POST":
        wish = request.POST.get("next", "")
        context |= {"next": wish, "why": request.POST.get("why", "")}
        try:
            reasons.keep(request, item, request.POST.get("why", ""))
        except ValueError as error:
            return render(
                request, "recordings/why.html", context | {"error": str(error)}, status=422
            )
        safe = url_has_allowed_host_and_scheme(
            wish, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
        return redirect(wish if safe else item)
    return render(request, "recordings/why.html", context)


def _page(request: HttpRequest, item: Recording) -> dict[str, Any]:
    user = person(request)
    originals = list(item.originals.order_by("recorded_at", "file_name"))
    return {
        "recording": item,
        "originals": [(original, pages.proof_of(original)) for original in originals],
        "still": pages.rows([item], by=user, address=address(request))[0].still,
        "history": pages.past(item, user),
        "categories": Category.objects.filter(active=True),
        "may_download": user.may("recording.download"),
    } | player_views.context(item, user)


@login_required
@require_GET
def status(request: HttpRequest, reference: str) -> HttpResponse:
    """The part of the page that changes while the viewing copy is being made."""
    item = _or_404(person(request), reference)
    running = item.originals.filter(media="running").first()
    context = {"recording": item, "progress": running.progress if running else 0}
    response = render(request, "recordings/_status.html", context)
    if item.media in (Recording.Media.READY, Recording.Media.UNPLAYABLE):
        response["HX-Refresh"] = "true"  # it plays now: show the player
    return response


def _plays_already(request: HttpRequest, reference: str) -> bool:
    """Whether this asks for new addresses within one sitting, for which there is an event."""
    began = request.session.get(f"played:{reference}", 0.0)
    recent = timezone.now().timestamp() - began < 2 * settings.PLAY_URL_SECONDS
    return request.POST.get("again") == "1" and recent


@login_required
@require_POST
def play(request: HttpRequest, reference: str) -> HttpResponse:
    """Signed URLs for the player, after the event. `again` renews them in one sitting."""
    reason = reasons.given(request, _or_404(person(request), reference))
    if reason is None:
        return JsonResponse({"detail": "Load the page again and say why you look."}, status=409)
    try:
        found = actions.play(
            by=person(request),
            reference=reference,
            address=address(request),
            again=_plays_already(request, reference),
            reason=reason,
        )
    except Recording.DoesNotExist:
        raise Http404 from None
    request.session[f"played:{reference}"] = timezone.now().timestamp()
    return JsonResponse({"segments": [item.urls() for item in found]})


@login_required
@require_POST
def download(request: HttpRequest, reference: str, original: int) -> HttpResponse:
    """An original, from the store, as an attachment."""
    item = _or_404(person(request), reference, "recording.download")
    reason = reasons.given(request, item)
    if reason is None:
        return redirect("recording-why", reference=item.reference)
    try:
        url = actions.download(
            by=person(request),
            reference=reference,
            original=original,
            address=address(request),
            reason=reason,
        )
    except Recording.DoesNotExist:
        raise Http404 from None
    return HttpResponseRedirect(url)


@login_required
@require_POST
def categorise(request: HttpRequest, reference: str) -> HttpResponse:
    """Say what the footage is, or undo it; the row or page comes back with what was saved."""
    user = person(request)
    item = _or_404(user, reference, "recording.categorise")
    code = request.POST.get("category", "").replace("\0", "")
    undo = code == "undo"
    category = Category.objects.filter(code=code, active=True).first()
    if category is None and not undo:
        context = {"recording": item, "error": "Select a category"}
        return _saved(request, user, item, context, status=422)
    try:
        if undo:
            item = actions.uncategorise(by=user, recording=item)
        else:
            assert category
            note = request.POST.get("note", "").replace("\0", "")[:2000].strip()
            item = actions.categorise(by=user, recording=item, category=category, note=note)
    except NotAllowed:
        raise Http404 from None
    return _saved(request, user, item, {})


def _saved(
    request: HttpRequest, user: User, item: Recording, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    if request.headers.get("HX-Request") != "true":
        if status != 200:
            page = _page(request, item) | context
            return render(request, "recordings/recording.html", page, status=status)
        back = request.POST.get("back")
        return redirect("footage") if back == "footage" else redirect(item)
    item = _or_404(user, item.reference)
    row = pages.rows([item], by=user, address=address(request))[0]
    row.just_saved = True
    categories = list(Category.objects.filter(active=True))
    context |= {
        "row": row, "quick": categories[:MOST_USED], "others": categories[MOST_USED:]
    }  # fmt: skip
    return render(request, "recordings/_row.html", context, status=status)
