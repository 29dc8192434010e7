"""URLs of signing in and out."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from evidence.people import views

urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(next_page="sign-in"), name="sign-out"),
]
