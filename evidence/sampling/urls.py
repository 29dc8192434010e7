"""URLs of samples. None says a name or what was recorded."""

from django.urls import path

from evidence.sampling import item_views, panel_views, references, views  # noqa: F401

urlpatterns = [
    path("", views.plans, name="samples"),
    path("new/", views.new, name="sample-new"),
    path("learning/", views.learning, name="sample-learning"),
    path("concerns/", views.concerns, name="sample-concerns"),
    path("sessions/<sample:session>/", panel_views.set_session, name="panel-set"),
    path("sessions/<sample:session>/close/", panel_views.close, name="panel-close"),
    path("<sample:plan>/", views.plan, name="sample"),
    path("<sample:plan>/proof/", views.proved, name="sample-proof"),
    path("<sample:plan>/draw/", views.draw, name="sample-draw"),
    path("<sample:plan>/export/", views.export, name="sample-export"),
    path("<sample:plan>/csv/", views.table, name="sample-csv"),
    path("<sample:plan>/session/", panel_views.seat, name="panel-seat"),
    path("<sample:plan>/<number:item>/", item_views.item, name="sample-item"),
    path("<sample:plan>/<number:item>/review/", item_views.review, name="sample-review"),
    path("<sample:plan>/<number:item>/skip/", item_views.skip, name="sample-skip"),
    path("<sample:plan>/<number:item>/debrief/", item_views.debrief, name="sample-debrief"),
]
