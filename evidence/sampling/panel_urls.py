"""URLs of the scrutiny panel's workspace."""

from django.urls import path

from evidence.sampling import panel_views, references  # noqa: F401

urlpatterns = [
    path("", panel_views.home, name="panel"),
    path("<sample:session>/", panel_views.panel, name="panel-session"),
    path("<sample:session>/choose/", panel_views.choose, name="panel-choose"),
    path("<sample:session>/<number:item>/", panel_views.watch, name="panel-watch"),
    path("<sample:session>/<number:item>/play/", panel_views.play, name="panel-play"),
    path("<sample:session>/<number:item>/facts/", panel_views.facts, name="panel-facts"),
]
