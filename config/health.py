"""What machines ask of a running system, and the pages for what is not there."""

from __future__ import annotations

import secrets
from typing import Any

import structlog
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from redis import Redis

from evidence.custody import sequencer, status
from evidence.custody.models import Checkpoint
from evidence.fixity import figures
from evidence.people.requests import address
from evidence.retention import reporting
from evidence.store import s3
from ingest.accounting import runs
from ingest.accounting.models import Finding

log = structlog.get_logger(__name__)


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _store() -> None:
    s3.client().head_bucket(Bucket=s3.bucket("originals"))


def _broker() -> None:
    if settings.CELERY_BROKER_URL.startswith("redis"):
        with Redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=3) as client:
            client.ping()


def readyz(request: HttpRequest) -> JsonResponse:
    """Whether everything that a request may need answers; 503 names what does not."""
    parts: dict[str, str] = {}
    for name, check in (("database", _database), ("store", _store), ("broker", _broker)):
        try:
            check()
            parts[name] = "ok"
        except Exception as error:
            log.warning("not ready", part=name, error=str(error))
            parts[name] = "does not answer"
    ready = set(parts.values()) == {"ok"}
    return JsonResponse({"ready": ready, **parts}, status=200 if ready else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus metrics, for this machine or those whose address the operator allows."""
    if address(request) not in settings.METRICS_ADDRESSES:
        return not_found(request)
    return HttpResponse(generate_latest() + _custody(), content_type=CONTENT_TYPE_LATEST)


def _custody() -> bytes:
    """The custody log's own gauges, asked of the database each time."""
    registry = CollectorRegistry()

    def gauge(name: str, words: str, value: float) -> None:
        Gauge(f"bwv_{name}", words, registry=registry).set(value)

    last = Checkpoint.objects.order_by("-size").first()
    audit = status.last_audit()
    oldest = figures.oldest()
    gauge("custody_size", "Events in the custody log", sequencer.tree_size())
    gauge("custody_backlog", "Events that wait for a number", status.backlog())
    gauge("custody_room", "Events for which partitions are there", status.room())
    gauge("custody_checkpoint_age_seconds", "Since the last checkpoint; -1: never",
          status.seconds_since(last.created if last else None))  # fmt: skip
    gauge("custody_alarm", "1 while something about the log is wrong",
          float(bool(status.open_alarm())))  # fmt: skip
    gauge("custody_audit_age_seconds", "Since the last whole audit; -1: never",
          status.seconds_since(audit.finished if audit else None))  # fmt: skip
    gauge("custody_audit_faults", "Faults of the last whole audit",
          audit.fault_count if audit else 0)  # fmt: skip
    gauge("oldest_unchecked_object_seconds", "Age of the longest unread object; -1: none",
          status.seconds_since(oldest.checked_at if oldest else None))  # fmt: skip
    gauge("disposal_due", "Recordings that nothing keeps, waiting for people; counted to 10,001",
          reporting.due_count())  # fmt: skip
    gauge("disposal_held_up", "Recordings that the store does not let go of",
          reporting.held_up())  # fmt: skip
    _accounting(registry)
    gauge("damaged_objects", "Objects known to be damaged, up to 1,000", figures.damaged())
    gauge("replica_behind_bytes", "Bytes that the replica lacks; -1: there is none",
          figures.behind())  # fmt: skip
    return generate_latest(registry)


def _accounting(registry: CollectorRegistry) -> None:
    """What the last whole count found, and how long ago it was."""
    last = runs.last_done()
    faults = Gauge("bwv_accounting_faults", "Faults of the last whole count", ["kind"],
                   registry=registry)  # fmt: skip
    for kind in Finding.FAULTS:
        faults.labels(kind.value).set(last.kinds.get(kind.value, 0) if last else 0)
    age = Gauge("bwv_accounting_age_seconds", "Since the last whole count; -1: never",
                registry=registry)  # fmt: skip
    age.set(status.seconds_since(last.finished if last else None))


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """One page for what is not there and what may not be seen: the same bytes."""
    return render(request, "404.html", status=404)


def our_fault(request: HttpRequest) -> HttpResponse:
    """Something failed here; the reference stands in the log."""
    reference = "E-" + secrets.token_hex(3).upper()
    log.error("request failed", reference=reference, path=request.path)
    return render(request, "500.html", {"reference": reference}, status=500)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from a page of ours, or whose page was too old."""
    log.warning("form refused", reason=reason, path=request.path)
    return render(request, "403.html", status=403)
