"""Times as a dock's screen and the team's page say them."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone

register = template.Library()


@register.filter
def since(moment: datetime, now: datetime | None = None) -> str:
    """18:31 GMT today; 24 Nov 18:31 GMT on another day."""
    local = timezone.localtime(moment)
    if local.date() == timezone.localdate(now):
        return f"{local:%H:%M %Z}"
    return f"{local.day} {local:%b %H:%M %Z}"
