"""People and units in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.forms import ModelForm, MultipleChoiceField
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from evidence.custody.record import Subject
from evidence.people.models import Unit, User
from evidence.people.office import ChangingAdmin, keep, staff
from evidence.people.table import ROLES

admin.site.unregister(Group)  # roles are in the table, not in groups


class PersonForm(ModelForm):  # type: ignore[type-arg]
    """Roles as ticks."""

    roles = MultipleChoiceField(
        choices=list(ROLES.items()), widget=UnfoldAdminCheckboxSelectMultipleWidget, required=False
    )

    def clean_username(self) -> str:
        """Lower case, so that nobody is there twice."""
        return str(self.cleaned_data["username"]).lower()

    def clean_collar(self) -> str | None:
        """None rather than empty: a collar number is nobody's twice."""
        return self.cleaned_data["collar"] or None

    class Meta:
        model = User
        fields = (
            "username", "name", "rank", "collar", "email", "unit", "supervisor", "roles",
            "status",
        )  # fmt: skip


@admin.register(User)
class PersonAdmin(ChangingAdmin):
    """Accounts. A password is never set here: it would be known to two people."""

    form = PersonForm
    list_display = ("username", "short", "unit", "role_names", "status")
    list_select_related = ("unit",)
    list_filter = ("status",)
    search_fields = ("username", "name", "collar")
    autocomplete_fields = ("unit", "supervisor")

    @admin.display(description="Roles")
    def role_names(self, person: User) -> str:
        """In words."""
        return ", ".join(ROLES.get(role, role).split(" (")[0] for role in person.roles)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A new person can't sign in until a password is given on the console."""
        if not change:
            obj.set_unusable_password()
        keep(request, obj, form, "person.changed", Subject(obj.ref))

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """No address may ask about passwords."""
        return "password" not in lookup and super().lookup_allowed(lookup, value, request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Nobody changes their own roles."""
        own = obj is not None and obj.pk == staff(request).pk
        return ("roles", "status") if own else ()


@admin.register(Unit)
class UnitAdmin(ChangingAdmin):
    """The tree of units."""

    list_display = ("name", "parent")
    list_select_related = ("parent",)
    search_fields = ("name",)
    fields = ("name", "parent")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A unit that stands is not moved: its people's footage would move with it."""
        return False

    def save_model(self, request: HttpRequest, obj: Unit, form: Any, change: bool) -> None:
        """With its path."""
        keep(request, obj, form, "person.changed")
        obj.path = f"{obj.parent.path if obj.parent else '/'}{obj.pk}/"
        obj.save(update_fields=["path"])
