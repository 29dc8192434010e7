"""URLs of cases."""

from __future__ import annotations

from django.urls import path, register_converter

from evidence.cases import find_views, link_views, views, work_views
from evidence.recordings import references  # noqa: F401


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
    path("", views.cases, name="cases"),
    path("new/", views.new, name="case-new"),
    path("link/", link_views.link, name="case-link"),
    path("<urn:urn>/", views.case, name="case"),
    path("<urn:urn>/change/", views.change, name="case-change"),
    path("<urn:urn>/court/", work_views.court, name="case-court"),
    path("<urn:urn>/court/<int:day>/", work_views.court_day, name="case-court-day"),
    path("<urn:urn>/team/", work_views.team, name="case-team"),
    path("<urn:urn>/team/<int:member>/", work_views.member, name="case-member"),
    path("<urn:urn>/find/", find_views.find, name="case-find"),
    path("<urn:urn>/unlink/<ref:reference>/", link_views.unlink, name="case-unlink"),
    path("<urn:urn>/release/", work_views.release, name="case-release"),
]
