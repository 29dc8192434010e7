"""URLs of the fixity room."""

from django.urls import path

from evidence.fixity import views

urlpatterns = [
    path("", views.home, name="fixity"),
    path("<int:damage>/", views.one, name="fixity-damage"),
    path("<int:damage>/again/", views.again, name="fixity-again"),
    path("<int:damage>/lift/", views.lift, name="fixity-lift"),
]
