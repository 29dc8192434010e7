"""System checks of the custody log."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from evidence.custody.log.keys import NoteError, VerifierKey


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


@register(Tags.security)
def anchors_are_sound(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Witnesses' keys can be read, and a time-stamping authority's certificates are there."""
    found: list[CheckMessage] = []
    for vkey, _ in settings.WITNESSES:
        try:
            VerifierKey.parse(vkey)
        except NoteError as error:
            found.append(Error(f"BWV_WITNESSES: {error}", id="custody.E002"))
    if settings.TSA_URL and not Path(settings.TSA_CERTIFICATES or "-").is_file():
        hint = "Set it to a PEM file of the authority's root, got from the authority itself"
        found.append(Error("BWV_TSA_CERTIFICATES is no file", hint=hint, id="custody.E003"))
    return found


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
