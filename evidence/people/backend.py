"""Django's permissions, answered by the one table."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend

# model -> (permission to see it in the admin, permission to change it there)
MODEL_PERMISSIONS: dict[str, tuple[str, str]] = {
    "recordings.recording": ("recording.view", ""),
    "recordings.category": ("recording.view", ""),
    "recordings.incidenttype": ("recording.view", ""),
    "recordings.grant": ("recording.grant", "recording.grant"),
    "recordings.restricted": ("recording.grant", ""),
    "recordings.package": ("package.make", "package.make"),
    "retention.unassigned": ("recording.assign", "recording.assign"),
    "retention.hold": ("hold.view", ""),
    "cases.case": ("case.view", "case.change"),
    "complaints.complaint": ("complaint.view", "complaint.change"),
    "complaints.category": ("complaint.data", "complaint.data"),
    "complaints.wording": ("complaint.data", "complaint.data"),
    "complaints.question": ("complaint.data", "complaint.data"),
    "complaints.template": ("complaint.data", "complaint.data"),
    "complaints.rate": ("complaint.data", "complaint.data"),
    "sharing.share": ("share.view", "share.make"),
    "sharing.domain": ("share.directory", "share.directory"),
    "sharing.contact": ("share.directory", "share.directory"),
    "sharing.basis": ("share.directory", "share.directory"),
    "custody.event": ("custody.view", ""),
    "custody.checkpoint": ("custody.view", ""),
    "custody.alarm": ("custody.state", ""),
    "uploads.upload": ("upload.view", ""),
    "uploads.quarantine": ("quarantine.view", ""),
    "accounting.price": ("accounting.view", "retention.rules"),
    "accounting.coldrule": ("accounting.view", "retention.rules"),
    "devices.camera": ("device.view", "device.change"),
    "devices.dock": ("device.view", "device.change"),
    "devices.issue": ("device.view", "device.change"),
    "people.user": ("people.view", "people.change"),
    "people.unit": ("people.view", "people.change"),
}


class TableBackend(ModelBackend):
    """Signs people in by user name; says what they may do from the table."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """`app.verb_model`: verb `view` asks the first column, `add` and `change` the second.

        Nothing is ever deleted through the admin.
        """
        label, _, name = perm.partition(".")
        verb, _, model = name.partition("_")
        view, change = MODEL_PERMISSIONS.get(f"{label}.{model}", ("", ""))
        wanted = {"view": view, "add": change, "change": change}.get(verb, "")
        return bool(wanted) and user_obj.is_active and bool(user_obj.may(wanted))

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Not kept as a set: the table is asked."""
        return set()
