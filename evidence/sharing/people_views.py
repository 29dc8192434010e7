"""The address book: people outside, kept by those who share."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from evidence.sharing import contacts
from evidence.sharing.make_form import MOST_BOOK
from evidence.sharing.models import Contact
from evidence.sharing.staff_views import those_who
from evidence.sharing.wishes import NotShared

LONGEST = {"name": 120, "organisation": 120, "email": 254, "phone": 40}


@login_required
@require_http_methods(["GET", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """Everybody, by name. By POST: those whose name or organisation holds what was typed."""
    those_who(request, "share.make")
    typed = " ".join(request.POST.get("q", "").replace("\0", "").split())[:100]
    rows = Contact.objects.filter(removed_at=None)
    if typed:
        rows = rows.filter(name__icontains=typed) | rows.filter(organisation__icontains=typed)
    found = list(rows[: MOST_BOOK + 1])
    context = {"rows": found[:MOST_BOOK], "more": len(found) > MOST_BOOK, "typed": typed}
    return render(request, "sharing/staff/people.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def contact(request: HttpRequest, contact: int = 0) -> HttpResponse:
    """One of them, new or to be changed or taken out."""
    user = those_who(request, "share.make")
    found = Contact.objects.filter(removed_at=None, pk=contact).first() if contact else None
    if contact and found is None:
        raise Http404
    typed = {name: str(getattr(found, name, "")) for name in LONGEST}
    errors: dict[str, str] = {}
    if request.method == "POST":
        typed = {
            name: request.POST.get(name, "").replace("\0", "")[:most]
            for name, most in LONGEST.items()
        }
        if request.POST.get("do") == "remove" and found is not None:
            contacts.remove_contact(by=user, contact=found)
            messages.success(request, f"{found.name} is not in the address book any more.")
            return redirect("share-people")
        try:
            kept = contacts.keep_contact(
                by=user, name=typed["name"], organisation=typed["organisation"],
                email=typed["email"].strip(), phone=typed["phone"], contact=found,
            )  # fmt: skip
            messages.success(request, f"{kept.name} is in the address book.")
            return redirect("share-people")
        except NotShared as error:
            errors[error.field] = str(error)
    context = {
        "contact": found, "typed": typed, "errors": errors,
        "error_list": list(errors.items()),
    }  # fmt: skip
    return render(request, "sharing/staff/contact.html", context, status=422 if errors else 200)
