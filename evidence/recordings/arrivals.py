"""What is on its way to somebody: footage in docks that is not a recording yet.

This package may not ask the docks' side. The docks' side registers a provider here when the
system starts, and pages ask `of`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from evidence.people.models import User
from evidence.people.requests import person


@dataclass(frozen=True)
class Arrival:
    """One camera's files on their way from one dock."""

    dock: str
    camera: str
    files: int
    done: int
    total: int
    minutes: str  # "about 6 min"; empty where no speed was measured
    words: str

    @property
    def percent(self) -> int:
        """What has been sent; 100 only when everything has."""
        return min(100, 100 * self.done // self.total) if self.total else 0


Provider = Callable[[User], list[Arrival]]
_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """Add a provider; the same one again changes nothing."""
    if provider not in _providers:
        _providers.append(provider)


def of(user: User) -> list[Arrival]:
    """What is on its way to this person: of cameras that were issued to them, and no other."""
    return [arrival for provider in _providers for arrival in provider(user)]


@dataclass(frozen=True)
class Expected:
    """What may still come of some officers and some time: files that a dock has listed and that
    are not sealed yet, and cameras that have not been in a dock since."""

    files: int = 0
    cameras: tuple[str, ...] = ()


Foreseer = Callable[[Collection[User], datetime, datetime], Expected]
_foreseers: list[Foreseer] = []


def register_expected(foreseer: Foreseer) -> None:
    """Add who knows what may still come; the same one again changes nothing."""
    if foreseer not in _foreseers:
        _foreseers.append(foreseer)


def expected(officers: Collection[User], start: datetime, end: datetime) -> Expected:
    """What may still come of these officers from this time. Constant queries."""
    found = [foreseer(officers, start, end) for foreseer in _foreseers]
    cameras = sorted({camera for one in found for camera in one.cameras})
    return Expected(sum(one.files for one in found), tuple(cameras))


@never_cache
@login_required
@require_GET
def on_its_way(request: HttpRequest) -> HttpResponse:
    """The line on top of one's footage, asked for every five seconds."""
    user = person(request)
    if not user.may("recording.view"):
        raise Http404
    return render(request, "recordings/_arrivals.html", {"arrivals": of(user)})
