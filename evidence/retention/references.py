"""References of batches in addresses: what is none leads nowhere, before any query."""

from __future__ import annotations

from django.urls import register_converter


class BatchConverter:
    """D-7K3M-9QXD, in either case."""

    regex = "[Dd]-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}"

    def to_python(self, value: str) -> str:
        """In capitals."""
        return value.upper()

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


register_converter(BatchConverter, "batch")
