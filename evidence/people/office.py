"""What every admin page of this system shares: read-only by default, constant queries, keyset
pages, no counts, one table of permissions."""

from __future__ import annotations

import re
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import transaction
from django.http import Http404, HttpRequest
from unfold.admin import ModelAdmin

from evidence.custody.record import Draft, Subject, record
from evidence.people import fresh
from evidence.people.models import User
from evidence.people.requests import address

PER_PAGE = 50
# Past this, nobody turns pages: they narrow the list.
DEEPEST = 20


class UncountedPaginator(Paginator[Any]):
    """Never counts ten million rows: looks one row ahead, up to 20 pages deep."""

    @property
    def count(self) -> int:  # type: ignore[override]
        """At most a thousand."""
        if not hasattr(self, "_count"):
            rows: Any = self.object_list
            self._count = rows.order_by().values("pk")[: self.per_page * DEEPEST].count()
        return int(self._count)

    def page(self, number: Any) -> Page[Any]:
        """One page, within the depth."""
        return super().page(min(self.validate_number(number), DEEPEST))


class OfficeAdmin(ModelAdmin):  # type: ignore[misc]
    """Read-only unless a subclass says otherwise. Nothing is deleted through the admin."""

    list_per_page = PER_PAGE
    paginator = UncountedPaginator
    show_full_result_count = False
    show_facets = False  # type: ignore[assignment]
    actions = None
    list_filter_submit = True
    compressed_fields = True
    warn_unsaved_form = True
    # Whether adding and changing need a fresh proof of who does it (ASVS 5.0 7.5.1).
    proved_again = False
    # No short cut from a number to a page: it would tell what there is.
    view_on_site = False

    def changeform_view(self, request: HttpRequest, *args: Any, **more: Any) -> Any:
        """Ask for the proof before the form, so that nobody types for nothing, and again after."""
        object_id = args[0] if args else more.get("object_id")
        obj = self.get_object(request, str(object_id)) if object_id and self.proved_again else None
        changes = (
            self.has_change_permission(request, obj)
            if object_id
            else self.has_add_permission(request)
        )
        if self.proved_again and changes:
            fresh.require(request)
        return super().changeform_view(request, *args, **more)

    def changelist_view(self, request: HttpRequest, *args: Any, **more: Any) -> Any:
        """No list is narrowed by what the database can't be asked; the box takes it out itself."""
        if any("\0" in value for name, value in request.GET.items() if name != "q"):
            raise Http404
        return super().changelist_view(request, *args, **more)

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """Only what the list's own filters ask."""
        return narrows(self, lookup, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Not here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        """Django's own history is not kept: the custody log is the history."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        """Django's own history is not kept: the custody log is the history."""


class ChangingAdmin(OfficeAdmin):
    """For models that may be added and changed by those whom the table lets."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Asks the table."""
        return ModelAdmin.has_add_permission(self, request)  # type: ignore[no-any-return]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Asks the table."""
        return ModelAdmin.has_change_permission(self, request, obj)  # type: ignore[no-any-return]


NARROWS = r"(__(id__)?(exact|isnull|in|gte|gt|lte|lt|iexact))?|_(from|to)(_[01])?"


def narrows(admin: Any, lookup: str, request: HttpRequest) -> bool:
    """Whether an address may narrow a list so: by a filter that the list shows, by nothing else.

    Django lets any field and relation through, hidden ones too: `?complaint__isnull=0` on the
    list of people would tell who is complained of.
    """
    names = set()
    for item in admin.get_list_filter(request):
        if isinstance(item, type):
            names.add(str(getattr(item, "parameter_name", "")))
        else:
            names.add(item[0] if isinstance(item, list | tuple) else item)
    return any(re.fullmatch(re.escape(name) + rf"({NARROWS})", lookup) for name in names if name)


def keep(
    request: HttpRequest, obj: Any, form: Any, kind: str, subject: Subject | None = None
) -> None:
    """Save an admin's change and its custody event, in one transaction."""
    with transaction.atomic():
        changed = [name for name in form.changed_data if name in form.fields]
        before = {name: str(form.initial.get(name, "") or "")[:500] for name in changed}
        obj.save()
        after = {name: str(form.cleaned_data.get(name) or "")[:500] for name in changed}
        by = staff(request)
        label = f"{obj._meta.model_name}-{obj.pk}"
        record(
            Draft(
                kind,
                subject or Subject(label),
                by.actor(address(request)),
                data={"fields": sorted(changed)},
                private={"name": by.short, "what": str(obj), "before": before, "after": after},
            )
        )


def staff(request: HttpRequest) -> User:
    """The signed-in person."""
    assert isinstance(request.user, User)
    return request.user
