"""People and units in the admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db import transaction
from django.forms import ModelForm, MultipleChoiceField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from unfold.decorators import action
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from evidence.custody.record import Subject
from evidence.people import actions
from evidence.people.models import Unit, User
from evidence.people.office import ChangingAdmin, keep, staff
from evidence.people.reason import ask
from evidence.people.requests import address
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

    def clean_sso_subject(self) -> str | None:
        """None rather than empty: an identity is nobody's twice."""
        return self.cleaned_data["sso_subject"] or None

    class Meta:
        model = User
        fields = (
            "username", "name", "rank", "collar", "email", "unit", "supervisor", "roles",
            "status", "sso_subject",
        )  # fmt: skip


@admin.register(User)
class PersonAdmin(ChangingAdmin):
    """Accounts. A password is never set here: it would be known to two people."""

    form = PersonForm
    proved_again = True
    actions_detail = ("send_link", "take_factors", "end_their_sessions")
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
        """A new person can't sign in until they have set a password by the link that is sent."""
        if not change:
            obj.set_unusable_password()
        with transaction.atomic():
            keep(request, obj, form, "person.changed", Subject(obj.ref))
            actions.supervised(obj)
            if change and {"email", "sso_subject"} & set(form.changed_data):
                actions.moved(
                    person=obj, by=staff(request), old_email=str(form.initial.get("email") or ""),
                    address=address(request),
                )  # fmt: skip

    def has_look_after_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Asks the table."""
        return staff(request).may("people.change")

    @action(description="Send sign-in link", url_path="link", permissions=["look_after"])  # type: ignore[untyped-decorator]
    def send_link(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """A link with which the person sets a password: nobody else learns it."""
        return self._act(
            request, object_id, "Send a link to set a password to", "Send",
            "The person sets a password; their second factor stays as it is.",
            lambda person, reason: actions.invite(
                by=staff(request), person=person, address=address(request)),
            "The link was sent.",
        )  # fmt: skip

    @action(description="Remove second factors", url_path="factors", permissions=["look_after"])  # type: ignore[untyped-decorator]
    def take_factors(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """For a telephone or key that is lost."""
        return self._act(
            request, object_id, "Remove the second factors of", "Remove",
            "Their sessions end. After their password they set up new ones before they see "
            "anything. Make sure by another channel that it is this person who asks.",
            lambda person, reason: actions.reset_factors(
                by=staff(request), person=person, reason=reason, address=address(request)),
            "Removed.",
        )  # fmt: skip

    @action(description="End sessions", url_path="sessions", permissions=["look_after"])  # type: ignore[untyped-decorator]
    def end_their_sessions(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """At the next request of each."""
        return self._act(
            request, object_id, "End every session of", "End",
            "They sign in again wherever they are.",
            lambda person, reason: actions.end_sessions(
                by=staff(request), person=person, reason=reason, address=address(request)),
            "Ended.",
        )  # fmt: skip

    def _act(
        self, request: HttpRequest, object_id: int, title: str, verb: str, consequence: str,
        act: Callable[[User, str], object], done: str,
    ) -> HttpResponse:  # fmt: skip
        person = get_object_or_404(User, pk=object_id)
        back = reverse("admin:people_user_change", args=[object_id])
        reason = ask(request, f"{title} {person}", verb, consequence, back, proved_again=True)
        if isinstance(reason, HttpResponse):
            return reason
        try:
            act(person, reason)
            messages.success(request, done)
        except (actions.NotAllowed, ValueError) as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(back)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Another administrator changes one's own account."""
        own = obj is not None and obj.pk == staff(request).pk
        return not own and super().has_change_permission(request, obj)


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
