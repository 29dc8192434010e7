"""Who may do what: the whole table, one row a permission.

A role that is not in a row may not do it. The scope says of which things:
OWN what the person recorded, TEAM besides what their unit and those below recorded,
ALL everything. `manage.py permissions` prints this.
"""

from __future__ import annotations

from enum import IntEnum

OFFICER = "officer"
SUPERVISOR = "supervisor"
STANDARDS = "professional_standards"
AUDITOR = "auditor"
ADMINISTRATOR = "administrator"

ROLES: dict[str, str] = {
    OFFICER: "Officer",
    SUPERVISOR: "Supervisor",
    STANDARDS: "Professional standards",
    AUDITOR: "Auditor (the log of everything, no footage)",
    ADMINISTRATOR: "System administrator (runs the system, no footage)",
}

# Nobody may watch the watchers and be watched: (one, other, why).
EXCLUDED_PAIRS: list[tuple[str, str, str]] = [
    (ADMINISTRATOR, OFFICER, "whoever runs the system can't see evidence"),
    (ADMINISTRATOR, SUPERVISOR, "whoever runs the system can't see evidence"),
    (ADMINISTRATOR, STANDARDS, "whoever runs the system can't see evidence"),
    (ADMINISTRATOR, AUDITOR, "whoever runs the system can't check on themselves"),
    (AUDITOR, STANDARDS, "whoever checks on looking can't be one who looks"),
    (AUDITOR, SUPERVISOR, "whoever checks on looking can't be one who looks"),
    (AUDITOR, OFFICER, "whoever checks on looking can't be one who looks"),
]


class Scope(IntEnum):
    """How far a permission reaches."""

    NONE = 0
    OWN = 1
    TEAM = 2
    ALL = 3


OWN, TEAM, ALL = Scope.OWN, Scope.TEAM, Scope.ALL

TABLE: dict[str, dict[str, Scope]] = {
    # footage
    "recording.view": {OFFICER: OWN, SUPERVISOR: TEAM, STANDARDS: ALL},
    "recording.download": {SUPERVISOR: TEAM, STANDARDS: ALL},
    "recording.categorise": {OFFICER: OWN, SUPERVISOR: TEAM, STANDARDS: ALL},
    "recording.assign": {STANDARDS: ALL},
    "package.make": {STANDARDS: ALL},
    "history.verify": {STANDARDS: ALL},
    "hold.view": {STANDARDS: ALL},
    "hold.set": {STANDARDS: ALL},
    "hold.release": {STANDARDS: ALL},
    # the back office
    "case.view": {STANDARDS: ALL},
    "case.change": {STANDARDS: ALL},
    "complaint.view": {STANDARDS: ALL},
    "complaint.change": {STANDARDS: ALL},
    "share.view": {STANDARDS: ALL},
    "share.make": {STANDARDS: ALL},
    "share.revoke": {STANDARDS: ALL},
    "quarantine.view": {STANDARDS: ALL, ADMINISTRATOR: ALL},
    "quarantine.resolve": {STANDARDS: ALL},
    # the log
    "custody.view": {AUDITOR: ALL},
    "custody.state": {STANDARDS: ALL, AUDITOR: ALL, ADMINISTRATOR: ALL},
    # running the system
    "upload.view": {STANDARDS: ALL, ADMINISTRATOR: ALL},
    "device.view": {STANDARDS: ALL, ADMINISTRATOR: ALL},
    "device.change": {ADMINISTRATOR: ALL},
    "people.view": {STANDARDS: ALL, ADMINISTRATOR: ALL},
    "people.change": {ADMINISTRATOR: ALL},
    "admin.open": {STANDARDS: ALL, AUDITOR: ALL, ADMINISTRATOR: ALL},
}


def scope(roles: list[str], permission: str) -> Scope:
    """The furthest scope that any of the roles has. Raises KeyError for an unknown permission."""
    row = TABLE[permission]
    return max((row.get(role, Scope.NONE) for role in roles), default=Scope.NONE)
