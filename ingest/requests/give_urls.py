"""URLs for the person outside who was asked."""

from django.urls import path

from ingest.requests import give_files, give_views, references  # noqa: F401

urlpatterns = [
    path("open", give_views.open_, name="give-open"),
    path("prove/", give_views.prove, name="give-prove"),
    path("prove/send/", give_views.send_code, name="give-send-code"),
    path("prove/check/", give_views.check_code, name="give-check-code"),
    path("<request:reference>/", give_views.give, name="give"),
    path("<request:reference>/send/", give_views.send, name="give-send"),
    path("<request:reference>/files/", give_files.files, name="give-files"),
    path("<request:reference>/files/<uuid:upload>/parts/", give_files.parts, name="give-parts"),
    path("<request:reference>/files/<uuid:upload>/complete/", give_files.complete,
         name="give-complete"),
    path("<request:reference>/files/<uuid:upload>/leave-out/", give_files.leave_out,
         name="give-leave-out"),
]  # fmt: skip
