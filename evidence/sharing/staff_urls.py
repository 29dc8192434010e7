"""URLs of the pages on which people of the force share."""

from django.urls import path

from evidence.recordings import references  # noqa: F401
from evidence.sharing import receipt_views, staff_views

urlpatterns = [
    path("", staff_views.shares, name="shares"),
    path("<ref:reference>/", staff_views.made, name="share-made"),
    path("<ref:reference>/receipt/", receipt_views.of_force, name="share-made-receipt"),
]
