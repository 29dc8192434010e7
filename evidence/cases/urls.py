"""URLs of cases."""

from __future__ import annotations

from django.urls import path, register_converter

from evidence.cases import views


class UrnConverter:
    """A URN as it stands in an address: 01AB-12345-26, in either case."""

    regex = "[0-9A-Za-z-]{1,40}"

    def to_python(self, value: str) -> str:
        """In capitals."""
        return value.upper()

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


register_converter(UrnConverter, "urn")

urlpatterns = [
    path("<urn:urn>/", views.case, name="case"),
]
