"""URLs of the pages of holds."""

from django.urls import path

from evidence.retention import hold_acts, hold_views

urlpatterns = [
    path("", hold_views.holds, name="holds"),
    path("new/", hold_acts.new, name="hold-new"),
    path("<int:hold>/", hold_views.hold, name="hold"),
    path("<int:hold>/change/", hold_acts.change, name="hold-change"),
    path("<int:hold>/release/", hold_acts.release, name="hold-release"),
    path("watches/<int:watch>/", hold_views.watch, name="watch"),
    path("watches/<int:watch>/change/", hold_acts.change_watch, name="watch-change"),
    path("watches/<int:watch>/end/", hold_acts.end, name="watch-end"),
    path("releases/<int:release>/", hold_acts.decide, name="release"),
]
