"""The pages of a person outside: open, prove, see, play, write. GET never spends anything."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evidence.exhibits import ranges
from evidence.people import links
from evidence.people.requests import address
from evidence.recordings import player_data
from evidence.recordings.markers import NotMarked, position
from evidence.sharing import (
    browser,
    looking,
    outside_page,
    packaging,
    proving,
    standing,
    throttle,
    writing,
)
from evidence.sharing.models import Share, Viewing
from evidence.sharing.proving import ShareClosed
from evidence.sharing.wishes import NotShared

View = Callable[..., HttpResponse]
AGAIN = "Load this page again and show that it is you: you were away for a while."


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
    """The same page for unknown, ended, revoked and locked, and the same work; who had proved
    themselves in this browser reads whom to ask."""
    share = proving.remembered(reference, browser.digest(request))
    if share is None:
        return render(request, "sharing/closed.html", status=404)
    if share.state() == "live":  # only the proof is too old, or it is not in the share
        if _proved(request, share):
            return render(request, "sharing/nothing.html", _house(share), status=404)
        answer = redirect("share-prove")
        browser.begin(request, answer, share)
        return answer
    return render(request, "sharing/ended.html", _house(share), status=404)


def _proved(request: HttpRequest, share: Share) -> bool:
    try:
        proving.opened(share.reference, browser.digest(request))
    except ShareClosed:
        return False
    return True


def _house(share: Share) -> dict[str, Any]:
    asked = share.more_asked_at
    return {
        "share": share, "force": settings.FORCE_NAME, "phone": settings.HELP_PHONE,
        "asked": asked is not None and (timezone.now() - asked).days < 1,
    }  # fmt: skip


@outside
@require_http_methods(["GET", "POST"])
def open_(request: HttpRequest) -> HttpResponse:
    """Takes the link's secret by POST: a script posts the fragment, or the person pastes it."""
    if request.method == "GET":
        return render(request, "sharing/open.html")
    token = request.POST.get("token", "").replace("\0", "").strip().rpartition("#")[2]
    if not throttle.may_try_link(address(request)):
        return closed(request)
    try:
        share = proving.by_token(token[:200])
    except ShareClosed:
        throttle.wrong_link(address(request))
        return closed(request)
    if share.state() != "live":
        return closed(request, share.reference)
    answer = redirect("share-prove")
    browser.begin(request, answer, share)
    return answer


def _pending(request: HttpRequest) -> Share:
    known = browser.pending(request)
    found = proving.live(known.reference)
    if known.link != browser.link_of(found):
        raise ShareClosed  # a new link was sent since: this one leads nowhere any more
    return found


def _prove_page(request: HttpRequest, share: Share, error: str = "") -> HttpResponse:
    phrase = share.how == Share.How.PASSPHRASE
    context = {
        "masked": links.masked(share.email), "error": error, "passphrase": phrase,
        "sent": phrase or browser.pending(request).sent, "phone": settings.HELP_PHONE,
        "force": settings.FORCE_NAME,
    }  # fmt: skip
    return render(request, "sharing/prove.html", context, status=422 if error else 200)


@outside
@require_GET
def prove(request: HttpRequest) -> HttpResponse:
    """Asks for the code or passphrase, or offers to send a code."""
    return _prove_page(request, _pending(request))


@outside
@require_POST
def send_code(request: HttpRequest) -> HttpResponse:
    """E-mails a code for this browser."""
    share = _pending(request)
    if not proving.send_code(share=share, browser=browser.digest(request)):
        error = "Too many codes were sent. Try again in an hour, or ask the person who shared it."
        return _prove_page(request, share, error)
    answer = redirect("share-prove")
    browser.begin(request, answer, share, sent=True)
    return answer


@outside
@require_POST
def check_code(request: HttpRequest) -> HttpResponse:
    """Checks what was typed; when it is right the share opens for this browser."""
    share = _pending(request)
    what = "passphrase" if share.how == Share.How.PASSPHRASE else "code"
    typed = request.POST.get("code", "").replace("\0", "").strip()[:100]
    if not typed:  # nothing was tried
        return _prove_page(request, share, f"Enter the {what}")
    if not throttle.may_try_code(address(request)):
        return _prove_page(request, share, "Too many tries from here. Try again in an hour.")
    left = proving.prove(
        share=share, browser=browser.digest(request), said=typed, address=address(request)
    )
    if left == -1:
        answer = redirect("share", share.reference)
        browser.done(answer)
        return answer
    throttle.wrong_code(address(request))
    if left == 0:
        raise ShareClosed
    tries = "1 try" if left == 1 else f"{left} tries"
    return _prove_page(request, share, f"That {what} isn't right. {tries} left.")


@outside
@require_GET
def share(request: HttpRequest, reference: str) -> HttpResponse:
    """What was shared."""
    found, standings = looking.view(
        reference=reference, browser=browser.digest(request), address=address(request)
    )
    messages = found.messages.select_related("item__exhibit", "item__recording", "by")
    context = _house(found) | {
        "cards": outside_page.cards(found, standings),
        "messages_": messages[: writing.MOST],
    }
    if found.downloads:
        context |= outside_page.package_part(found, packaging.current(found))
    return render(request, "sharing/share.html", context)


