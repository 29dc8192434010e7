"""The custody pages of a recording in the admin: timeline, check, report, package."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from evidence.custody import history, keys, report, sequencer
from evidence.custody.models import Audit, Checkpoint, Event
from evidence.custody.record import Draft, record
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.people.office import staff
from evidence.people.requests import address
from evidence.recordings import audits, pages
from evidence.recordings.access import find
from evidence.recordings.models import Recording
from evidence.recordings.templatetags.evidence import clock, day

MOST_LINES = 1000


def urls(view: Any) -> list[Any]:
    """The pages, each wrapped by the admin's own sign-in."""
    base = "<path:object_id>/custody/"
    return [
        path(base, view(custody), name="recordings_recording_custody"),
        path(f"{base}report/", view(pdf), name="recordings_recording_report"),
        path(f"{base}verify/", view(verify_now), name="recordings_recording_verify"),
        path(f"{base}checks/<int:audit>/", view(check), name="recordings_recording_check"),
    ]


def _find(request: HttpRequest, object_id: str, permission: str = "hold.view") -> Recording:
    """The recording, for those whom the table lets see its whole history."""
    try:
        known = Recording.objects.get(pk=int(object_id))
        return find(staff(request), known.reference, permission)
    except (Recording.DoesNotExist, ValueError):
        raise Http404 from None


def _read(by: User, item: Recording, request: HttpRequest, kind: str, data: Any = None) -> None:
    private = {"name": by.short, "address": address(request)}
    with transaction.atomic():
        record(Draft(kind, item.subject(), by.actor(), data=data or {}, private=private))


@require_GET
def custody(request: HttpRequest, object_id: str) -> HttpResponse:
    """The whole history as a timeline, and what it is proved by. Reading it is an event."""
    item, by = _find(request, object_id), staff(request)
    newest = _newest_index(item)  # before this look, which is itself a line
    _read(by, item, request, "history.read")
    lines = pages.past(item, by, MOST_LINES)
    context = {
        **admin.site.each_context(request),
        "title": f"Custody history of {item.reference}",
        "recording": item,
        "days": history.days(lines),
        "truncated": len(lines) >= MOST_LINES,
        "proof": history.proof_state(newest),
        "originals": [(row, pages.proof_of(row)) for row in item.originals.all()],
        "last": Audit.objects.filter(asked_for=item.reference).order_by("-started").first(),
        "packages": item.packages.order_by("-created")[:5],
    }
    return render(request, "admin/custody.html", context)


def _newest_index(item: Recording) -> int | None:
    newest = Event.objects.filter(object_ref=item.reference).order_by("-seq").first()
    return newest.index if newest else None


@require_POST
def verify_now(request: HttpRequest, object_id: str) -> HttpResponse:
    """Have the history and the files checked again; a page shows how far it is."""
    item = _find(request, object_id)
    try:
        row = audits.ask(by=staff(request), recording=item)
    except NotAllowed as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("admin:recordings_recording_custody", args=[item.pk]))
    target = reverse("admin:recordings_recording_check", args=[item.pk, row.pk])
    return HttpResponseRedirect(target)


@require_GET
def check(request: HttpRequest, object_id: str, audit: int) -> HttpResponse:
    """How far a check is; its outcome when it is done. Loads itself again while it runs."""
    item = _find(request, object_id)
    row = Audit.objects.filter(pk=audit, asked_for=item.reference).first()
    if row is None:
        raise Http404
    context = {
        **admin.site.each_context(request),
        "title": f"Check of {item.reference}",
        "recording": item,
        "audit": row,
    }
    answer = render(request, "admin/check.html", context)
    if row.finished is None:
        answer["Refresh"] = "2"
    return answer


@require_GET
def pdf(request: HttpRequest, object_id: str) -> HttpResponse:
    """The custody report; making one is an event."""
    item, by = _find(request, object_id), staff(request)
    size = Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0
    _read(by, item, request, "history.reported", {"size": size})
    sequencer.run(wait=False)
    proof = history.proof_state(_newest_index(item))
    if not proof.checkpoint:
        proof = history.proof_state(max(0, size - 1))
    signed = Checkpoint.objects.filter(size=proof.checkpoint).first()
    made = report.Report(
        force=settings.FORCE_NAME,
        reference=item.reference,
        about=(
            f"Recorded {day(item.happened_at)} {clock(item.happened_at)}, camera {item.camera}, "
            f"{item.officer.short if item.officer else 'officer not known'}."
        ),
        made_by=by.short,
        made_at=timezone.now(),
        files=[
            report.FileFact(row.file_name, row.size, row.sha256, pages.proof_of(row).words)
            for row in item.originals.all()
        ],
        days=history.days(pages.past(item, by, MOST_LINES)),
        proof=proof,
        origin=settings.CUSTODY_ORIGIN,
        root=bytes(signed.root).hex() if signed else "",
        keys=[f"{key.name}+{key.id.hex()}" for key in keys.log_verifiers()],
    )
    answer = HttpResponse(report.render(made), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="custody-{item.reference}.pdf"'
    return answer
