"""Packages in the admin: ask for one, see how far it is, download it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminTextInputWidget

from evidence.people import fresh
from evidence.people.actions import NotAllowed
from evidence.people.office import ChangingAdmin, staff
from evidence.people.requests import address
from evidence.recordings import exports
from evidence.recordings.access import find, named_to
from evidence.recordings.models import Package, Recording
from evidence.recordings.templatetags.evidence import size, tag

TAGS = {"waiting": "blue", "making": "blue", "ready": "green", "failed": "red", "gone": "grey"}


class PackageForm(forms.ModelForm):  # type: ignore[type-arg]
    """Which recordings, for whom, what for."""

    what = forms.CharField(
        label="Recordings", widget=UnfoldAdminTextInputWidget,
        help_text="References like R-7K3M-9QXD, with spaces between",
    )  # fmt: skip

    class Meta:
        model = Package
        fields = ("recipient", "purpose", "details", "renditions")

    def clean_what(self) -> list[Recording]:
        """Only what this person may export."""
        found = []
        for reference in self.cleaned_data["what"].replace(",", " ").split():
            try:
                found.append(find(getattr(self, "user"), reference, "package.make"))
            except Recording.DoesNotExist:
                raise forms.ValidationError(
                    f"There is nothing at {reference} that you can export. Check it."
                ) from None
        return found


@admin.register(Package)
class PackageAdmin(ChangingAdmin):
    """Newest first. A package is asked for, made in the background, kept for a week."""

    proved_again = True
    form = PackageForm
    list_display = ("reference", "recipient", "purpose", "made_by", "created", "state_")
    list_select_related = ("made_by",)
    list_filter = ("state",)
    search_fields = ("reference__iexact",)
    search_help_text = "A whole reference of a package"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """To ask for one; later, to read it."""
        base = ["recipient", "purpose", "details", "renditions"]
        if obj is None:
            return ["what", *base]
        return ["state_", "file", "contents", *base, "made_by", "created", "checking"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What was asked for is not changed."""
        return self.get_fields(request, obj) if obj else []

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Made, not changed."""
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The recording from whose page this was opened."""
        return {"what": request.GET.get("what", "")[:500]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Package]:
        """With who asked."""
        return Package.objects.select_related("made_by")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **more: Any
    ) -> Any:
        """The form knows who asks."""
        form = super().get_form(request, obj, change, **more)
        return type("PackageForm", (form,), {"user": staff(request)})

    def get_urls(self) -> list[Any]:
        """The download besides."""
        view = self.admin_site.admin_view(download)
        own = path("<int:package>/download/", view, name="recordings_package_download")
        return [own, *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: Package, form: Any, change: bool) -> None:
        """Have it made."""
        try:
            exports.ask(by=staff(request), wanted=obj, recordings=form.cleaned_data["what"])
        except (NotAllowed, exports.ExportError) as error:
            messages.error(request, str(error))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The action has done it."""

    def response_add(
        self, request: HttpRequest, obj: Package, post_url_continue: str | None = None
    ) -> HttpResponse:
        """To the page that shows how far it is."""
        if obj.pk is None:
            return HttpResponseRedirect(reverse("admin:recordings_package_changelist"))
        return HttpResponseRedirect(reverse("admin:recordings_package_change", args=[obj.pk]))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "",
        extra_context: Any = None,
    ) -> Any:  # fmt: skip
        """Loads itself again while the package is being made."""
        answer = super().changeform_view(request, object_id, form_url, extra_context)
        known = object_id and object_id.isdecimal() and len(object_id) < 19
        row = Package.objects.filter(pk=int(str(object_id))).first() if known else None
        if row is not None and row.state in ("waiting", "making"):
            answer["Refresh"] = "2"
        return answer

    @admin.display(description="State")
    def state_(self, row: Package) -> str:
        """In words, with progress while it is being made."""
        shown = tag(TAGS[row.state], row.get_state_display())
        if row.state in ("waiting", "making"):
            return format_html(
                '{} <progress max="100" value="{}" aria-label="Package"></progress>', shown,
                row.progress,
            )  # fmt: skip
        return format_html("{} {}", shown, row.reason) if row.reason else shown

    @admin.display(description="File")
    def file(self, row: Package) -> str:
        """Size, fingerprint, and the way to it."""
        if row.state != Package.State.READY:
            return "Not yet" if row.state in ("waiting", "making") else "None"
        return format_html(
            '<a class="button main" href="{}">Download</a> {}, proofs to checkpoint {}<br>'
            '<span class="event-body">SHA-256 {}</span>',
            reverse("admin:recordings_package_download", args=[row.pk]), size(row.size),
            row.checkpoint, row.sha256,
        )  # fmt: skip

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """With who reads it: recordings are named to those who may see them."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found.reader = staff(request)
        return found

    @admin.display(description="Recordings")
    def contents(self, row: Package) -> str:
        """What is in it."""
        shown, others = named_to(getattr(row, "reader"), row.recordings.all())
        return ", ".join([item.reference for item in shown] + [others] * bool(others))

    @admin.display(description="To check it")
    def checking(self, row: Package) -> str:
        """What to tell the recipient."""
        return format_html(
            "The package holds bwv_verify.py and VERIFY.md. Give the recipient the "
            '<a href="{}">trust file</a> by another way than the package.',
            reverse("custody-policy"),
        )  # fmt: skip


def download(request: HttpRequest, package: int) -> HttpResponse:
    """The file, after the events. A page asks first: a link must not count as a download."""
    row = Package.objects.filter(pk=package).first()
    by = staff(request)
    if row is None or not by.may("package.make"):
        raise Http404
    if request.method == "POST":
        fresh.require(request)
        return _download(request, row)
    return _ask(request, row)


def _ask(request: HttpRequest, row: Package) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": f"Download {row.reference}", "row": row}
    return render(request, "admin/download.html", context)


def _download(request: HttpRequest, row: Package) -> HttpResponse:
    try:
        return HttpResponseRedirect(
            exports.download(by=staff(request), row=row, address=address(request))
        )
    except (NotAllowed, exports.ExportError) as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("admin:recordings_package_change", args=[row.pk]))
