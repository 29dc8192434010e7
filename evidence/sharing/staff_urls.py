"""URLs of the pages on which people of the force share."""

from django.urls import path

from evidence.recordings import references  # noqa: F401
from evidence.sharing import act_views, make_views, people_views, receipt_views, staff_views

ONE = "<ref:reference>/"

urlpatterns = [
    path("", staff_views.shares, name="shares"),
    path("new/", make_views.new, name="share-new"),
    path("people/", people_views.people, name="share-people"),
    path("people/new/", people_views.contact, name="share-contact-new"),
    path("people/<int:contact>/", people_views.contact, name="share-contact"),
    path(ONE, staff_views.made, name="share-made"),
    path(f"{ONE}extend/", act_views.extend, name="share-extend"),
    path(f"{ONE}narrow/<int:number>/", act_views.narrow, name="share-narrow"),
    path(f"{ONE}revoke/", act_views.revoke, name="share-revoke"),
    path(f"{ONE}send/", act_views.send, name="share-send"),
    path(f"{ONE}again/", act_views.again, name="share-again"),
    path(f"{ONE}decide/", act_views.decide, name="share-decide"),
    path(f"{ONE}take-over/", act_views.take_over, name="share-take-over"),
    path(f"{ONE}answer/", act_views.answer, name="share-answer"),
    path(f"{ONE}receipt/", receipt_views.of_force, name="share-made-receipt"),
]
