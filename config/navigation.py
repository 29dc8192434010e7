"""The links on top of every page: what each person may open, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from django.http import HttpRequest
from django.urls import reverse

from evidence.complaints.access import notices_of
from evidence.people.models import User
from evidence.people.table import OFFICER, Scope

May = Callable[[User], bool]


def _may(permission: str) -> May:
    return lambda user: user.may(permission)


def _records(user: User) -> bool:
    return user.may("recording.view") and OFFICER in user.roles


def _sees_others(user: User) -> bool:
    return user.may("recording.view") and OFFICER not in user.roles


def _sees_docks(user: User) -> bool:
    return user.scope("dock.screen") is Scope.ALL


def _served(user: User) -> bool:
    """Only whoever was served has the link: nobody learns by it of what is to come."""
    return notices_of(user).exists()


# Words, URL name, who gets it: in the order in which they stand.
LINKS: list[tuple[str, str, May]] = [
    ("Team", "team", _may("team.view")),
    ("My footage", "footage", _records),
    ("Team footage", "footage", _sees_others),
    ("Search", "search", _may("recording.view")),
    ("Notices", "notices", _served),
    ("Cases", "cases", _may("case.view")),
    ("Complaints", "admin:complaints_complaint_changelist", _may("complaint.view")),
    ("Samples", "samples", _may("sample.view")),
    ("Panel", "panel", _may("panel.view")),
    ("Shares", "shares", _may("share.view")),
    ("Requests", "requests", _may("request.view")),
    ("Unusual", "audit-unusual", _may("audit.view")),
    ("Recordings", "audit-recordings", _may("audit.view")),
    ("People", "audit-people", _may("audit.view")),
    ("Custody log", "admin:custody_event_changelist", _may("custody.view")),
    ("People", "admin:people_user_changelist", _may("people.change")),
    ("Due", "due", _may("retention.propose")),
    ("Holds", "holds", _may("retention.propose")),
    ("Rules", "rules", _may("retention.propose")),
    ("Accounting", "accounting", _may("retention.propose")),
    ("Dock screens", "docks", _sees_docks),
    ("Docks", "admin:devices_dock_changelist", _may("device.change")),
    ("Back office", "admin:index", _may("admin.open")),
]


@dataclass(frozen=True)
class Link:
    """One link; `current` is aria-current's value, or empty."""

    words: str
    url: str
    current: str


def links(request: HttpRequest) -> list[Link]:
    """The links of whoever asks; none for a stranger."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):  # a stranger, or an error before anybody was known
        return []
    found = []
    for words, view, may in LINKS:
        if may(user):
            url = reverse(view)
            found.append(Link(words, url, _current(request.path, url)))
    # Of pages one below the other the nearest alone is where one is.
    nearest = max((len(link.url) for link in found if link.current), default=0)
    return [link if len(link.url) == nearest else replace(link, current="") for link in found]


def _current(path: str, url: str) -> str:
    """page: this very page; true: a page below it."""
    if path == url:
        return "page"
    return "true" if path.startswith(url) else ""
