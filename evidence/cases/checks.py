"""System checks of this room: wrong settings stop the start."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def urns_can_be_entered(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The pattern is one, and its own example passes it."""
    hint = "A regular expression for the whole URN, in capitals; BWV_URN_EXAMPLE fits it"
    try:
        fits = re.fullmatch(settings.URN, settings.URN_EXAMPLE, re.ASCII)
    except re.error as error:
        return [Error(f"BWV_URN: {error}", hint=hint, id="cases.E001")]
    if fits and settings.URN_EXAMPLE.upper() == settings.URN_EXAMPLE:
        return []
    return [Error("BWV_URN_EXAMPLE doesn't fit BWV_URN", hint=hint, id="cases.E002")]
