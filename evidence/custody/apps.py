"""The custody log as a Django app."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

AHEAD = 2


class CustodyConfig(AppConfig):
    """Rows of the custody log, their one writer and the checkpoints."""

    name = "evidence.custody"
    label = "custody"
    verbose_name = "Custody log"

    def ready(self) -> None:
        """Register the checks; make room for events after each migration."""
        from evidence.custody import checks  # noqa: F401

        post_migrate.connect(make_partitions, sender=self)


def make_partitions(*, using: str = "default", **kwargs: Any) -> None:
    """Partitions ahead of the newest event; runs as the owner, who alone may make tables."""
    from django.db import connections

    with connections[using].cursor() as cursor:
        cursor.execute("SELECT to_regproc('custody_add_partition') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return
        cursor.execute("SELECT coalesce(max(index), 0) >> 25 FROM custody_event")
        newest = cursor.fetchone()[0]
        for number in range(newest, newest + AHEAD + 1):
            cursor.execute("SELECT custody_add_partition(%s)", [number])
