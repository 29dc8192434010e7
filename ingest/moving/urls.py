"""The page on which two people agree that the old store is cleared."""

from django.urls import path

from ingest.moving import views

urlpatterns = [
    path("moving/", views.moving, name="moving"),
    path("moving/agree/", views.agree, name="moving-agree"),
]
