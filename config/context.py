"""What every template may ask for."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def house(request: HttpRequest) -> dict[str, Any]:
    """The force's name, and whether this is the demonstration."""
    sso = settings.OIDC_NAME if settings.OIDC_URL else ""
    return {"force_name": settings.FORCE_NAME, "demo": settings.DEMO, "sso_name": sso}
