"""URLs of the officer's pages."""

from django.urls import path

from evidence.recordings import views

urlpatterns = [
    path("", views.footage, name="footage"),
    path("<str:reference>/", views.recording, name="recording"),
    path("<str:reference>/status/", views.status, name="recording-status"),
    path("<str:reference>/play/", views.play, name="recording-play"),
    path("<str:reference>/categorise/", views.categorise, name="recording-categorise"),
    path("<str:reference>/download/<int:original>/", views.download, name="recording-download"),
]
