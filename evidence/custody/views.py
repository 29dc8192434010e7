"""What the log tells everybody: whom to trust, and its newest checkpoint. No personal data."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from evidence.custody import keys
from evidence.custody.models import Checkpoint

TEXT = "text/plain; charset=utf-8"


@require_GET
def policy(request: HttpRequest) -> HttpResponse:
    """The trust file (C2SP tlog-policy), for recipients and auditors."""
    return HttpResponse(keys.policy(), content_type=TEXT)


@require_GET
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed checkpoint: whoever keeps a copy can later show that nothing was
    taken back (C2SP tlog-tiles, `<prefix>/checkpoint`)."""
    newest = Checkpoint.objects.order_by("-size").first()
    if newest is None:
        raise Http404
    return HttpResponse(newest.signed(), content_type=TEXT)
