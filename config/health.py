"""What machines ask of a running system, and the pages for what is not there."""

from __future__ import annotations

import secrets
from typing import Any

import structlog
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis import Redis

from evidence.store import s3

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
    if request.META.get("REMOTE_ADDR") not in settings.METRICS_ADDRESSES:
        return not_found(request)
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


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
