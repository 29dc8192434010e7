"""System checks of the custody log."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


@register(Tags.security)
def origin_is_sound(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The origin must be usable as a key name (C2SP signed-note)."""
    if re.fullmatch(r"[a-z0-9.-]+(/[a-z0-9._-]+)+", settings.CUSTODY_ORIGIN):
        return []
    return [
        Error(
            f"BWV_ORIGIN is {settings.CUSTODY_ORIGIN!r}, which is not a schema-less URL",
            hint="Set it once and for ever, like bwv.example.police.uk/custody",
            id="custody.E001",
        )
    ]


@register(Tags.security, deploy=True)
def signer_is_apart(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """In production the log's keys belong to a process of their own."""
    if settings.SIGNER_URL:
        return []
    return [
        Warning(
            "BWV_SIGNER_URL is not set: the signer works inside each process",
            hint="Run python -m evidence.custody.signer as another user, and set its address",
            id="custody.W001",
        )
    ]
