"""URLs of the officer's pages."""

from django.urls import path

from evidence.recordings import (  # noqa: F401
    arrivals,
    categorise_views,
    coverage_views,
    footage_views,
    player_views,
    references,
    views,
)

urlpatterns = [
    path("", footage_views.footage, name="footage"),
    path("on-its-way/", arrivals.on_its_way, name="on-its-way"),
    path("new/", footage_views.new, name="footage-new"),
    path("categorise/", categorise_views.many, name="footage-categorise"),
    path("played/", coverage_views.played, name="played"),
    path("undo/", categorise_views.undo, name="footage-undo"),
    path("<ref:reference>/", views.recording, name="recording"),
    path("<ref:reference>/why/", views.why, name="recording-why"),
    path("<ref:reference>/status/", views.status, name="recording-status"),
    path("<ref:reference>/play/", views.play, name="recording-play"),
    path("<ref:reference>/small/", player_views.small, name="recording-small"),
    path("<ref:reference>/facts/", player_views.facts, name="recording-facts"),
    path("<ref:reference>/markers/", player_views.mark, name="recording-mark"),
    path("<ref:reference>/markers/<int:marker>/", player_views.marker, name="recording-marker"),
    path("<ref:reference>/categorise/", categorise_views.categorise, name="recording-categorise"),
    path("<ref:reference>/carry/", categorise_views.carry, name="recording-carry"),
    path("<ref:reference>/download/<int:original>/", views.download, name="recording-download"),
]
