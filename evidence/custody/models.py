"""Rows of the custody log.

Events, nodes and checkpoints are only ever inserted: the models refuse anything else,
and so does the database (triggers and grants, migration 0002). `Pending` is the short
queue between an action's transaction and the sequencer; `Private` holds the personal
details, whose erasure leaves every proof standing.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from django.db import models


class AppendOnly(models.Model):
    """A row that is written once."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert. Raises TypeError for a row that exists already."""
        if not self._state.adding:
            raise TypeError("the custody log is only ever added to")
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused."""
        raise TypeError("the custody log is only ever added to")


class Event(AppendOnly):
    """One line of the log. `body` is the truth; the other columns are for finding it."""

    index = models.BigIntegerField(primary_key=True)
    id = models.UUIDField(unique=True)
    type = models.CharField(max_length=40)
    object_ref = models.CharField(max_length=80)
    seq = models.BigIntegerField()
    actor_ref = models.CharField(max_length=80)
    outcome = models.CharField(max_length=10)
    time = models.DateTimeField()
    body = models.BinaryField()
    leaf = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["object_ref", "seq"], name="custody_event_object_seq")
        ]
        indexes = [models.Index(fields=["actor_ref", "-index"], name="custody_event_actor")]
        verbose_name = "custody event"

    def __str__(self) -> str:
        return f"{self.index} {self.type} {self.object_ref}"

    def parsed(self) -> dict[str, Any]:
        """The body as an object."""
        return dict(json.loads(bytes(self.body)))


class Node(AppendOnly):
    """The hash of a complete subtree of the Merkle tree."""

    pk = models.CompositePrimaryKey("level", "position")
    level = models.SmallIntegerField()
    position = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)


class Pending(AppendOnly):
    """An event that its action has written and the sequencer has not yet numbered."""

    position = models.BigAutoField(primary_key=True)
    id = models.UUIDField(unique=True)
    body = models.BinaryField()


class Private(models.Model):
    """Personal details of an event, with the salt of their commitment."""

    event_id = models.UUIDField(primary_key=True)
    salt = models.BinaryField(max_length=32)
    details = models.BinaryField()

    def parsed(self) -> dict[str, Any]:
        """The details as an object."""
        return dict(json.loads(bytes(self.details)))


class Checkpoint(AppendOnly):
    """A signed size and root."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"checkpoint of {self.size}"
