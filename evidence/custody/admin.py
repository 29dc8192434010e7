"""The custody log in the admin: to read, nothing else."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from evidence.custody import history
from evidence.custody.models import Checkpoint, Event


class ReadOnly(ModelAdmin):  # type: ignore[misc]
    """Nothing is added, changed or deleted here. No counts, no facets."""

    list_per_page = 50
    show_full_result_count = False
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


@admin.register(Event)
class EventAdmin(ReadOnly):
    """Who did what to what, when. Narrow by an object or an actor; newest first."""

    list_display = ("index", "time", "type", "object_ref", "actor_ref", "outcome")
    search_fields = ("object_ref__exact", "actor_ref__exact")
    search_help_text = "A whole reference, like R-7K3M-9QXD, or an actor's, like u-1f0a…"
    ordering = ("-index",)
    fields = (
        "words",
        "index",
        "time",
        "type",
        "object_ref",
        "seq",
        "actor_ref",
        "outcome",
        "body_",
    )
    readonly_fields = fields

    def get_paginator(self, request: HttpRequest, queryset: Any, per_page: int, **more: Any) -> Any:
        """Looks one page ahead instead of counting."""
        from django.utils.module_loading import import_string

        return import_string("evidence.people.office.UncountedPaginator")(queryset, per_page)

    @admin.display(description="In words")
    def words(self, event: Event) -> str:
        """The sentence of the history."""
        return history.describe([event])[0].words

    @admin.display(description="Body")
    def body_(self, event: Event) -> str:
        """The body, set out to be read; its exact bytes are what is hashed."""
        text = json.dumps(event.parsed(), indent=2, ensure_ascii=False)
        return format_html('<span class="event-body">{}</span>', text)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """Without the leaf."""
        return Event.objects.defer("leaf")


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnly):
    """What was signed."""

    list_display = ("size", "created")
    ordering = ("-size",)
    fields = ("size", "created", "note")
    readonly_fields = fields
    get_paginator = EventAdmin.get_paginator
