"""System checks of rendering."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from ingest.media import tools


@register()
def tools_are_there(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """ffmpeg, ffprobe and the sandbox."""
    found: list[CheckMessage] = []
    for name in ("ffmpeg", "ffprobe"):
        try:
            tools.path(name)
        except tools.ToolMissing as error:
            found.append(Warning(str(error), hint="apt-get install ffmpeg", id="media.W001"))
    if settings.MEDIA_SANDBOX == "bwrap" and tools.bwrap() is None:
        found.append(
            Error(
                "The sandbox program bwrap does not run here, so nothing can be rendered",
                hint="Install bubblewrap and allow user namespaces, or accept decoding without a "
                "sandbox by BWV_MEDIA_SANDBOX=none",
                id="media.E001",
            )
        )
    elif settings.MEDIA_SANDBOX == "none":
        found.append(
            Warning(
                "Footage is decoded without a sandbox",
                hint="Set BWV_MEDIA_SANDBOX=bwrap",
                id="media.W002",
            )
        )
    return found
