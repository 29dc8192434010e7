"""What is typed of a rule: read here, judged by the actions."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from evidence.recordings.models import Group, Rule
from evidence.retention.policies.actions import NotSaid, Wish


def typed(sent: QueryDict) -> dict[str, Any]:
    """Everything as it came, to be shown again."""
    names = ("long", "days", "group", "by_case", "release", "source", "reason")
    return {name: sent.get(name, "").replace("\0", "")[:400] for name in names}


def started(rule: Rule | None) -> dict[str, Any]:
    """A new version begins as the one before it."""
    if rule is None:
        return {"long": "days", "release": Rule.Release.PEOPLE}
    return {
        "long": "group" if rule.group else "days", "days": rule.days or "",
        "group": rule.group.code if rule.group else "", "by_case": "1" if rule.by_case else "",
        "release": rule.release, "source": rule.source,
    }  # fmt: skip


def wish(said: dict[str, Any]) -> Wish:
    """What was typed as a rule. Raises NotSaid."""
    days, group = None, None
    if said["long"] == "group":
        group = Group.objects.filter(code=said["group"]).first()
        if group is None:
            raise NotSaid("Select a MoPI group", "group")
    else:
        text = str(said["days"]).strip()
        if not (text.isascii() and text.isdecimal() and len(text) < 7):
            raise NotSaid("Enter a number of days, like 31", "days")
        days = int(text)
    return Wish(days, group, bool(said["by_case"]), said["release"], said["source"], said["reason"])
