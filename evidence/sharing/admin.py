"""Shares in the admin: make, see, revoke."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from evidence.people.actions import NotAllowed
from evidence.people.office import ChangingAdmin, staff
from evidence.people.reason import ask
from evidence.recordings.access import find, named_to
from evidence.recordings.models import Recording
from evidence.sharing import actions
from evidence.sharing.models import MAX_DAYS, Share

TAGS = {"live": "green", "ended": "grey", "revoked": "grey", "locked": "red"}


class ShareForm(forms.ModelForm):  # type: ignore[type-arg]
    """Who, what, until when, why."""

    what = forms.CharField(
        label="Recordings", widget=UnfoldAdminTextInputWidget,
        help_text="References like R-7K3M-9QXD, with spaces between",
    )  # fmt: skip

    class Meta:
        model = Share
        fields = ("recipient", "organisation", "email", "purpose", "until")

    def clean_what(self) -> list[Recording]:
        """Only what this person may see."""
        found = []
        for reference in self.cleaned_data["what"].replace(",", " ").split():
            try:
                found.append(find(getattr(self, "user"), reference))
            except Recording.DoesNotExist:
                raise forms.ValidationError(
                    f"There is nothing at {reference} that you can see. Check it."
                ) from None
        return found

    def clean_until(self) -> Any:
        """In the future, within the force's limit."""
        until = self.cleaned_data["until"]
        now = timezone.now()
        if not now < until <= now + timedelta(days=MAX_DAYS):
            raise forms.ValidationError(f"Enter a time in the future, within {MAX_DAYS} days.")
        return until


@admin.register(Share)
class ShareAdmin(ChangingAdmin):
    """One table of all shares, soonest end first."""

    proved_again = True
    form = ShareForm
    list_display = ("reference", "recipient", "organisation", "until", "seen", "state_")
    search_fields = ("reference__iexact", "recipient", "email__iexact")
    actions_detail = ("revoke_share",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """To make one; later, to read it."""
        base = ["recipient", "organisation", "email", "purpose", "until"]
        return [*base, "shared", "state_", "seen"] if obj else [*base, "what"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A share that stands is not changed: make another."""
        return self.get_fields(request, obj) if obj else []

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Made, then only revoked."""
        return False

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **more: Any
    ) -> Any:
        """The form knows who asks."""
        form = super().get_form(request, obj, change, **more)
        return type("ShareForm", (form,), {"user": staff(request)})

    @admin.display(description="State")
    def state_(self, share: Share) -> str:
        """Live, ended, revoked or locked."""
        state = share.state()
        return format_html('<span class="tag tag-{}">{}</span>', TAGS[state], state.capitalize())

    @admin.display(description="Last seen")
    def seen(self, share: Share) -> str:
        """When it was last opened."""
        return (
            f"{timezone.localtime(share.last_seen):%d %b %Y %H:%M}" if share.last_seen else "Never"
        )

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """With who reads it: recordings are named to those who may see them."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found.reader = staff(request)
        return found

    @admin.display(description="Recordings")
    def shared(self, share: Share) -> str:
        """What was shared."""
        shown, others = named_to(getattr(share, "reader"), share.recordings.all())
        return ", ".join([item.reference for item in shown] + [others] * bool(others))

    def save_model(self, request: HttpRequest, obj: Share, form: Any, change: bool) -> None:
        """Make it and send the link."""
        try:
            actions.make(by=staff(request), share=obj, recordings=form.cleaned_data["what"])
        except (NotAllowed, ValueError) as error:
            messages.error(request, str(error))
            return
        messages.info(request, f"Link sent to {obj.email}.")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The action has done it."""

    def has_revoke_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Asks the table."""
        return staff(request).may("share.revoke")

    @action(description="Revoke", url_path="revoke", permissions=["revoke"])  # type: ignore[untyped-decorator]
    def revoke_share(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """A page with consequence and reason, then the act."""
        share = Share.objects.get(pk=object_id)
        back = reverse("admin:sharing_share_change", args=[object_id])
        consequence = "Its pages end at once; what is being played ends within minutes."
        title = f"Revoke the share of {share.recipient}"
        reason = ask(request, title, "Revoke", consequence, back, proved_again=True)
        if isinstance(reason, HttpResponse):
            return reason
        try:
            actions.revoke(by=staff(request), share=share, reason=reason)
            messages.success(request, "Revoked.")
        except NotAllowed as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(back)
