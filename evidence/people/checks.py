"""System checks of signing in: wrong settings stop the start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from evidence.people.table import PASSKEY_ROLES, ROLES


@register(Tags.security)
def roles_are_known(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """BWV_PASSKEY_ROLES names roles of the table; the list of breached passwords is there."""
    found: list[CheckMessage] = []
    unknown = sorted(set(settings.PASSKEY_ROLES) - set(ROLES))
    if unknown:
        hint = f"Known: {', '.join(ROLES)}"
        found.append(
            Error(f"BWV_PASSKEY_ROLES names {', '.join(unknown)}", hint=hint, id="people.E001")
        )
    path = settings.BREACHED_PASSWORDS
    if path and not Path(path).is_file():
        hint = "A file of sorted SHA-1 hashes, a line each; or leave it unset"
        found.append(Error("BWV_BREACHED_PASSWORDS is no file", hint=hint, id="people.E002"))
    if settings.OIDC_URL and not settings.OIDC_URL.startswith("https://") and settings.SECURE:
        hint = "The identity provider's issuer, with https"
        found.append(Error("BWV_OIDC_URL is not https", hint=hint, id="people.E003"))
    return found


@register(Tags.security, deploy=True)
def passkeys_are_asked_for(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """In production those who run the system, investigate or dispose sign in with a passkey."""
    found: list[CheckMessage] = []
    if settings.SECURE and not settings.TRUSTED_PROXIES:
        hint = "Set BWV_TRUSTED_PROXIES to how many proxies stand before gunicorn"
        found.append(Warning("Every address will be the proxy's", hint=hint, id="people.W002"))
    missing = sorted(set(PASSKEY_ROLES) - set(settings.PASSKEY_ROLES))
    if not missing:
        return found
    hint = "Unset BWV_PASSKEY_ROLES, or name them there as well (OWASP ASVS 5.0 6.3.3)"
    said = f"No passkey is asked of: {', '.join(missing)}"
    return [*found, Warning(said, hint=hint, id="people.W001")]
