"""The lists behind complaints, which a force keeps itself: categories, wordings, questions."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from evidence.complaints.models import Category, Question, Wording
from evidence.custody.record import Subject
from evidence.people.office import ChangingAdmin, keep


class _DataAdmin(ChangingAdmin):
    """Added to and set aside, never deleted: what uses an entry keeps it."""

    # What makes an entry the same entry; it stays once it is there.
    key: tuple[str, ...] = ("code",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Its key stays."""
        return self.key if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """With its event."""
        keep(request, obj, form, "complaints.data_changed",
             Subject(f"complaint-{obj._meta.model_name}"))  # fmt: skip


@admin.register(Category)
class CategoryAdmin(_DataAdmin):
    """Allegation categories: scheme, version and code together."""

    key = ("scheme", "version", "code")
    list_display = ("code", "name", "scheme", "version", "active")
    list_filter = ("active",)
    search_fields = ("code__iexact", "name")


@admin.register(Wording)
class WordingAdmin(_DataAdmin):
    """Findings as the rules word them, and for which handlings."""

    list_display = ("words", "handlings", "active")


@admin.register(Question)
class QuestionAdmin(_DataAdmin):
    """The referral checklist."""

    list_display = ("words", "source", "version", "active")
