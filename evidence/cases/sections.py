"""What rooms above this one show on a case's page: exhibits, papers, shares.

They register here when the system starts, and answer for the reader alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.cases.models import Case
from evidence.people.models import User


@dataclass(frozen=True)
class Section:
    """One line of the case's task list, and with a template one part of its page.

    `state` says in words how far it is, `colour` its tag's (`plain`: no tag). Without `url` the
    line leads to the part of the page; without `template` there is no such part. The template
    is included with `section` and `case` beside the page's own context.
    """

    key: str
    title: str
    state: str
    colour: str = "plain"
    url: str = ""
    template: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    position: int = 100


Provider = Callable[[User, Case], Section | None]
_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """Add a part of a case's page; the same provider again changes nothing."""
    if provider not in _providers:
        _providers.append(provider)


def of(reader: User, case: Case) -> list[Section]:
    """Everything that this reader may know of, in order."""
    found = [section for provider in _providers if (section := provider(reader, case))]
    return sorted(found, key=lambda section: section.position)
