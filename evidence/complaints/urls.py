"""What an officer was served with: the only pages of complaints outside the back office."""

from django.urls import path

from evidence.complaints import notices

urlpatterns = [
    path("", notices.listed, name="notices"),
    path("<int:notice>/", notices.read, name="notice"),
]
