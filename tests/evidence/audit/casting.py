"""Looks at any time, by anybody: what tests of the auditor's room write into the log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from unittest.mock import patch

from django.db import transaction

from evidence.custody import record as writing
from evidence.custody import sequencer
from evidence.custody.log.clock import stamp
from evidence.custody.record import Actor, Draft, Subject, record
from evidence.custody.vocabulary import types
from evidence.people.models import User


@contextmanager
def clock(at: datetime) -> Iterator[None]:
    """The writer's and the sequencer's clock, stopped."""

    class Stopped(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return at

    with patch.object(writing, "datetime", Stopped), patch.object(
        sequencer, "_clock", lambda: stamp(at)
    ):  # fmt: skip
        yield


def look(
    by: User | Actor,
    *refs: str,
    at: datetime,
    kind: str = "evidence.viewed",
    outcome: Any = "ok",
    **private: str,
) -> None:
    """Looks at these, in one transaction, numbered."""
    actor = by.actor() if isinstance(by, User) else by
    details = {"name": actor.name, "address": "10.1.2.3"} | private
    details = {name: value for name, value in details.items() if name in types()[kind].private}
    with clock(at):
        with transaction.atomic():
            for ref in refs:
                record(Draft(kind, Subject(ref), actor, private=details, outcome=outcome))
        sequencer.run()


def refuse(user: User, at: datetime) -> None:
    """A wrong password at sign-in."""
    actor = Actor("service", "svc-sign-in")
    with clock(at):
        with transaction.atomic():
            private = {"name": "what was typed", "address": "10.9.9.9"}
            record(Draft("person.refused", Subject(user.ref), actor, {}, private, "denied"))
        sequencer.run()