@outside
@require_GET
def item(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """One thing of a share, with the player."""
    found, one = looking.view_item(
        reference=reference, browser=browser.digest(request), number=number,
        address=address(request),
    )  # fmt: skip
    context = _house(found) | outside_page.page(found, one)
    context["minute"] = timezone.now()
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
    try:
        row = looking.begin(
            reference=reference, browser=browser.digest(request), number=number,
            kind=Viewing.Kind.PLAY, address=address(request),
            again=request.POST.get("again") == "1",
        )  # fmt: skip
    except ShareClosed:
        # A paper is asked for by a form: it gets a page. A player gets words.
        page = "text/html" in request.headers.get("Accept", "")
        said = "" if page else _why(request, reference, number)
        if not said:
            raise
        return JsonResponse({"detail": said}, status=409)
    if row.item is not None and row.item.paper:
        return redirect("share-media", reference, number, row.pk, looking.PAPER, 0)

    def url(letter: str, file: int) -> str:
        return reverse("share-media", args=[reference, number, row.pk, letter, file])

    segments = [
        {name: url(letter, file) if letter else "" for name, letter in letters.items()}
        for file, letters in enumerate(looking.letters_of(row.item))
    ]
    return JsonResponse({"segments": segments})


def _why(request: HttpRequest, reference: str, number: int | None = None) -> str:
    """Why nothing is to be had here, for a browser that had proved itself; empty for strangers."""
    share = proving.remembered(reference, browser.digest(request))
    if share is None:
        return ""
    if share.state() != "live":
        phone = f", {settings.HELP_PHONE}" if settings.HELP_PHONE else ""
        return f"This share has ended. Ask {share.owner.short}, {settings.FORCE_NAME}{phone}."
    if not _proved(request, share):
        return AGAIN
    found = standing.one(share, number) if number is not None else None
    if found is not None and not found.there:
        return found.outside
    if number is not None and not share.items.filter(number=number).exists():
        return ""  # it never was in it
    return f"No longer available. Ask {share.owner.short}, {settings.FORCE_NAME}."


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
    """Whether the share still stands, and one thing of it; a page asks every few seconds and
    stops what it plays where not. A page that asks by itself is no use of the share."""
    typed = request.GET.get("item", "0")
    number = int(typed) if typed.isdecimal() and len(typed) < 5 else 0
    try:
        found, _ = proving.opened(reference, browser.digest(request))
        one = standing.one(found, number) if number else None
        if number and (one is None or not one.there):
            raise ShareClosed
    except ShareClosed:
        said = _why(request, reference, number or None)
        if not said:
            raise
        return JsonResponse({"said": said}, status=404)
    return JsonResponse({"until": found.until.isoformat()})


@outside
@require_POST
def write(request: HttpRequest, reference: str, number: int | None = None) -> HttpResponse:
    """A message to whoever shared it, perhaps at a place in one thing."""
    if number is not None:  # it has to be there, whatever was typed
        looking.there(reference=reference, browser=browser.digest(request), number=number)
    typed, text = request.POST.get("at", "").strip()[:40], request.POST.get("text", "")
    part = request.headers.get("X-Part") == "markers"
    try:
        row = writing.write(
            reference=reference, browser=browser.digest(request), address=address(request),
            text=text, number=number or 0, at_ms=position(typed) if typed else None,
        )  # fmt: skip
    except (NotShared, NotMarked) as error:
        found, _ = proving.opened(reference, browser.digest(request))
        context = _house(found) | {
            "error": str(error),
            "number": number,
            "typed_at": typed,
            "typed_text": text,
            "field": getattr(error, "field", "at") or "text",
        }
        one = standing.one(found, number) if number else None
        if part and one is not None:
            context |= outside_page.page(found, one)
            return render(request, "sharing/_marks.html", context, status=422)
        return render(request, "sharing/not_written.html", context, status=422)
    if not number:
        return redirect(reverse("share", args=[reference]) + "#written")
    if part and row.item is not None:
        one = looking.there(reference=reference, browser=browser.digest(request), number=number)
        context = outside_page.page(row.share, one) | {"said": f"Sent to {row.share.owner.short}."}
        return render(request, "sharing/_marks.html", context)
    return redirect(reverse("share-item", args=[reference, number]) + "#markers")


@outside
@require_POST
def more(request: HttpRequest, reference: str) -> HttpResponse:
    """Asks for more time: also when the share has ended, in a browser that proved itself."""
    found = proving.remembered(reference, browser.digest(request))
    if found is None:
        raise ShareClosed
    writing.ask_more(
        share=found, browser=browser.digest(request), text=request.POST.get("text", ""),
        address=address(request),
    )  # fmt: skip
    return redirect("share-more-asked", reference)


@outside
@require_GET
def more_asked(request: HttpRequest, reference: str) -> HttpResponse:
    """That more time was asked for, and of whom."""
    found = proving.remembered(reference, browser.digest(request))
    if found is None:
        raise ShareClosed
    if found.more_asked_at is None:  # it was answered meanwhile
        return redirect("share", reference)
    context = _house(found) | {"live": found.state() == "live"}
    return render(request, "sharing/more.html", context)
