"""URLs of the pages for people outside."""

from django.urls import path

from evidence.sharing import views

urlpatterns = [
    path("open", views.open_, name="share-open"),
    path("prove/", views.prove, name="share-prove"),
    path("prove/send/", views.send_code, name="share-send-code"),
    path("prove/check/", views.check_code, name="share-check-code"),
    path("<str:reference>/", views.share, name="share"),
    path("<str:reference>/<str:recording>/", views.item, name="share-item"),
    path("<str:reference>/<str:recording>/play/", views.play, name="share-play"),
]
