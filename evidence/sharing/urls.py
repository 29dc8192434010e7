"""URLs of the pages for people outside."""

from django.urls import path

from evidence.recordings import references  # noqa: F401
from evidence.sharing import gateway, receipt_views, views

THING = "<ref:reference>/<int:number>/"

urlpatterns = [
    path("open", views.open_, name="share-open"),
    path("prove/", views.prove, name="share-prove"),
    path("prove/send/", views.send_code, name="share-send-code"),
    path("prove/check/", views.check_code, name="share-check-code"),
    path("<ref:reference>/", views.share, name="share"),
    path("<ref:reference>/state/", views.state, name="share-state"),
    path("<ref:reference>/write/", views.write, name="share-write"),
    path("<ref:reference>/more/", views.more, name="share-more"),
    path("<ref:reference>/receipt/", receipt_views.of_person, name="share-receipt"),
    path("<ref:reference>/more/asked/", views.more_asked, name="share-more-asked"),
    path(THING, views.item, name="share-item"),
    path(f"{THING}facts/", views.facts, name="share-facts"),
    path(f"{THING}play/", views.play, name="share-play"),
    path(f"{THING}write/", views.write, name="share-item-write"),
    path(f"{THING}download/", views.download, name="share-download"),
    path(f"{THING}<uuid:viewing>/file/", gateway.take, name="share-take"),
    path(f"{THING}<uuid:viewing>/<str:letter>/<int:file>/", gateway.media, name="share-media"),
]
