"""The state of the log at a glance: for the console, the dashboard and metrics."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import urllib3
from django.conf import settings
from django.db import connection
from django.utils import timezone

from evidence.custody import checkpoints, sequencer
from evidence.custody.log.clock import stamp
from evidence.custody.log.keys import VerifierKey
from evidence.custody.models import Alarm, Anchor, Audit, Checkpoint, Pending
from evidence.store import s3


def _age(moment: datetime | None) -> str:
    return stamp(moment) if moment else ""


def backlog() -> int:
    """Events that wait for a number; counted up to ten thousand."""
    return Pending.objects.values("pk")[:10_001].count()


def room() -> int:
    """How many events the partitions that exist can still take."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_inherits WHERE inhparent = 'custody_event'::regclass"
        )
        partitions = int(cursor.fetchone()[0])
    return (partitions << 25) - sequencer.tree_size()


def last_audit() -> Audit | None:
    """The newest nightly audit that has ended."""
    done = Audit.objects.filter(asked_for="").exclude(finished=None)
    return done.order_by("-started").first()


def status() -> dict[str, Any]:
    """Everything an operator asks first."""
    last = Checkpoint.objects.order_by("-size").first()
    audit = last_audit()
    return {
        "origin": settings.CUSTODY_ORIGIN,
        "size": sequencer.tree_size(),
        "root": bytes(last.root).hex() if last else "",
        "checkpoint": last.size if last else 0,
        "checkpoint_time": _age(last.created if last else None),
        "unsigned": checkpoints.due(),
        "backlog": backlog(),
        "room": room(),
        "signer": _signer(),
        "witnesses": [_witness(vkey) for vkey, _ in settings.WITNESSES],
        "anchors": [
            f"{row['kind']} {row['size']}"
            for row in Anchor.objects.exclude(kind=Anchor.Kind.WITNESS)
            .order_by("kind", "-size").distinct("kind").values("kind", "size")
        ],
        "last_audit": _age(audit.finished) if audit else "",
        "last_audit_faults": audit.fault_count if audit else 0,
        "alarms": [
            f"{stamp(row.created)} {row.source}: {row.sentence}"
            for row in Alarm.objects.order_by("-created")[:5]
        ],
    }  # fmt: skip


def _witness(vkey: str) -> str:
    name = VerifierKey.parse(vkey).name
    last = Anchor.objects.filter(kind=Anchor.Kind.WITNESS, by=name).order_by("-size").first()
    return f"{name} {last.size if last else 'nothing yet'}"


def _signer() -> str:
    if not settings.SIGNER_URL:
        return "in this process (for tests and small trials only)"
    try:
        answer = urllib3.request(
            "GET", f"{settings.SIGNER_URL}/state", retries=False, timeout=3,
            headers={"Authorization": f"Bearer {settings.SIGNER_TOKEN}"},
        )  # fmt: skip
        known = json.loads(answer.data)
        return f"has signed {known['size']} events"
    except (urllib3.exceptions.HTTPError, ValueError, KeyError) as error:
        return f"does not answer ({type(error).__name__})"


def seconds_since(moment: datetime | None) -> float:
    """For metrics: -1 where it never happened."""
    return (timezone.now() - moment).total_seconds() if moment else -1.0


def open_alarm() -> str:
    """The newest alarm that nothing since has settled; empty when all is well."""
    for alarm in Alarm.objects.order_by("-created")[:100]:
        if not _settled(alarm):
            return alarm.sentence
    return ""


# Rooms that raise alarms of their own say here, by their source, whether they are content again.
settlers: dict[str, Callable[[Alarm], bool]] = {}


def _settled(alarm: Alarm) -> bool:
    """Whether who raised it has been content since: by a row that stands for a proof."""
    if alarm.source in settlers:
        return settlers[alarm.source](alarm)
    if alarm.source in ("signer", "application"):
        return Checkpoint.objects.filter(created__gt=alarm.created).exists()
    if alarm.source in Anchor.Kind.values:
        anchors = Anchor.objects.filter(kind=alarm.source, created__gt=alarm.created)
        return all(anchors.filter(by=by).exists() for by in _holders(alarm.source))
    asked_for = alarm.source.removeprefix("check ") if alarm.source != "audit" else ""
    newer = Audit.objects.filter(asked_for=asked_for, finished__gt=alarm.created)
    return newer.filter(fault_count=0, started__gt=alarm.created).exists()


def _holders(kind: str) -> list[str]:
    if kind == Anchor.Kind.WITNESS:
        return [VerifierKey.parse(vkey).name for vkey, _ in settings.WITNESSES]
    return [settings.TSA_URL] if kind == Anchor.Kind.TIMESTAMP else [s3.bucket("custody")]
