"""How a person proved who they are in this session, and what of it is still missing.

Methods come from allauth's records in the session: `password`, `mfa` with a type, and
`socialaccount` for the force's own identity provider, whose `amr` claim (RFC 8176) may say that
it asked for a second factor itself.
"""

from __future__ import annotations

from typing import Any

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.http import HttpRequest

from evidence.people.models import User
from evidence.people.table import DOCK

PASSKEY, CODE, NONE = "passkey", "code", ""
# What an identity provider may say that it asked for (RFC 8176; phr: OpenID EAP ACR values).
AMR_PASSKEY = {"hwk", "fido", "swk", "phr", "phrh", "sc"}
AMR_CODE = {"mfa", "otp", "pop", "sms"}
# The session's keys: what the provider said it asked for, and when.
SSO_FACTOR, SSO_TIME = "sso_factor", "sso_auth_time"


def records(request: HttpRequest) -> list[dict[str, Any]]:
    """What allauth wrote down of this session's proofs, oldest first."""
    if not request.user.is_authenticated:
        return []
    return list(get_authentication_records(request, request.user))


def from_amr(methods: object) -> str:
    """The factor that an identity provider's `amr` claim stands for."""
    said = {str(one) for one in methods} if isinstance(methods, list) else set()
    if said & AMR_PASSKEY:
        return PASSKEY
    return CODE if said & AMR_CODE else NONE


def second_factor(request: HttpRequest) -> str:
    """The best second factor of this session: PASSKEY, CODE or NONE."""
    found = {
        record.get("type") for record in records(request) if record.get("method") == "mfa"
    }  # fmt: skip
    sso = request.session.get(SSO_FACTOR, NONE)
    if "webauthn" in found or sso == PASSKEY:
        return PASSKEY
    return CODE if found & {"totp", "recovery_codes"} or sso == CODE else NONE


def needs_passkey(user: User) -> bool:
    """Whether one of the person's roles asks for a passkey."""
    return bool(set(user.roles) & set(settings.PASSKEY_ROLES))


def is_missing(request: HttpRequest, user: User) -> bool:
    """Whether this session lacks the factor that the person's roles ask for."""
    if DOCK in user.roles:
        return False  # a machine; its session opens one screen
    have = second_factor(request)
    return have != PASSKEY if needs_passkey(user) else have == NONE


def in_words(request: HttpRequest) -> str:
    """How the custody log says it: password+webauthn, openid+otp, …"""
    names = {"socialaccount": "openid"}
    found = []
    for record in records(request):
        method = record.get("type") or record.get("method") or ""
        name = names.get(str(method), str(method))
        if name and name not in found:
            found.append(name)
    return "+".join(found)[:60] or "session"
