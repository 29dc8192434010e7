"""What every template may ask for."""

from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from config import navigation


def house(request: HttpRequest) -> dict[str, Any]:
    """The force's name, whether this is the demonstration, and the person's links.

    The links are found when a page shows them: a page of an error must not ask the database.
    """
    return {
        "force_name": settings.FORCE_NAME,
        "demo": settings.DEMO,
        "sso_name": settings.OIDC_NAME if settings.OIDC_URL else "",
        "navigation": partial(navigation.links, request),
    }
