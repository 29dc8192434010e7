"""A share's receipt as a file: for the force, and for the person outside."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from evidence.people.requests import address, person
from evidence.recordings.refusals import refuse
from evidence.sharing import browser, receipt
from evidence.sharing.models import Share
from evidence.sharing.receipt import Made, NoReceipt
from evidence.sharing.views import outside


def _file(made: Made) -> HttpResponse:
    answer = HttpResponse(made.body, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{made.name}"'
    return answer


@never_cache
@login_required
@require_GET
def of_force(request: HttpRequest, reference: str) -> HttpResponse:
    """The receipt of a share, for those who may see the share and all that is in it."""
    try:
        made = receipt.make(by=person(request), reference=reference, address=address(request))
    except Share.DoesNotExist:
        refuse(request, reference)
    except NoReceipt as error:
        context = {"words": str(error), "reference": reference}
        return render(request, "sharing/no_receipt.html", context, status=422)
    return _file(made)


@outside
@require_GET
def of_person(request: HttpRequest, reference: str) -> HttpResponse:
    """The receipt of what is there for the person outside."""
    return _file(
        receipt.make_outside(
            reference=reference, browser=browser.digest(request), address=address(request)
        )
    )
