"""Numbers as pages write them."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def thousands(number: int) -> str:
    """2,014."""
    return f"{number:,}"
