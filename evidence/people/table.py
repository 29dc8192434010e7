"""Who may do what: the whole table, one row a permission.

A role that is not in a row may not do it. The scope says of which things. Wider scopes hold
what narrower ones hold:
GRANTED what somebody granted them, with a reason and an end; OWN what they recorded;
UNIT what their unit, the units below it and the people they supervise recorded; ALL everything.
Whatever the scope, restricted footage needs a grant. `manage.py permissions` prints this.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

OFFICER = "officer"
SUPERVISOR = "supervisor"
CASE = "case_officer"
STANDARDS = "professional_standards"
AUTHORITY = "appropriate_authority"
MANAGER = "evidence_manager"
DISCLOSURE = "disclosure_officer"
PANEL = "panel_member"
AUDITOR = "auditor"
DOCK = "dock"
ADMINISTRATOR = "administrator"

ROLES: dict[str, str] = {
    OFFICER: "Officer",
    SUPERVISOR: "Supervisor",
    CASE: "Case officer",
    STANDARDS: "Professional standards investigator",
    AUTHORITY: "Appropriate authority",
    MANAGER: "Evidence manager (retention)",
    DISCLOSURE: "Disclosure officer",
    PANEL: "Scrutiny panel member",
    AUDITOR: "Auditor (every log, no footage)",
    DOCK: "Dock (its own screen)",
    ADMINISTRATOR: "System administrator (accounts and settings, no footage)",
}

# One person may not have a role of the first column and one of the second together: why.
EXCLUSIONS: list[tuple[str, tuple[str, ...], str]] = [
    (
        ADMINISTRATOR,
        (OFFICER, SUPERVISOR, CASE, STANDARDS, AUTHORITY, MANAGER, DISCLOSURE, PANEL),
        "whoever runs the system can't see evidence",
    ),
    (ADMINISTRATOR, (AUDITOR,), "whoever runs the system can't check on themselves"),
    (
        AUDITOR,
        (OFFICER, SUPERVISOR, CASE, STANDARDS, AUTHORITY, MANAGER, DISCLOSURE, PANEL),
        "whoever checks on looking can't be one who looks",
    ),
    (
        PANEL,
        (OFFICER, SUPERVISOR, CASE, STANDARDS, AUTHORITY, MANAGER, DISCLOSURE),
        "a scrutiny panel is independent of those whose work it reads",
    ),
    (AUTHORITY, (STANDARDS,), "whoever decides a complaint can't be who investigated it"),
    (
        DOCK,
        (OFFICER, SUPERVISOR, CASE, STANDARDS, AUTHORITY, MANAGER, DISCLOSURE, PANEL, AUDITOR,
         ADMINISTRATOR),
        "a dock is a machine, not a person",
    ),
]  # fmt: skip
EXCLUDED_PAIRS = [(one, other, why) for one, others, why in EXCLUSIONS for other in others]

# Signing in to these needs a passkey: a code that can be read out to a caller is not enough
# (OWASP ASVS 5.0 6.3.3). A force may name others: BWV_PASSKEY_ROLES.
PASSKEY_ROLES = (ADMINISTRATOR, STANDARDS, AUTHORITY, MANAGER)


class Scope(IntEnum):
    """How far a permission reaches."""

    NONE = 0
    GRANTED = 1
    OWN = 2
    UNIT = 3
    ALL = 4


GRANTED, OWN, UNIT, ALL = Scope.GRANTED, Scope.OWN, Scope.UNIT, Scope.ALL

TABLE: dict[str, dict[str, Scope]] = {
    # footage
    "recording.view": {
        OFFICER: OWN, SUPERVISOR: UNIT, CASE: GRANTED, STANDARDS: ALL, AUTHORITY: ALL,
        MANAGER: ALL, DISCLOSURE: GRANTED, PANEL: GRANTED,
    },
    "recording.download": {
        SUPERVISOR: UNIT, CASE: GRANTED, STANDARDS: ALL, DISCLOSURE: GRANTED,
    },
    "recording.categorise": {OFFICER: OWN, SUPERVISOR: UNIT, STANDARDS: ALL, MANAGER: ALL},
    "recording.mark": {
        OFFICER: OWN, SUPERVISOR: UNIT, CASE: GRANTED, STANDARDS: ALL, AUTHORITY: ALL,
    },
    "recording.assign": {STANDARDS: ALL, MANAGER: ALL},
    "recording.restrict": {SUPERVISOR: UNIT, STANDARDS: ALL, AUTHORITY: ALL, MANAGER: ALL},
    "recording.grant": {AUTHORITY: ALL, MANAGER: ALL},
    "team.view": {SUPERVISOR: UNIT},
    "package.make": {STANDARDS: ALL},
    "history.verify": {STANDARDS: ALL, AUTHORITY: ALL, MANAGER: ALL},
    "hold.view": {STANDARDS: ALL, AUTHORITY: ALL, MANAGER: ALL},
    "hold.set": {STANDARDS: ALL, AUTHORITY: ALL, MANAGER: ALL},
    "hold.release": {STANDARDS: ALL, AUTHORITY: ALL, MANAGER: ALL},
    # Rules, what is due, what was disposed of, and by whom.
    "retention.view": {STANDARDS: ALL, AUTHORITY: ALL, MANAGER: ALL},
    "retention.rules": {MANAGER: ALL},
    # One proposes, somebody else agrees: to a rule, and to a disposal that no rule releases.
    "retention.propose": {MANAGER: ALL},
    "retention.approve": {MANAGER: ALL, AUTHORITY: ALL},
    "retention.restore": {STANDARDS: ALL, AUTHORITY: ALL, MANAGER: ALL},
    # the back office
    # OWN is a case of which somebody is the officer in the case, or on its team; UNIT one whose
    # officer in the case is of the unit. Footage of a case is open to its team, unless restricted.
    "case.view": {
        OFFICER: OWN, SUPERVISOR: UNIT, CASE: OWN, DISCLOSURE: OWN, STANDARDS: ALL, AUTHORITY: ALL,
    },
    "case.change": {CASE: OWN, STANDARDS: ALL},
    # Finding footage for a case, and no more of it than who, when and where.
    "case.find": {CASE: ALL, STANDARDS: ALL},
    "exhibit.produce": {OFFICER: OWN, CASE: OWN, STANDARDS: ALL},
    "disclosure.decide": {CASE: OWN, DISCLOSURE: OWN, STANDARDS: ALL},
    "case.papers": {CASE: OWN, DISCLOSURE: OWN, STANDARDS: ALL},
    # Never a complaint in which somebody is named, or whom they supervise or are supervised by.
    "complaint.view": {STANDARDS: ALL, AUTHORITY: ALL},
    "complaint.change": {STANDARDS: ALL},
    "complaint.review": {STANDARDS: ALL, AUTHORITY: ALL},
    "complaint.decide": {AUTHORITY: ALL},
    "complaint.data": {STANDARDS: ALL, AUTHORITY: ALL},
    # What was served on oneself, and no more than the notice says.
    "notice.view": {
        OFFICER: OWN, SUPERVISOR: OWN, CASE: OWN, STANDARDS: OWN, AUTHORITY: OWN, MANAGER: OWN,
        DISCLOSURE: OWN,
    },
    "sample.view": {SUPERVISOR: UNIT, STANDARDS: ALL, AUTHORITY: ALL},
    "sample.draw": {STANDARDS: ALL, AUTHORITY: ALL},
    "sample.review": {SUPERVISOR: UNIT, STANDARDS: ALL, PANEL: GRANTED},
    "panel.view": {PANEL: GRANTED},
    # OWN is what somebody made or answers for, and what was shared of a case of whose team they
    # are. Whoever shares a thing must see it themselves.
    "share.view": {CASE: OWN, DISCLOSURE: OWN, STANDARDS: ALL, AUTHORITY: ALL},
    "share.make": {CASE: OWN, DISCLOSURE: OWN, STANDARDS: ALL},
    "share.revoke": {CASE: OWN, DISCLOSURE: OWN, STANDARDS: ALL, AUTHORITY: ALL},
    # Something restricted leaves the house when a second person has agreed, who sees it too.
    "share.approve": {STANDARDS: ALL, AUTHORITY: ALL},
    "share.directory": {STANDARDS: ALL},
    # Asking people outside for footage. OWN: what somebody asked for, or a case of theirs did.
    "request.view": {CASE: OWN, STANDARDS: ALL},
    "request.make": {CASE: OWN, STANDARDS: ALL},
    "quarantine.view": {STANDARDS: ALL, MANAGER: ALL, ADMINISTRATOR: ALL},
    "quarantine.resolve": {STANDARDS: ALL, MANAGER: ALL},
    # the log
    "custody.view": {AUDITOR: ALL},
    "custody.state": {STANDARDS: ALL, MANAGER: ALL, AUDITOR: ALL, ADMINISTRATOR: ALL},
    "audit.view": {AUDITOR: ALL},
    # Whether everything that was docked is there and unchanged: counts and keys, no footage.
    "accounting.view": {STANDARDS: ALL, MANAGER: ALL, AUDITOR: ALL, ADMINISTRATOR: ALL},
    # running the system
    "upload.view": {STANDARDS: ALL, MANAGER: ALL, ADMINISTRATOR: ALL},
    "device.view": {STANDARDS: ALL, MANAGER: ALL, ADMINISTRATOR: ALL},
    "device.change": {ADMINISTRATOR: ALL},
    "dock.screen": {DOCK: OWN, SUPERVISOR: ALL, MANAGER: ALL, ADMINISTRATOR: ALL},
    "people.view": {STANDARDS: ALL, AUTHORITY: ALL, MANAGER: ALL, ADMINISTRATOR: ALL},
    "people.change": {ADMINISTRATOR: ALL},
    "admin.open": {STANDARDS: ALL, AUTHORITY: ALL, MANAGER: ALL, AUDITOR: ALL, ADMINISTRATOR: ALL},
}  # fmt: skip


def scope(roles: Iterable[str], permission: str) -> Scope:
    """The furthest scope that any of the roles has. Raises KeyError for an unknown permission."""
    row = TABLE[permission]
    return max((row.get(role, Scope.NONE) for role in roles), default=Scope.NONE)
