"""Cases in the admin: open one, link footage with a reason."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.widgets import UnfoldAdminTextInputWidget

from evidence.cases import actions, formats, lists, rules
from evidence.cases.access import visible_to
from evidence.cases.actions.change import FIELDS
from evidence.cases.models import Case, CaseLink
from evidence.people.actions import NotAllowed
from evidence.people.office import ChangingAdmin, staff
from evidence.people.requests import address
from evidence.recordings.access import find, named_to
from evidence.recordings.models import Recording


class CaseForm(forms.ModelForm):  # type: ignore[type-arg]
    """A case, and footage to link with the reason. Unlinking says first what it does to how long
    footage is kept: the case's page does that."""

    link = forms.CharField(
        label="Link footage", required=False, widget=UnfoldAdminTextInputWidget,
        help_text="References like R-7K3M-9QXD, with spaces between. Unlink on the case's page",
    )  # fmt: skip
    reason = forms.CharField(
        required=False, max_length=300, widget=UnfoldAdminTextInputWidget,
        help_text="Why it belongs to the case",
    )  # fmt: skip

    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Case
        fields = FIELDS

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["seen_version"].initial = self.instance.version

    def clean(self) -> dict[str, Any]:
        """The case must be possible; footage needs a reason, and must be there for this person."""
        found = super().clean() or {}
        user = getattr(self, "user")
        wanted = Case(**{name: found.get(name, getattr(self.instance, name)) for name in FIELDS})
        problems = rules.problems(wanted)
        same = Case.objects.filter(slug=formats.slug(wanted.urn)).exclude(pk=self.instance.pk)
        if "urn" not in problems and same.exists():
            problems["urn"] = actions.TAKEN.format(urn=wanted.urn)
        for name, words in problems.items():
            if name not in self.errors:
                self.add_error(name, words)
        recordings = []
        for reference in found.get("link", "").replace(",", " ").split():
            try:
                recordings.append(find(user, reference))
            except Recording.DoesNotExist:
                self.add_error(
                    "link", f"There is nothing at {reference} that you can see. Check it."
                )
        found["link"] = recordings
        if found["link"] and not found.get("reason", "").strip():
            self.add_error("reason", "Enter why.")
        return found


@admin.register(Case)
class CaseAdmin(ChangingAdmin):
    """Every change goes through an action and is an event."""

    form = CaseForm
    list_display = ("urn", "title", "status", "result", "officer_in_case", "next_court")
    list_select_related = ("officer_in_case",)
    list_filter = ("status", "result")
    search_fields = ("urn__iexact", "title")
    autocomplete_fields = ("officer_in_case",)
    readonly_fields = ("page", "kept", "footage")
    fields = ("page", *FIELDS, "kept", "footage", "link", "reason", "seen_version")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **more: Any
    ) -> Any:
        """The form knows who asks."""
        form = super().get_form(request, obj, change, **more)
        return type("CaseForm", (form,), {"user": staff(request)})

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """The case, which knows who reads it: its footage is named to those who may see it.

        Opening it is a look, and an event.
        """
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            if request.method == "GET":
                actions.looked(by=staff(request), case=found, address=address(request))
            found.reader = staff(request)
        return found

    def get_queryset(self, request: HttpRequest) -> Any:
        """The cases of this person, with the next day in court: the admin is open to some who
        see only their own."""
        return lists.annotated(visible_to(staff(request)).order_by("-created"))

    @admin.display(description="Next in court")
    def next_court(self, case: Case) -> Any:
        """The next day in court."""
        return case.next_court_date

    @admin.display(description="The case's page")
    def page(self, case: Case) -> str:
        """Where all cameras stand on one clock."""
        if case.pk is None:
            return "Once it is open"
        return format_html('<a href="{}">{}</a>', case.get_absolute_url(), case.urn)

    @admin.display(description="Why its footage is kept")
    def kept(self, case: Case) -> str:
        """By the result, in words."""
        return rules.kept(case).words

    @admin.display(description="Footage")
    def footage(self, case: Case) -> str:
        """What is linked, and why."""
        if case.pk is None:
            return "None yet"
        linked = Recording.objects.filter(
            pk__in=CaseLink.objects.filter(case=case, unlinked_at=None).values("recording")
        )
        shown, others = named_to(getattr(case, "reader"), linked)
        links = CaseLink.objects.filter(
            case=case, unlinked_at=None, recording__in=shown
        ).select_related("recording", "linked_by")
        rows = format_html_join(
            "", '<li><a href="{}">{}</a> {} <small>{}</small></li>',
            ((link.recording.get_absolute_url(), link.recording, link.reason, link.linked_by.short)
             for link in links),
        )  # fmt: skip
        return format_html("<ul>{}</ul>{}", rows, others) if rows or others else "None yet"

    def save_model(self, request: HttpRequest, obj: Case, form: Any, change: bool) -> None:
        """Save and link, through the actions."""
        user, given = staff(request), form.cleaned_data
        own = {"link", "reason", "seen_version"}
        try:
            changed = [name for name in form.changed_data if name not in own]
            # Without the version nobody knows what was read: then it is another one.
            version = (given.get("seen_version") or 0) if change else None
            with transaction.atomic():  # all of it or nothing
                actions.save(by=user, case=obj, changed=changed, version=version)
                for recording in given["link"]:
                    actions.link(by=user, case=obj, recording=recording, reason=given["reason"])
        except actions.Conflict as conflict:
            said = str(conflict).replace(
                "Compare and choose.", "Nothing of yours was saved: look at"
            )
            self._refused(request, f"{said} it as it is now, and change it again.")
        except (NotAllowed, ValueError) as error:
            self._refused(request, str(error))

    def _refused(self, request: HttpRequest, words: str) -> None:
        messages.error(request, words)
        request.refused = True  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        """Nothing says that it was saved when it was not."""
        return self._back(request) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        """Nothing says that it was saved when it was not."""
        return self._back(request) or super().response_change(request, obj)

    def _back(self, request: HttpRequest) -> HttpResponse | None:
        if not hasattr(request, "refused"):
            return None
        lost = request.path == reverse("admin:cases_case_add")
        return HttpResponseRedirect(
            reverse("admin:cases_case_changelist") if lost else request.path
        )
