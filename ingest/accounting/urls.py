"""URLs of accounting and storage."""

from django.urls import path

from ingest.accounting import views

urlpatterns = [
    path("accounting/", views.accounting, name="accounting"),
    path("accounting/count/", views.count, name="accounting-count"),
    path("storage/", views.storage_page, name="storage"),
]
