"""URLs of the docks' screens and the team's page."""

from django.urls import path

from ingest.docks import views

urlpatterns = [
    path("team/", views.team_page, name="team"),
    path("docks/", views.docks, name="docks"),
    path("docks/mine/", views.own_screen, name="dock-own-screen"),
    path("docks/open/", views.open_screen, name="dock-open"),
    path("docks/<path:name>/screen/", views.screen, name="dock-screen"),
    path("docks/<path:name>/screen/bays/", views.screen_bays, name="dock-screen-bays"),
]
