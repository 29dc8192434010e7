"""The pages of a person outside: open, prove, see, play, write. GET never spends anything."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evidence.exhibits import ranges
from evidence.people.requests import address
from evidence.recordings import player_data
from evidence.recordings.markers import NotMarked, position
from evidence.sharing import browser, looking, proving, throttle, writing
from evidence.sharing.making import NotShared
from evidence.sharing.models import Share, Viewing
from evidence.sharing.outside_page import card, player_of
from evidence.sharing.proving import ShareClosed

PENDING, SENT = "share_pending", "share_code_sent"
View = Callable[..., HttpResponse]


def outside(view: View) -> View:
    """A page for people outside: never kept, never indexed, the same refusal whatever the cause."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            answer = view(request, *args, **kwargs)
        except ShareClosed:
            answer = closed(request, kwargs.get("reference", ""))
        answer["X-Robots-Tag"] = "noindex"
        return answer

    return never_cache(guarded)


def closed(request: HttpRequest, reference: str = "") -> HttpResponse:
    """The same page for unknown, ended, revoked and locked; who had proved themselves in this
    browser reads whom to ask."""
    share = Share.objects.filter(reference=reference).select_related("owner").first()
    if share is not None and proving.known(share, browser.digest(request)):
        if share.state() == "live":  # only the proof is too old
            request.session[PENDING] = share.reference
            return redirect("share-prove")
        return render(request, "sharing/ended.html", {"share": share}, status=404)
    return render(request, "sharing/closed.html", status=404)


@outside
@require_http_methods(["GET", "POST"])
def open_(request: HttpRequest) -> HttpResponse:
    """Takes the link's secret by POST: a script posts the fragment, or the person pastes it."""
    if request.method == "GET":
        return render(request, "sharing/open.html")
    token = request.POST.get("token", "").replace("\0", "").strip().rpartition("#")[2]
    if not throttle.allow_link(address(request)):
        raise ShareClosed
    share = proving.by_token(token[:200])
    if share.state() != "live":
        return closed(request, share.reference)
    request.session.cycle_key()
    request.session[PENDING] = share.reference
    request.session.pop(SENT, None)
    return redirect("share-prove")


def _pending(request: HttpRequest) -> Share:
    return proving.live(str(request.session.get(PENDING, "")))


def masked(email: str) -> str:
    """j…@cps.example"""
    name, _, domain = email.partition("@")
    return f"{name[:1]}…@{domain}"


def _prove_page(request: HttpRequest, share: Share, error: str = "") -> HttpResponse:
    context = {
        "masked": masked(share.email), "error": error, "share": share,
        "sent": share.how == Share.How.PASSPHRASE or request.session.get(SENT) == share.reference,
        "passphrase": share.how == Share.How.PASSPHRASE,
    }  # fmt: skip
    answer = render(request, "sharing/prove.html", context, status=422 if error else 200)
    return browser.keep(request, answer)


@outside
@require_GET
def prove(request: HttpRequest) -> HttpResponse:
    """Asks for the code or passphrase, or offers to send a code."""
    share = _pending(request)
    browser.digest(request)
    return _prove_page(request, share)


@outside
@require_POST
def send_code(request: HttpRequest) -> HttpResponse:
    """E-mails a code for this browser."""
    share = _pending(request)
    sent = proving.send_code(share=share, browser=browser.digest(request))
    request.session[SENT] = share.reference
    if not sent:
        error = "Too many codes were sent. Try again in an hour, or ask the person who shared it."
        return _prove_page(request, share, error)
    return browser.keep(request, redirect("share-prove"))


@outside
@require_POST
def check_code(request: HttpRequest) -> HttpResponse:
    """Checks what was typed; when it is right the share opens for this browser."""
    share = _pending(request)
    if not throttle.allow_code(address(request)):
        return _prove_page(request, share, "Too many tries from here. Try again in an hour.")
    left = proving.prove(
        share=share, browser=browser.digest(request), said=request.POST.get("code", "")[:100],
        address=address(request),
    )  # fmt: skip
    if left == -1:
        request.session.cycle_key()
        request.session.pop(PENDING, None)
        return browser.keep(request, redirect("share", share.reference))
    if left == 0:
        raise ShareClosed
    tries = "1 try" if left == 1 else f"{left} tries"
    what = "passphrase" if share.how == Share.How.PASSPHRASE else "code"
    return _prove_page(request, share, f"That {what} isn't right. {tries} left.")


