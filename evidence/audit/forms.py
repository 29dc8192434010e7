"""What an auditor types."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from evidence.audit.looks import KINDS, LAST, Span


class NarrowForm(forms.Form):
    """Which looks: of what kind, from which day to which, before which event."""

    kind = forms.ChoiceField(required=False, choices=[("", "All kinds"), *KINDS.items()])
    since = forms.DateField(
        required=False, error_messages={"invalid": "Enter the first day like 22/11/2026"}
    )
    until = forms.DateField(
        required=False, error_messages={"invalid": "Enter the last day like 22/11/2026"}
    )
    before = forms.IntegerField(required=False, min_value=0, max_value=LAST)

    def clean(self) -> dict[str, Any]:
        """The days must run forward."""
        found: dict[str, Any] = super().clean() or {}
        since, until = found.get("since"), found.get("until")
        if since and until and until < since:
            self.add_error("until", f"The last day must not be before the first, {since:%d/%m/%Y}")
        return found

    def span(self) -> Span:
        """What is asked for, in the log's terms; everything, where a day could not be read."""
        if not self.is_valid():
            return Span()
        found = self.cleaned_data
        until = found["until"]
        return Span(
            kind=found["kind"],
            since=_start(found["since"]),
            until=_start(until, timedelta(days=1)),
            before=LAST if found["before"] is None else found["before"],
        )


def _start(on: date | None, later: timedelta = timedelta()) -> datetime | None:
    """The first moment of a local day, or of one so much later; None past the calendar's ends."""
    if on is None:
        return None
    try:
        return timezone.make_aware(datetime.combine(on + later, time.min))
    except (OverflowError, ValueError):
        return None
