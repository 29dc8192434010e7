"""The custody log in the admin: to read, nothing else.

Looking something up here is itself an event: who read whose history.
"""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RangeDateTimeFilter

from evidence.custody import history
from evidence.custody.models import Alarm, Anchor, Checkpoint, Event
from evidence.custody.record import Draft, Subject, record
from evidence.custody.vocabulary import types


class ReadOnly(ModelAdmin):  # type: ignore[misc]
    """Nothing is added, changed or deleted here. No counts, no facets."""

    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    list_filter_submit = True
    view_on_site = False
    actions = None

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """Only what the list's own filters ask."""
        from django.utils.module_loading import import_string

        return bool(import_string("evidence.people.office.narrows")(self, lookup, request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def get_paginator(self, request: HttpRequest, queryset: Any, per_page: int, **more: Any) -> Any:
        """Looks one page ahead instead of counting."""
        from django.utils.module_loading import import_string

        return import_string("evidence.people.office.UncountedPaginator")(queryset, per_page)


class TypeFilter(admin.SimpleListFilter):
    """By what happened."""

    title, parameter_name = "what happened", "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The closed list."""
        return [(name, name) for name in sorted(types())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow."""
        return queryset.filter(type=self.value()) if self.value() in types() else queryset


class LawFilter(admin.SimpleListFilter):
    """By the operation of DPA 2018 s.62: what an inspector asks for."""

    title, parameter_name = "operation (DPA 2018 s.62)", "dpa62"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The six."""
        names = sorted({kind.dpa62 for kind in types().values() if kind.dpa62})
        return [(name, name.capitalize()) for name in names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow."""
        if not self.value():
            return queryset
        names = [name for name, kind in types().items() if kind.dpa62 == self.value()]
        return queryset.filter(type__in=names)


class OutcomeFilter(admin.SimpleListFilter):
    """Refused and failed acts."""

    title, parameter_name = "outcome", "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The three."""
        return [("ok", "Done"), ("denied", "Refused"), ("failed", "Failed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow."""
        known = self.value() in ("ok", "denied", "failed")
        return queryset.filter(outcome=self.value()) if known else queryset


def _read(request: HttpRequest, reference: str) -> None:
    """Write that this history was read, once a request."""
    user: Any = request.user
    private = {"name": user.short, "address": str(request.META.get("REMOTE_ADDR", ""))[:45]}
    with transaction.atomic():
        record(Draft("history.read", Subject(reference), user.actor(), private=private))


@admin.register(Event)
class EventAdmin(ReadOnly):
    """Who did what to what, when. Narrow by an object or an actor; newest first."""

    list_display = ("index", "when", "sentence", "object_ref", "actor_ref", "outcome")
    search_fields = ("object_ref__exact", "actor_ref__exact")
    search_help_text = (
        "A whole reference, like R-7K3M-9QXD, or an actor's, like u-1f0a…. Reading is written down."
    )
    list_filter = (("time", RangeDateTimeFilter), TypeFilter, LawFilter, OutcomeFilter)
    ordering = ("-index",)
    sortable_by = ()
    fields = (
        "words", "index", "time", "type", "object_ref", "seq", "actor_ref", "outcome", "proved",
        "body_",
    )  # fmt: skip
    readonly_fields = fields

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The page's rows in words, in one query; a look-up of one history is an event."""
        changelist = super().get_changelist_instance(request)
        rows = list(changelist.result_list)
        words = {line.index: line.words for line in history.describe(rows)}
        for row in changelist.result_list:
            row.sentence_ = words.get(row.index, row.type)
        asked = changelist.query.strip()
        if rows:
            _read(request, asked[:80] or "log")
        return changelist

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Opening one is a look at its object's history."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            _read(request, found.object_ref)
        return found

    @admin.display(description="When")
    def when(self, event: Event) -> str:
        """Local time to the second, the zone named."""
        local = timezone.localtime(event.time)
        return f"{local:%-d %b %Y %H:%M:%S} {local.tzname()}"

    @admin.display(description="What happened")
    def sentence(self, event: Event) -> str:
        """As the history says it."""
        return str(getattr(event, "sentence_", event.type))

    @admin.display(description="In words")
    def words(self, event: Event) -> str:
        """The sentence of the history."""
        return history.describe([event])[0].words

    @admin.display(description="Proof")
    def proved(self, event: Event) -> str:
        """What covers it."""
        state = history.proof_state(event.index)
        return f"{state.words} {state.detail}"

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
    """What was signed, and who outside holds it."""

    list_display = ("size", "created", "held")
    ordering = ("-size",)
    sortable_by = ()
    fields = ("size", "created", "held", "note_")
    readonly_fields = fields

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The page's anchors in one query."""
        changelist = super().get_changelist_instance(request)
        rows = list(changelist.result_list)
        newest = Anchor.objects.exclude(kind=Anchor.Kind.TILES).order_by("-size").first()
        held: dict[int, list[Anchor]] = {row.size: [] for row in rows}
        for anchor in Anchor.objects.filter(size__in=held).defer("body"):
            held[anchor.size].append(anchor)
        for row in changelist.result_list:
            row.anchors = held[row.size]
            row.later = bool(newest and newest.size > row.size)
        return changelist

    @admin.display(description="Held outside")
    def held(self, row: Checkpoint) -> str:
        """Witnesses, time-stamps, the bucket."""
        anchors = getattr(row, "anchors", None)
        if anchors is None:
            anchors = list(Anchor.objects.filter(size=row.size).defer("body"))
        found = sorted((anchor.get_kind_display(), anchor.by) for anchor in anchors)
        return format_html_join(", ", '<span title="{1}">{0}</span>', found) or (
            "By a later one" if getattr(row, "later", False) else "Not yet"
        )

    @admin.display(description="Signed note")
    def note_(self, row: Checkpoint) -> str:
        """With the cosignatures."""
        return format_html('<span class="event-body">{}</span>', row.signed())


@admin.register(Alarm)
class AlarmAdmin(ReadOnly):
    """What the signer, an audit or somebody outside found wrong."""

    list_display = ("created", "source", "sentence")
    ordering = ("-created",)
    sortable_by = ()
    fields = list_display
    readonly_fields = fields
