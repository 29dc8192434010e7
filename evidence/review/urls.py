"""URLs of the review room, below the complaint's page in the admin and behind the same door."""

from django.contrib import admin
from django.urls import path

from evidence.recordings import references  # noqa: F401
from evidence.review import views

behind = admin.site.admin_view

urlpatterns = [
    path("", behind(views.page), name="review-room"),
    path("notes/", behind(views.note), name="review-note"),
    path("notes/<int:note>/withdraw/", behind(views.withdraw), name="review-withdraw"),
    path("draft/", behind(views.draft), name="review-draft"),
    path("<ref:reference>/play/", behind(views.play), name="review-play"),
    path("<ref:reference>/facts/", behind(views.facts), name="review-facts"),
]
