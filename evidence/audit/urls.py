"""URLs of the auditor's room. None says a name: people are pseudonyms there."""

from django.urls import path

from evidence.audit import views

urlpatterns = [
    path("", views.home, name="audit"),
    path("recordings/", views.recordings, name="audit-recordings"),
    path("recordings/<str:subject>/", views.recording, name="audit-recording"),
    path("recordings/<str:subject>/csv/", views.recording_csv, name="audit-recording-csv"),
    path("people/", views.people, name="audit-people"),
    path("people/<str:person>/", views.person, name="audit-person"),
    path("people/<str:person>/csv/", views.person_csv, name="audit-person-csv"),
    path("unusual/", views.unusual, name="audit-unusual"),
    path("unusual/<int:unusual>/", views.one, name="audit-one"),
]
