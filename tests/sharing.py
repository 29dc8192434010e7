"""Shares for tests: made by the action, with the link's secret that nobody else is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from evidence.exhibits.models import Exhibit
from evidence.people.models import User
from evidence.recordings.models import Recording
from evidence.sharing import making
from evidence.sharing.making import Made, Thing, Wish
from evidence.sharing.models import Basis, Domain


def wish(*things: Recording | Exhibit | Thing, **more: Any) -> Wish:
    """What is shared with J Marlow of the CPS for a day, unless said otherwise."""
    Domain.objects.get_or_create(name="cps.example", defaults={"organisation": "CPS"})
    named = [
        one if isinstance(one, Thing)
        else Thing(exhibit=one) if isinstance(one, Exhibit) else Thing(recording=one)
        for one in things
    ]  # fmt: skip
    plain = Wish(
        recipient="J Marlow", organisation="CPS", email="j.marlow@cps.example",
        purpose="Charging", until=timezone.now() + timedelta(days=1), things=named,
        basis=Basis.objects.get(code="charging"),
    )  # fmt: skip
    return replace(plain, **more)


def make(by: User, *things: Recording | Exhibit | Thing, **more: Any) -> Made:
    """A share by its action."""
    return making.make(by=by, wish=wish(*things, **more))
