"""URLs of the custody log: for everybody."""

from django.urls import path

from evidence.custody import views

urlpatterns = [
    path("policy", views.policy, name="custody-policy"),
    path("checkpoint", views.checkpoint, name="custody-checkpoint"),
]
