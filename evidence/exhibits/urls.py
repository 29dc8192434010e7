"""URLs of exhibits and papers: below a recording's page, and below a case's."""

from __future__ import annotations

from django.urls import path, register_converter

from evidence.cases import urls  # noqa: F401 - knows what a URN looks like
from evidence.exhibits import marks, paper_views, produce_views, views
from evidence.exhibits.papers import Kind


class MarkConverter:
    """A mark as it stands in an address: AS-1, in either case."""

    regex = marks.SLUG

    def to_python(self, value: str) -> str:
        """In capitals."""
        return value.upper()

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


class PaperConverter:
    """Which paper."""

    regex = "|".join(kind.value for kind in Kind)

    def to_python(self, value: str) -> Kind:
        """The kind itself."""
        return Kind(value)

    def to_url(self, value: Kind | str) -> str:
        """Its word."""
        return str(value)


class FormatConverter:
    """As what."""

    regex = "pdf|csv"

    def to_python(self, value: str) -> str:
        """As it is."""
        return value

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


class ItemConverter:
    """What is decided about: a recording or an exhibit by its reference."""

    regex = "[RXrx]-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}"

    def to_python(self, value: str) -> str:
        """In capitals."""
        return value.upper()

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


register_converter(MarkConverter, "mark")
register_converter(PaperConverter, "paper")
register_converter(FormatConverter, "format")
register_converter(ItemConverter, "item")

OF_CASE = "cases/<urn:urn>"
ONE = f"{OF_CASE}/exhibits/<mark:mark>"

urlpatterns = [
    path("footage/<ref:reference>/clip/", produce_views.produce, name="exhibit-produce"),
    path(f"{OF_CASE}/exhibits/", views.exhibits, name="exhibits"),
    path(f"{ONE}/", views.exhibit, name="exhibit"),
    path(f"{ONE}/status/", views.status, name="exhibit-status"),
    path(f"{ONE}/play/", views.play, name="exhibit-play"),
    path(f"{ONE}/facts/", views.facts, name="exhibit-facts"),
    path(f"{ONE}/download/", views.download, name="exhibit-download"),
    path(f"{ONE}/check/", views.check, name="exhibit-check"),
    path(f"{ONE}/withdraw/", views.withdraw, name="exhibit-withdraw"),
    path(f"{ONE}/again/", views.again, name="exhibit-again"),
    path(f"{OF_CASE}/papers/", paper_views.papers, name="case-papers"),
    path(f"{OF_CASE}/papers/<paper:kind>/<format:wanted>/", paper_views.make, name="case-paper"),
    path(f"{OF_CASE}/disclosure/<item:key>/", paper_views.decide, name="case-disclosure"),
]
