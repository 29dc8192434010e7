"""Times as a dock's screen and the team's page say them."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone

register = template.Library()


@register.filter
def since(moment: datetime, now: datetime | None = None) -> str:
    """18:31 today; 24 Nov 18:31 on another day."""
    local = timezone.localtime(moment)
    if local.date() == timezone.localdate(now):
        return f"{local:%H:%M}"
    return f"{local.day} {local:%b %H:%M}"
