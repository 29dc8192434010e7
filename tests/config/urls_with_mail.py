"""The system's URLs as the demonstration has them: with its caught mail."""

from django.urls import include, path

from config.urls import handler403, handler404, handler500
from config.urls import urlpatterns as everywhere

__all__ = ["handler403", "handler404", "handler500"]
urlpatterns = [*everywhere, path("mail/", include("config.caught_mail"))]
