"""Prices and rules of the store: data of the force's own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from evidence.custody.record import Subject
from evidence.people.office import ChangingAdmin, keep
from ingest.accounting import cold
from ingest.accounting.models import ColdRule, Price

EVENT = "accounting.data_changed"


@admin.register(Price)
class PriceAdmin(ChangingAdmin):
    """What a terabyte and month costs. Without prices no page shows money."""

    proved_again = True
    list_display = ("storage_class", "per_tb_month", "source")
    fields = ("storage_class", "per_tb_month", "source")

    def save_model(self, request: HttpRequest, obj: Price, form: Any, change: bool) -> None:
        """With its event."""
        keep(request, obj, form, EVENT, Subject("accounting"))


class ColdRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A rule for a class that the store has, and reads from at once."""

    class Meta:
        model = ColdRule
        fields = ("category", "after_days", "storage_class", "active")

    def clean_storage_class(self) -> str:
        """Only what the operator says the store has."""
        wanted = str(self.cleaned_data["storage_class"]).strip()
        if wanted in cold.TOO_COLD:
            raise forms.ValidationError(
                f"{wanted} can't be read at once: nobody could play, share or check the footage."
            )
        if wanted not in cold.classes():
            has = ", ".join(cold.classes()) or "none (BWV_COLD_CLASSES)"
            raise forms.ValidationError(f"The store does not have {wanted}. It has: {has}.")
        return wanted


@admin.register(ColdRule)
class ColdRuleAdmin(ChangingAdmin):
    """Which originals move to a cheaper class, and when. The store moves them."""

    form = ColdRuleForm
    proved_again = True
    list_display = ("category", "after_days", "storage_class", "active")
    list_select_related = ("category",)
    fields = ("category", "after_days", "storage_class", "active")

    def save_model(self, request: HttpRequest, obj: ColdRule, form: Any, change: bool) -> None:
        """With its event."""
        keep(request, obj, form, EVENT, Subject("accounting"))
