"""System checks of this room: wrong settings stop the start."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def crime_references_can_be_entered(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The pattern is one, and its own example passes it."""
    hint = "A regular expression for the whole reference; BWV_CRIME_REFERENCE_EXAMPLE fits it"
    try:
        fits = re.fullmatch(settings.CRIME_REFERENCE, settings.CRIME_REFERENCE_EXAMPLE)
    except re.error as error:
        return [Error(f"BWV_CRIME_REFERENCE: {error}", hint=hint, id="recordings.E001")]
    if fits:
        return []
    return [
        Error("BWV_CRIME_REFERENCE_EXAMPLE doesn't fit BWV_CRIME_REFERENCE", hint=hint,
              id="recordings.E002")
    ]  # fmt: skip
