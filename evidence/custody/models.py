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
    """One line of the log. `body` is the truth; the other columns are for finding it.

    The table is partitioned by index (migration 0003). `id` and (`object_ref`, `seq`) are
    unique in each partition by the database, in the whole log by the sequencer and the signer.
    """

    index = models.BigIntegerField(primary_key=True)
    id = models.UUIDField()
    type = models.CharField(max_length=40)
    object_ref = models.CharField(max_length=80)
    seq = models.BigIntegerField()
    actor_ref = models.CharField(max_length=80)
    outcome = models.CharField(max_length=10)
    time = models.DateTimeField()
    body = models.BinaryField()
    leaf = models.BinaryField(max_length=32)

    class Meta:
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

    def signed(self) -> str:
        """The note with the cosignatures that witnesses have given since."""
        lines = Anchor.objects.filter(size=self.size, kind=Anchor.Kind.WITNESS).order_by("by")
        return self.note + "".join(bytes(row.body).decode() for row in lines)


class Anchor(AppendOnly):
    """Something outside this system that holds a checkpoint: a line, a token, an object.

    kind `witness`: `body` is the cosignature line; `timestamp`: the RFC 3161 token (DER);
    `bucket`: the checkpoint lies in the write-once bucket; `tiles`: the tree up to it does.
    """

    class Kind(models.TextChoices):
        WITNESS = "witness", "Cosigned by a witness"
        TIMESTAMP = "timestamp", "Time-stamped"
        BUCKET = "bucket", "In the write-once bucket"
        TILES = "tiles", "The tree is in the write-once bucket"

    size = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    by = models.CharField(max_length=200)
    body = models.BinaryField(default=bytes)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["size", "kind", "by"], name="custody_anchor_once")
        ]
        indexes = [models.Index(fields=["kind", "by", "-size"], name="custody_anchor_newest")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.size} ({self.by})"


class Alarm(AppendOnly):
    """The log was found broken, or somebody refused it. Kept until a person has dealt with it."""

    source = models.CharField(max_length=40)
    sentence = models.TextField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["-created"], name="custody_alarm_newest")]

    def __str__(self) -> str:
        return f"{self.source}: {self.sentence[:80]}"


class Audit(models.Model):
    """One walk over log and objects: its progress while it runs, its outcome after.

    Not evidence itself: the outcome is written as an event. `asked_for` is empty for the
    nightly audit and names an object where a person asked for one.
    """

    asked_for = models.CharField(max_length=80, blank=True)
    asked_by = models.CharField(max_length=80, blank=True)
    started = models.DateTimeField(auto_now_add=True)
    finished = models.DateTimeField(null=True, blank=True)
    total = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    events = models.BigIntegerField(default=0)
    objects_read = models.BigIntegerField(default=0)
    faults = models.JSONField(default=list)
    fault_count = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["asked_for", "-started"], name="custody_audit_newest")]

    @property
    def percent(self) -> int:
        """How far it is, 0 to 100."""
        if self.finished:
            return 100
        return min(99, 100 * self.done // self.total) if self.total else 0
