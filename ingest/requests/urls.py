"""URLs of requests, for staff."""

from django.urls import path

from ingest.requests import references, views  # noqa: F401

urlpatterns = [
    path("", views.requests, name="requests"),
    path("new/", views.new, name="request-new"),
    path("<request:reference>/", views.request, name="request"),
    path("<request:reference>/revoke/", views.revoke, name="request-revoke"),
    path("<request:reference>/renew/", views.renew, name="request-renew"),
    path("<request:reference>/accept/<int:quarantine>/", views.accept, name="request-accept"),
]
