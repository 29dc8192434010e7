"""URLs of the pages for people outside."""

from django.urls import path

from evidence.recordings import references  # noqa: F401
from evidence.sharing import views

urlpatterns = [
    path("open", views.open_, name="share-open"),
    path("prove/", views.prove, name="share-prove"),
    path("prove/send/", views.send_code, name="share-send-code"),
    path("prove/check/", views.check_code, name="share-check-code"),
    path("<ref:reference>/", views.share, name="share"),
    path("<ref:reference>/<ref:recording>/", views.item, name="share-item"),
    path("<ref:reference>/<ref:recording>/facts/", views.facts, name="share-facts"),
    path("<ref:reference>/<ref:recording>/play/", views.play, name="share-play"),
]