@outside
@require_GET
def share(request: HttpRequest, reference: str) -> HttpResponse:
    """What was shared."""
    found, standings = looking.view(
        reference=reference, browser=browser.digest(request), address=address(request)
    )
    context = {
        "share": found, "cards": [card(found, one) for one in standings],
        "messages_": found.messages.select_related("item__exhibit", "by")[: writing.MOST],
        "force": settings.FORCE_NAME,
    }  # fmt: skip
    return render(request, "sharing/share.html", context)


@outside
@require_GET
def item(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """One thing of a share, with the player."""
    found, standing = looking.view_item(
        reference=reference, browser=browser.digest(request), number=number,
        address=address(request),
    )  # fmt: skip
    context = {"share": found, "card": card(found, standing), "force": settings.FORCE_NAME}
    if standing.there and not standing.item.paper:
        context |= player_of(found, standing.item)
    return render(request, "sharing/item.html", context)


@outside
@require_GET
def facts(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """When the frames of one file are shown; where it was recorded is not told outside."""
    found = looking.there(reference=reference, browser=browser.digest(request), number=number)
    exhibit = found.item.exhibit
    if exhibit is not None and exhibit.clip is not None:
        return JsonResponse({"frames": ranges.table_of(exhibit.clip), "track": None})
    if found.item.recording is None:
        raise ShareClosed
    file = player_data.file_number(request.GET.get("file", "0"))
    return JsonResponse(player_data.details(found.item.recording, file, track=False))


@outside
@require_POST
def play(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """Addresses for the player, after the event; of this gateway, not of the store."""
    row = looking.begin(
        reference=reference, browser=browser.digest(request), number=number,
        kind=Viewing.Kind.PLAY, address=address(request),
    )  # fmt: skip

    def url(letter: str, file: int) -> str:
        return reverse("share-media", args=[reference, number, row.pk, letter, file])

    segments = [
        {name: url(letter, file) if letter else "" for name, letter in letters.items()}
        for file, letters in enumerate(looking.letters_of(row.item))
    ]
    return JsonResponse({"segments": segments})


@outside
@require_POST
def download(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """Begin to take a file away: the event, then on to the file itself."""
    typed = request.POST.get("file", "0")
    row = looking.begin(
        reference=reference, browser=browser.digest(request), number=number,
        kind=Viewing.Kind.FILE, file=int(typed) if typed.isdecimal() and len(typed) < 4 else 0,
        address=address(request),
    )  # fmt: skip
    return redirect("share-take", reference, number, row.pk)


@outside
@require_GET
def state(request: HttpRequest, reference: str) -> HttpResponse:
    """Whether the share still stands; a player asks every few seconds and stops where not."""
    found, proof = proving.opened(reference, browser.digest(request))
    looking.seen(found, proof)
    return JsonResponse({"until": found.until.isoformat()})


@outside
@require_POST
def write(request: HttpRequest, reference: str) -> HttpResponse:
    """A message to whoever shared it, perhaps at a place in one thing."""
    number = request.POST.get("item", "0")
    typed = request.POST.get("at", "").strip()
    try:
        writing.write(
            reference=reference, browser=browser.digest(request), address=address(request),
            text=request.POST.get("text", ""),
            number=int(number) if number.isdecimal() and len(number) < 5 else 0,
            at_ms=position(typed) if typed else None,
        )  # fmt: skip
    except (NotShared, NotMarked) as error:
        proving.opened(reference, browser.digest(request))
        context = {"error": str(error), "reference": reference, "text": request.POST.get("text")}
        return render(request, "sharing/not_written.html", context, status=422)
    if number.isdecimal() and int(number):
        return redirect(reverse("share-item", args=[reference, int(number)]) + "#written")
    return redirect(reverse("share", args=[reference]) + "#written")


@outside
@require_POST
def more(request: HttpRequest, reference: str) -> HttpResponse:
    """Asks for more time: also when the share has ended, in a browser that proved itself."""
    found = Share.objects.filter(reference=reference).select_related("owner").first()
    if found is None:
        raise ShareClosed
    writing.ask_more(
        share=found, browser=browser.digest(request), text=request.POST.get("text", ""),
        address=address(request),
    )  # fmt: skip
    return render(request, "sharing/more.html", {"share": found, "force": settings.FORCE_NAME})
