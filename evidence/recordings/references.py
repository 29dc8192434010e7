"""References in addresses: what is none leads nowhere, before any query."""

from __future__ import annotations

import re

from django.urls import register_converter


class ReferenceConverter:
    """R-7K3M-9QXD, in either case."""

    regex = "[RSrs]-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}"

    def to_python(self, value: str) -> str:
        """In capitals."""
        return value.upper()

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


_SHAPE = re.compile(ReferenceConverter.regex)


def is_reference(text: str) -> bool:
    """Whether this may be one. What may not is kept from the database: some of it breaks it."""
    return _SHAPE.fullmatch(text) is not None


register_converter(ReferenceConverter, "ref")
