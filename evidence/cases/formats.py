"""What a case's references look like: a setting of the force, asked when a value is checked."""

from __future__ import annotations

import re

from django.conf import settings
from django.core.exceptions import ValidationError

from evidence.recordings import said

LONGEST_URN = 40


def urn(given: str) -> str:
    """A URN as it is kept: in capitals, without spaces around. Raises ValueError."""
    tidy = given.replace("\0", "").strip().upper()
    if len(tidy) > LONGEST_URN or not re.fullmatch(settings.URN, tidy, re.ASCII):
        raise ValueError(f"Enter a URN like {settings.URN_EXAMPLE}")
    return tidy


def slug(given: str) -> str:
    """A URN as it stands in an address: 01AB/12345/26 is 01AB-12345-26."""
    return re.sub(r"[^0-9A-Za-z]+", "-", given)


def check_urn(given: str) -> None:
    """Refuse what this force's URNs don't look like. Raises ValidationError."""
    try:
        kept = urn(given)
    except ValueError as error:
        raise ValidationError(str(error)) from None
    if kept != given:
        raise ValidationError(f"Enter a URN like {settings.URN_EXAMPLE}")


def check_crime_reference(given: str) -> None:
    """Refuse what this force's crime references don't look like. Raises ValidationError."""
    try:
        said.crime_reference(given)
    except ValueError as error:
        raise ValidationError(str(error)) from None
