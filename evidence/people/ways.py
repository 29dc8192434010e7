"""The library's views of one's own sign-in, with what they lack: a fresh proof, and the event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from allauth.usersessions import views as sessions
from allauth.usersessions.models import UserSession
from django.contrib.auth.decorators import login_required
from django.db.transaction import atomic
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from evidence.people import actions, adapters
from evidence.people.fresh import proved_again
from evidence.people.requests import address, person

View = Callable[..., HttpResponse]


def changing(view: View) -> View:
    """A view that changes how somebody signs in: signed in, freshly proved, all or nothing."""
    return login_required(proved_again(atomic(view)))


def with_password(view: View) -> View:
    """For those who have a password; others look after theirs at the force's provider."""

    def guarded(request: HttpRequest, *args: Any, **more: Any) -> HttpResponse:
        if not person(request).has_usable_password():
            return redirect("account")
        return view(request, *args, **more)

    return login_required(guarded)


def remove_passkey(view: View) -> View:
    """Never the last factor, which would leave a password alone."""

    def guarded(request: HttpRequest, pk: int) -> HttpResponse:
        row = Authenticator.objects.filter(user=person(request), pk=pk).first()
        if row is not None and not adapters.MfaAdapter().can_delete_authenticator(row):
            return render(request, "mfa/webauthn/last.html", status=409)
        return view(request, pk=pk)

    return guarded


@login_required
def end_sessions(request: HttpRequest) -> HttpResponse:
    """One's sessions; by POST the others end, with the event."""
    if request.method != "POST":
        answer: HttpResponse = sessions.list_usersessions(request)
        return answer
    user = person(request)
    count = UserSession.objects.filter(user=user).count()
    with atomic():
        done: HttpResponse = sessions.list_usersessions(request)
        actions.ended_own_sessions(person=user, count=max(0, count - 1), address=address(request))
    return done


def listen() -> None:
    """What the library tells of codes and passkeys only by signals, as events."""
    signals.authentication_failed.connect(_failed, dispatch_uid="people.failed")
    signals.authenticator_used.connect(_used, dispatch_uid="people.used")


def _failed(request: HttpRequest, user: Any, **more: Any) -> None:
    adapters.refused(request, user.username, user)


def _used(request: HttpRequest, user: Any, authenticator: Any, reauthenticated: bool = False,
          **more: Any) -> None:  # fmt: skip
    if reauthenticated:
        actions.proved_again(person=user, method=str(authenticator.type), address=address(request))
