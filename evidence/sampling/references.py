"""References of plans and sessions in addresses: what is none leads nowhere, before any query."""

from __future__ import annotations

from django.urls import register_converter


class SampleConverter:
    """SP-7K3M-9QXD or PS-7K3M-9QXD, in either case."""

    regex = "(?:[Ss][Pp]|[Pp][Ss])-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}"

    def to_python(self, value: str) -> str:
        """In capitals."""
        return value.upper()

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


class NumberConverter:
    """A row's number that the database can be asked for."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        """The number."""
        return int(value)

    def to_url(self, value: int) -> str:
        """Its digits."""
        return str(value)


register_converter(SampleConverter, "sample")
register_converter(NumberConverter, "number")
