"""My footage and the team's: what is left to do first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from evidence.people.models import User
from evidence.people.requests import address, person
from evidence.people.table import OFFICER, Scope
from evidence.recordings import arrivals, keyset, notices, pages, worklist
from evidence.recordings.access import visible_to
from evidence.recordings.models import Original, Recording
from evidence.recordings.references import is_reference

FOLDED = 50


@dataclass(frozen=True)
class Window:
    """Whose footage is looked at, and how much of it."""

    team: bool
    everything: bool

    @classmethod
    def of(cls, user: User, query: QueryDict) -> Window:
        """What an address asks for, as far as this person may."""
        wide = user.scope("recording.view") > Scope.OWN
        team = OFFICER not in user.roles or (wide and query.get("whose") == "team")
        show = query.get("show", "all" if team else "todo")
        return cls(team, show != "todo")

    def recordings(self, user: User) -> QuerySet[Recording]:
        """Everything that counts here, whatever is shown."""
        visible = visible_to(user)
        return visible if self.team else visible.filter(officer=user)

    def query(self, **more: str) -> str:
        """Its own part of an address."""
        found = {"whose": "team"} if self.team else {}
        if self.everything != self.team:
            found["show"] = "all" if self.everything else "todo"
        return urlencode(found | more)


def window_of(user: User, back: str) -> Window:
    """The window of the page that somebody came from."""
    return Window.of(user, QueryDict(urlsplit(back).query))


def title(user: User, window: Window) -> str:
    """The page's heading."""
    if not window.team:
        return "My footage"
    return "Footage opened to you" if user.scope("recording.view") < Scope.OWN else "Team footage"


@login_required
@require_GET
def footage(request: HttpRequest) -> HttpResponse:
    """What is left to say of one's footage; then what is done."""
    user = person(request)
    if not user.may("recording.view"):
        raise Http404
    window = Window.of(user, request.GET)
    newest = worklist.newest(user)  # before the list is read: what comes between is new
    start = keyset.place(request.GET.get("before", ""), request.GET.get("after", ""))
    recordings = window.recordings(user)
    related = recordings.select_related("officer", "category", "incident")
    page = keyset.page(related if window.everything else worklist.to_do(related), start)
    first = start.at is None
    folded = first and not window.team and not window.everything
    done = _newest(worklist.done_today(related), FOLDED + 1) if folded else []
    other = _newest(related.filter(kind=Recording.Kind.OTHER), FOLDED) if folded else []
    everything = [*page.items, *done[:FOLDED], *other]
    rows = pages.rows(everything, by=user, address=address(request))
    undos = worklist.undos(everything, user)
    for row in rows:
        row.undo = undos.get(row.recording.pk)
    cut, tail = len(page.items), len(page.items) + len(done[:FOLDED])
    left = worklist.left(recordings)
    context: dict[str, Any] = {
        "title": title(user, window),
        "window": window,
        "groups": pages.groups(rows[:cut]),
        "left": left,
        "left_words": worklist.in_words(left),
        "done": rows[cut:tail],
        "done_more": len(done) > FOLDED,
        "other": rows[tail:],
        "nothing_yet": not everything and first and not recordings.exists(),
        "older": page.older,
        "newer": page.newer,
        "first_page": first,
        "query": window.query(),
        "switch": _switch(user, window),
        "notice": notices.take(request),
        "poll": _poll(newest, everything) if folded else "",
        "on_its_way": folded,
        "arrivals": arrivals.of(user) if folded else [],
    } | row_context(user, request.get_full_path())
    return render(request, "recordings/footage.html", context)


def _newest(recordings: QuerySet[Recording], most: int) -> list[Recording]:
    return list(recordings.order_by("-happened_at", "-id")[:most])


def row_context(user: User, back: str) -> dict[str, Any]:
    """What every row needs besides itself."""
    return {
        "choices": worklist.choices(user),
        "may_say": user.may("recording.categorise"),
        "back": back,
    }


def _switch(user: User, window: Window) -> list[tuple[str, str, bool]]:
    """Links to the other windows: words, address, whether it is this one."""
    base = reverse("footage")

    def link(words: str, other: Window) -> tuple[str, str, bool]:
        query = other.query()
        return words, f"{base}?{query}" if query else base, other == window

    found = [
        link("To do", Window(window.team, everything=False)),
        link("All", Window(window.team, everything=True)),
    ]
    if OFFICER in user.roles and user.scope("recording.view") > Scope.OWN:
        other = Window(not window.team, everything=not window.team)
        found.append(link("My footage" if window.team else "The team’s", other))
    if window.team:
        found[0], found[1] = found[1], found[0]
        found[1] = ("Needs category", *found[1][1:])
    return found


# --- what changes while the page is open ---


def _poll(newest: int, shown: list[Recording]) -> str:
    """The address that the page asks again: what came after, what of it is not ready yet."""
    waiting = [
        item.reference for item in shown
        if item.media in (Recording.Media.WAITING, Recording.Media.RENDERING)
    ]  # fmt: skip
    query = urlencode({"since": newest, "w": waiting[: pages.PAGE]}, doseq=True)
    return f"{reverse('footage-new')}?{query}"


@never_cache
@login_required
@require_GET
def new(request: HttpRequest) -> HttpResponse:
    """What arrived since the page was shown, and how far viewing copies are; asked for by the
    page itself. Rows that stand there already are left alone: somebody may be typing."""
    user = person(request)
    if not user.may("recording.view"):
        raise Http404
    since = request.GET.get("since") or str(worklist.newest(user))
    if not since.isdecimal() or len(since) > 18:
        raise Http404
    related = ("officer", "category", "incident")
    after = worklist.arrived_since(user, int(since)).select_related(*related)
    found = list(after.order_by("pk")[: pages.PAGE])  # the rest comes with the next time
    newest = found[-1].pk if found else int(since)
    found.sort(key=lambda item: (item.happened_at, item.pk), reverse=True)
    waiting = [item for item in request.GET.getlist("w")[: pages.PAGE] if is_reference(item)]
    watched = list(visible_to(user).filter(officer=user, reference__in=waiting)) if waiting else []
    running = Original.objects.filter(recording__in=watched, media="running")
    progress = dict(running.values_list("recording_id", "progress"))
    rows = pages.rows(found, by=user, address=address(request))
    back = reverse("footage")
    context = {
        "groups": pages.groups([row for row in rows if row.recording.kind == "footage"]),
        "arrived": len(found),
        "left_words": worklist.in_words(worklist.left(Window(False, False).recordings(user))),
        "states": [pages.Row(item, progress=progress.get(item.pk)) for item in watched],
        "poll": _poll(newest, [*found, *watched]),
    } | row_context(user, back)
    return render(request, "recordings/_new.html", context)
