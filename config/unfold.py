"""How the admin looks: our colours and Inter, no outside host."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy


def _may(permission: str) -> Any:
    return lambda request: bool(getattr(request.user, "may", lambda _: False)(permission))


def _item(
    title: str, icon: str, view: str, permission: str, *, besides: str = ""
) -> dict[str, Any]:  # fmt: skip
    """One link; `besides` is a page below it that has a link of its own."""
    link = reverse_lazy(view)
    item = {"title": title, "icon": icon, "link": link, "permission": _may(permission)}
    if besides:
        other = reverse_lazy(besides)
        item["active"] = lambda request: (
            request.path.startswith(str(link)) and not request.path.startswith(str(other))
        )
    return item


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Body-worn video evidence",
    "SITE_HEADER": "Evidence",
    "SITE_SUBHEADER": "Back office",
    "SITE_URL": "/",
    "SITE_SYMBOL": "videocam",
    "SITE_FAVICONS": [{"rel": "icon", "href": lambda request: "data:,"}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "THEME": "light",
    "BORDER_RADIUS": "4px",
    "DASHBOARD_CALLBACK": "config.admin.dashboard",
    "STYLES": [lambda request: static("admin.css")],
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "title": "Evidence",
                "items": [
                    _item("Recordings", "videocam", "admin:recordings_recording_changelist",
                          "recording.view"),
                    _item("To be assigned", "person_search",
                          "admin:retention_unassigned_changelist", "recording.assign"),
                    _item("Cases", "folder", "admin:cases_case_changelist", "case.view"),
                    _item("Complaints", "gavel", "admin:complaints_complaint_changelist",
                          "complaint.view", besides="admin:complaints_complaint_statistics"),
                    _item("Samples", "casino", "samples", "sample.view"),
                    _item("Statistics", "bar_chart", "admin:complaints_complaint_statistics",
                          "complaint.view"),
                    _item("Restricted", "visibility_lock", "admin:recordings_restricted_changelist",
                          "recording.grant"),
                    _item("Packages", "inventory_2", "admin:recordings_package_changelist",
                          "package.make"),
                    _item("Shares", "share", "shares", "share.view"),
                ],
            },
            {
                "title": "Ingest",
                "items": [
                    _item("Uploads", "upload", "admin:uploads_upload_changelist", "upload.view"),
                    _item("Quarantine", "warning", "admin:uploads_quarantine_changelist",
                          "quarantine.view"),
                    _item("Cameras", "photo_camera", "admin:devices_camera_changelist",
                          "device.view"),
                    _item("Docks", "dock", "admin:devices_dock_changelist", "device.view"),
                    _item("Issues", "badge", "admin:devices_issue_changelist", "device.view"),
                ],
            },
            {
                "title": "Keeping",
                "items": [
                    _item("Due", "event_upcoming", "due", "retention.view", besides="disposed"),
                    _item("Disposed of", "delete_forever", "disposed", "retention.view"),
                    _item("Holds", "lock", "holds", "hold.view"),
                    _item("Rules", "rule", "rules", "retention.view"),
                    _item("Accounting", "fact_check", "accounting", "accounting.view"),
                    _item("Fixity", "health_and_safety", "fixity", "accounting.view"),
                    _item("Storage", "database", "storage", "accounting.view"),
                    _item("Moving stores", "move_down", "moving", "retention.approve"),
                ],
            },
            {
                "title": "Record",
                "items": [
                    _item("Who looked", "visibility", "audit-recordings", "audit.view"),
                    _item("Unusual looks", "policy_alert", "audit-unusual", "audit.view"),
                    _item("Custody log", "history", "admin:custody_event_changelist",
                          "custody.view"),
                    _item("Checkpoints", "verified", "admin:custody_checkpoint_changelist",
                          "custody.view"),
                    _item("Alarms", "notification_important", "admin:custody_alarm_changelist",
                          "custody.state"),
                    _item("Allegation categories", "category",
                          "admin:complaints_category_changelist", "complaint.data"),
                    _item("Wordings of findings", "short_text",
                          "admin:complaints_wording_changelist", "complaint.data"),
                    _item("Referral checklist", "checklist",
                          "admin:complaints_question_changelist", "complaint.data"),
                    _item("Letter texts", "mail", "admin:complaints_template_changelist",
                          "complaint.data"),
                    _item("Rates", "payments", "admin:complaints_rate_changelist",
                          "complaint.data"),
                    _item("Storage prices", "payments", "admin:accounting_price_changelist",
                          "accounting.view"),
                    _item("Cold storage", "ac_unit", "admin:accounting_coldrule_changelist",
                          "accounting.view"),
                    _item("Domains to share with", "alternate_email",
                          "admin:sharing_domain_changelist", "share.directory"),
                    _item("People to share with", "contacts", "admin:sharing_contact_changelist",
                          "share.directory"),
                    _item("Legal bases", "balance", "admin:sharing_basis_changelist",
                          "share.directory"),
                    _item("People", "group", "admin:people_user_changelist", "people.view"),
                    _item("Units", "account_tree", "admin:people_unit_changelist", "people.view"),
                ],
            },
        ],
    },
}  # fmt: skip
