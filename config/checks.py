"""System checks of the whole: wrong settings stop the start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from config.caught_mail import LOOPBACK


@register(Tags.security)
def nothing_loose(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """DEBUG off, a real secret key, keys that only their owner reads."""
    found: list[CheckMessage] = []
    if settings.DEBUG:
        found.append(Error("DEBUG is on", hint="Unset DEBUG", id="config.E001"))
    if settings.DEMO and settings.SECURE:
        found.append(
            Error("BWV_DEMO is on at a public address", hint="BWV_DEMO=0", id="config.E006")
        )
    if len(settings.SECRET_KEY) < 50:
        found.append(
            Error(
                "SECRET_KEY is shorter than 50 characters",
                hint="python -c 'import secrets; print(secrets.token_urlsafe(50))'",
                id="config.E002",
            )
        )
    if settings.KEYS_DIR.is_dir() and settings.KEYS_DIR.stat().st_mode & 0o077:
        found.append(
            Error(
                f"{settings.KEYS_DIR} can be entered by others",
                hint=f"chmod 700 {settings.KEYS_DIR}",
                id="config.E003",
            )
        )
    limit = settings.CELERY_TASK_TIME_LIMIT
    if settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] <= limit:
        found.append(
            Error(
                "The broker hands tasks out again before the longest may end",
                hint="visibility_timeout must be longer than BWV_TASK_SECONDS",
                id="config.E004",
            )
        )
    return found


@register(Tags.security)
def mail_is_read_by_nobody_else(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The page of caught mail holds one-time codes: for a demonstration on one machine alone."""
    if not settings.CATCH_MAIL:
        return []
    reasons = {
        "this is no demonstration (BWV_DEMO=0)": not settings.DEMO,
        "BWV_PUBLIC_URL is https": settings.SECURE,
        "EMAIL_URL is set, so mail is really sent": "filebased" not in settings.EMAIL_BACKEND,
        "BWV_TRUSTED_PROXIES is set": bool(settings.TRUSTED_PROXIES),
        "ALLOWED_HOSTS names more than this machine": not set(settings.ALLOWED_HOSTS)
        <= set(LOOPBACK),
    }
    return [
        Error(f"BWV_CATCH_MAIL is on, and {reason}", hint="BWV_CATCH_MAIL=0", id="config.E007")
        for reason, holds in reasons.items()
        if holds
    ]


# Of the static files' own kind, so that collectstatic asks it before it copies half of them.
@register(Tags.staticfiles)
def pages_are_built(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Without the style sheet that is built from npm packages every page would fail."""
    wanted = ("pages.css", "govuk-frontend.min.js", "alpine-csp.min.js")
    missing = [name for name in wanted if not (settings.FRONTEND_DIR / name).is_file()]
    if not missing:
        return []
    return [
        Error(
            f"The pages' styles and scripts were not built: {', '.join(missing)} missing in "
            f"{settings.FRONTEND_DIR}",
            hint="Run `make setup`, or `bin/setup-frontend` alone. It needs npm.",
            id="config.E005",
        )
    ]
