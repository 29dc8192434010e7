"""Shares in the admin: a list that leads to their pages, and the lists that decide with whom, and
on what basis, may be shared."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html

from evidence.custody.record import Subject
from evidence.people.office import ChangingAdmin, OfficeAdmin, keep, staff
from evidence.recordings.templatetags.evidence import clock_minute, day, tag
from evidence.sharing import access, wishes
from evidence.sharing.lists import STATES
from evidence.sharing.models import Basis, Contact, Domain, Share


@admin.register(Share)
class ShareAdmin(OfficeAdmin):
    """A list alone: shares are made and looked after at /shares/."""

    list_display = ("reference_", "recipient", "organisation", "state_", "until_", "owner")
    list_display_links = None
    list_select_related = ("owner",)
    search_fields = ("reference__iexact", "recipient", "organisation")
    search_help_text = "A reference, or somebody's name or organisation"

    def get_queryset(self, request: HttpRequest) -> Any:
        """What this person may see."""
        return access.visible_to(staff(request)).select_related("owner").order_by("until", "pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Asks the table."""
        return staff(request).may("share.make")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Made at /shares/."""
        if not self.has_add_permission(request):
            raise Http404
        return redirect("share-new")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Its page at /shares/."""
        known = object_id.isascii() and object_id.isdecimal() and len(object_id) < 19
        found = self.get_queryset(request).filter(pk=int(object_id)).first() if known else None
        if found is None:
            return HttpResponseRedirect(reverse("admin:index"))
        return redirect(found)

    @admin.display(description="Share")
    def reference_(self, row: Share) -> str:
        """Leads to its page."""
        return format_html('<a href="{}">{}</a>', row.get_absolute_url(), row.reference)

    @admin.display(description="State")
    def state_(self, row: Share) -> str:
        """In words."""
        return tag(*STATES[row.state()])

    @admin.display(description="Until", ordering="until")
    def until_(self, row: Share) -> str:
        """23:59 GMT on 6 Dec 2026."""
        return f"{day(row.until)} {clock_minute(row.until)}"


class _DataAdmin(ChangingAdmin):
    """Added to and changed, each with its event."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """With its event."""
        keep(request, obj, form, "share.data_changed", Subject(f"share-{obj._meta.model_name}"))


@admin.register(Domain)
class DomainAdmin(_DataAdmin):
    """Mail domains that evidence may be shared with."""

    list_display = ("name", "organisation", "below", "active")
    search_fields = ("name", "organisation")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Its name stays: another domain is another row."""
        return ("name",) if obj else ()


class ContactForm(forms.ModelForm):  # type: ignore[type-arg]
    """Somebody outside, at an address that evidence may be shared with."""

    def clean_email(self) -> str:
        """An address of one of the domains."""
        email = str(self.cleaned_data["email"]).lower()
        try:
            wishes.check_address(email)
        except wishes.NotShared as error:
            raise forms.ValidationError(str(error)) from None
        return email


@admin.register(Contact)
class ContactAdmin(_DataAdmin):
    """People outside. Those who share keep the same book at /shares/people/."""

    form = ContactForm
    list_display = ("name", "organisation", "email", "phone")
    search_fields = ("name", "organisation", "email__iexact")
    fields = ("name", "organisation", "email", "phone")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Without those who were taken out."""
        return Contact.objects.filter(removed_at=None)


@admin.register(Basis)
class BasisAdmin(_DataAdmin):
    """The force's legal bases, in the order in which they are offered."""

    list_display = ("words", "source", "position", "active")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Its code stays."""
        return ("code",) if obj else ()
