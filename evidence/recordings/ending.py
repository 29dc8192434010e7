"""What is said of footage that somebody could see once: that it is not shown any more, and why.

For whoever saw it by what they are (who recorded it, a supervisor, a case's team) one page, the
same whether something still keeps the footage or it is gone. For those who may see everything,
what is left of what was disposed of: the room that has it registers a teller here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from evidence.people.models import User
from evidence.people.requests import person
from evidence.people.table import Scope
from evidence.recordings import rules
from evidence.recordings.access import find, once_found
from evidence.recordings.keeping import day
from evidence.recordings.models import Recording
from evidence.recordings.refusals import refuse, write

GONE = 410
Teller = Callable[[HttpRequest, Recording], HttpResponse]
_tellers: list[Teller] = []


def register_teller(teller: Teller) -> None:
    """Add who shows what is left of footage that was disposed of. Again: nothing changes."""
    if teller not in _tellers:
        _tellers.append(teller)


def or_ended(request: HttpRequest, reference: str) -> Recording | HttpResponse:
    """The recording, if it is there for whoever asks; else what they may know of its end.

    Raises Http404 for a stranger, after the same queries as for what never was.
    """
    user = person(request)
    try:
        return find(user, reference)
    except Recording.DoesNotExist:
        was = once_found(user, reference)
    if was is None:
        refuse(request, reference)
    if was.disposed_at is not None and may_know_that_it_went(user, was):
        for teller in _tellers:
            return teller(request, was)
    write(request, reference)
    context = {"reference": was.reference, "ended": ended(was)}
    return render(request, "recordings/ended.html", context, status=GONE)


def may_know_that_it_went(user: User, recording: Recording) -> bool:
    """Whether somebody may know what became of footage after its end. Not of their own: who learns
    that some of it was disposed of, learns of the rest that something keeps it."""
    return user.scope("recording.view") is Scope.ALL and recording.officer_id != user.pk


def ended(recording: Recording) -> str:
    """Its 31 days ended on 23 Dec 2026. By its category and the clock alone: the same for what is
    held and for what is gone."""
    last = recording.kept_until
    if last is None:
        return "Its time has ended."
    on = day(timezone.localtime(last).date())
    if last > timezone.now():
        return "Its time has ended."
    try:
        ends = rules.book().ends(recording)
    except LookupError:
        return f"Its time ended on {on}."
    days = (timezone.localtime(last).date() - timezone.localtime(recording.happened_at).date()).days
    if ends.rule.days == days:
        return f"Its {days} days ended on {on}."
    sealed = timezone.localtime(recording.created).date()
    if timezone.localtime(last).date() - sealed == timedelta(days=settings.ARRIVAL_DAYS):
        return f"The {settings.ARRIVAL_DAYS} days after it was docked ended on {on}."
    return f"Its time ended on {on}."
