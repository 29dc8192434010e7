"""What is done with one share, each on a page that says what follows from it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from evidence.cases.models import Case
from evidence.exhibits.models import Exhibit
from evidence.people import fresh
from evidence.people.requests import person
from evidence.recordings.models import Recording
from evidence.recordings.refusals import refuse
from evidence.sharing import changing, lists, make_views, staff_page, wishes, writing
from evidence.sharing.make_form import a_day
from evidence.sharing.models import Item, Share
from evidence.sharing.staff_views import or_404
from evidence.sharing.wishes import AlreadyMade, NotShared

BOTH = ["GET", "POST"]
NOT_THERE = (Share.DoesNotExist, Item.DoesNotExist, Case.DoesNotExist)
MISSING = (
    "Something of this share is not there for you any more: it was restricted or taken off the "
    "case. Narrow the share first."
)


def _typed(request: HttpRequest, name: str = "reason", most: int = 300) -> str:
    return request.POST.get(name, "").replace("\0", "")[:most]


def _act(
    request: HttpRequest, share: Share, act: Callable[[], Any], words: dict[str, Any]
) -> HttpResponse:
    """Ask, with the consequence; by POST do it, and go back to the share."""
    error, field = "", "reason"
    if request.method == "POST":
        try:
            act()
            messages.success(request, words["done"])
            return redirect(share)
        except NOT_THERE:
            refuse(request, share.reference)
        except NotShared as refused:
            error, field = str(refused), refused.field
    context = words | {
        "share": share, "error": error, "field": field, "reason": _typed(request),
        "until": request.POST.get("until", words.get("until", "")).replace("\0", "")[:20],
    }  # fmt: skip
    return render(request, "sharing/staff/act.html", context, status=422 if error else 200)


@login_required
@require_http_methods(BOTH)
def extend(request: HttpRequest, reference: str) -> HttpResponse:
    """One click: as long as a new share is offered. By the form: until another day."""
    share = or_404(request, reference, "share.make")
    if request.POST.get("offered"):
        try:
            row = changing.extend(by=person(request), share=share)
            messages.success(request, f"Open until {wishes.when(row.until)}. They were told.")
        except NOT_THERE:
            refuse(request, reference)
        except NotShared as refused:
            messages.error(request, str(refused))
        return redirect(share)

    def act() -> None:
        until = wishes.end_of(a_day(_typed(request, "until", 20), "the end", "until"))
        changing.extend(by=person(request), share=share, until=until, reason=_typed(request))

    offered = max(wishes.offered_until(share.case), share.until)
    words = {
        "title": "Extend", "verb": "Extend", "done": "Open for longer. They were told.",
        "consequence": f"It ends {wishes.when(share.until)} now. {share.recipient} gets a mail "
        "that it stays open, and goes on under the same link.",
        "dated": True, "optional": True, "until": timezone.localdate(offered).isoformat(),
    }  # fmt: skip
    return _act(request, share, act, words)


@login_required
@require_http_methods(BOTH)
def narrow(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """Take one thing out."""
    share = or_404(request, reference, "share.revoke")
    rows = Item.objects.filter(share=share, removed_at=None, number=number)
    item = rows.select_related("recording", "exhibit").first()
    if item is None:
        refuse(request, f"{reference} {number}")
    seen = lists.known(item, lists.seen_by(person(request), [item]))
    name = changing.named(item) if seen else "what you can't see"
    words = {
        "title": f"Take {name} out of", "verb": "Narrow", "danger": True,
        "done": f"{name[:1].upper()}{name[1:]} is not shared here any more.",
        "consequence": f"{share.recipient} does not see it any more; what is being played or "
        "downloaded of it stops within seconds. What was downloaded whole can't be called back.",
    }  # fmt: skip
    return _act(
        request, share,
        lambda: changing.narrow(
            by=person(request), share=share, number=number, reason=_typed(request)
        ), words,
    )  # fmt: skip


@login_required
@require_http_methods(BOTH)
def revoke(request: HttpRequest, reference: str) -> HttpResponse:
    """End it now, after a fresh proof."""
    share = or_404(request, reference, "share.revoke")
    fresh.require(request)
    words = {
        "title": "Revoke", "verb": "Revoke", "danger": True,
        "done": "Revoked. The link opens nothing any more.",
        "consequence": f"The link opens nothing any more, and what {share.recipient} is playing or "
        "downloading stops within seconds. What was downloaded whole can't be called back. It "
        "can't be undone: make the share again instead.",
    }  # fmt: skip
    return _act(
        request, share,
        lambda: changing.revoke(by=person(request), share=share, reason=_typed(request)), words,
    )  # fmt: skip


@login_required
@require_http_methods(BOTH)
def take_over(request: HttpRequest, reference: str) -> HttpResponse:
    """Answer for it from now on."""
    share = or_404(request, reference, "share.make")
    words = {
        "title": "Take over", "verb": "Take over", "done": "You answer for this share now.",
        "consequence": f"{share.owner.short} answers for it now. Afterwards you do: messages and "
        "warnings go to you, and your name stands where it says whom to ask.",
    }  # fmt: skip
    return _act(
        request, share,
        lambda: changing.take_over(by=person(request), share=share, reason=_typed(request)), words,
    )  # fmt: skip


@login_required
@require_http_methods(BOTH)
def decide(request: HttpRequest, reference: str) -> HttpResponse:
    """A second person approves or refuses, after a fresh proof."""
    share = or_404(request, reference, "share.approve")
    fresh.require(request)
    yes = request.POST.get("decision") == "yes"
    error, field = "", "reason"
    if request.method == "POST":
        try:
            if request.POST.get("decision") not in ("yes", "no"):
                raise NotShared("Select whether it may go out", "decision")
            changing.approve(by=person(request), share=share, yes=yes, reason=_typed(request))
            if yes:
                make_views.say(request, share)
            else:
                messages.success(request, "Refused. Its maker was told, with your reason.")
            return redirect(share)
        except NOT_THERE:
            refuse(request, reference)
        except NotShared as refused:
            error, field = str(refused), refused.field
    own = person(request).pk in (share.made_by_id, share.owner_id)
    context = {
        "share": share, "error": error, "field": field, "reason": _typed(request), "own": own,
        "decision": request.POST.get("decision", ""), "waits": share.state() == "waiting",
    }  # fmt: skip
    return render(request, "sharing/staff/decide.html", context, status=422 if error else 200)


@never_cache
@login_required
@require_POST
def send(request: HttpRequest, reference: str) -> HttpResponse:
    """A new link, and a new passphrase where there is one, after a fresh proof."""
    share = or_404(request, reference, "share.make")
    fresh.require(request)
    try:
        made = changing.send_again(by=person(request), share=share)
    except NOT_THERE:
        refuse(request, reference)
    except NotShared as refused:
        messages.error(request, str(refused))
        return redirect(share)
    if made.passphrase:
        return make_views.passphrase(request, made)
    make_views.say(request, made.share)
    return redirect(share)


@never_cache
@login_required
@require_http_methods(BOTH)
def again(request: HttpRequest, reference: str) -> HttpResponse:
    """The same things for the same person, as if it were asked for the first time."""
    share = or_404(request, reference, "share.make")
    fresh.require(request)
    offered = wishes.offered_until(share.case)
    typed = request.POST.get("until", timezone.localdate(offered).isoformat())
    error, field = "", "until"
    if request.method == "POST":
        try:
            until = wishes.end_of(a_day(typed.replace("\0", "")[:20], "the end", "until"))
            made = changing.make_again(
                by=person(request), share=share, until=until, asked=_token(request)
            )
            if made.passphrase:
                return make_views.passphrase(request, made)
            make_views.say(request, made.share)
            return redirect(made.share)
        except NOT_THERE:
            refuse(request, reference)
        except AlreadyMade as same:
            return redirect(same.share)
        except (Recording.DoesNotExist, Exhibit.DoesNotExist):
            error, field = MISSING, ""
        except NotShared as refused:
            error, field = str(refused), refused.field if refused.field == "until" else ""
    context = {
        "share": share, "error": error, "field": field, "until": typed.replace("\0", "")[:20],
        "token": uuid.uuid4(), "stands": share.revoked_at is None,
    }  # fmt: skip
    return render(request, "sharing/staff/again.html", context, status=422 if error else 200)


def _token(request: HttpRequest) -> uuid.UUID:
    try:
        return uuid.UUID(request.POST.get("token", ""))
    except ValueError:
        return uuid.uuid4()


@login_required
@require_POST
def answer(request: HttpRequest, reference: str) -> HttpResponse:
    """A line to the person outside."""
    share = or_404(request, reference, "share.make")
    try:
        if not staff_page.acts(person(request), share)["answer"]:
            raise NotShared("They have no link: this share is not approved.")
        writing.answer(by=person(request), share=share, text=request.POST.get("text", ""))
        messages.success(request, f"Sent to {share.recipient}.")
    except NOT_THERE:
        raise Http404 from None
    except NotShared as refused:
        text = request.POST.get("text", "").replace("\0", "")[:10_000]
        context = {"share": share, "error": str(refused), "text": text}
        return render(request, "sharing/staff/answer.html", context, status=422)
    return redirect(f"{reverse('share-made', args=[share.reference])}#talk")
