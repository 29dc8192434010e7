"""Every URL of the system."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from config import health
from evidence.recordings import player_views
from evidence.recordings.search_views import search
from evidence.retention import group_views
from ingest.uploads.api import api

urlpatterns = [
    path("", include("evidence.people.urls")),
    path("", include("ingest.docks.urls")),
    path("footage/", include("evidence.recordings.urls")),
    path("search/", search, name="search"),
    path("together/", player_views.side_by_side, name="together"),
    path("together/move/", player_views.nudge, name="together-move"),
    path("cases/", include("evidence.cases.urls")),
    path("", include("evidence.exhibits.urls")),
    path("notices/", include("evidence.complaints.urls")),
    path("custody/", include("evidence.custody.urls")),
    path("audit/", include("evidence.audit.urls")),
    path("retention/groups/<ref:reference>/", group_views.group, name="recording-group"),
    path("retention/rules/", include("evidence.retention.policies.urls")),
    path("fixity/", include("evidence.fixity.urls")),
    path("samples/", include("evidence.sampling.urls")),
    path("retention/", include("evidence.retention.disposal_urls")),
    path("panel/", include("evidence.sampling.panel_urls")),
    path("shared/", include("evidence.sharing.urls")),
    path("shares/", include("evidence.sharing.staff_urls")),
    path("retention/holds/", include("evidence.retention.hold_urls")),
    path("requests/", include("ingest.requests.urls")),
    path("give/", include("ingest.requests.give_urls")),
    path("", include("ingest.accounting.urls")),
    path("", include("ingest.moving.urls")),
    path("admin/complaints/complaint/<int:complaint>/review/", include("evidence.review.urls")),
    path("admin/", admin.site.urls),
    path("api/", api.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]

# Letters may hold one-time codes: only the demonstration has such an address at all.
if settings.CATCH_MAIL:
    urlpatterns.append(path("mail/", include("config.caught_mail")))

handler404 = "config.health.not_found"
handler403 = "config.health.not_found"
handler500 = "config.health.our_fault"
