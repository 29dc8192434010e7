"""What an auditor may ask about: footage, papers and people, by what is written on them.

Nobody reads the audit of themselves: one's own footage, a complaint that names one and one's
own looks are as if they were not there.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q

from evidence.cases.models import Case
from evidence.complaints.access import conflicts_of
from evidence.complaints.models import Complaint
from evidence.custody.models import Event
from evidence.people.models import User
from evidence.recordings.models import Original, Recording
from evidence.sharing.models import Share

SAYABLE = re.compile(r"[A-Z]-[0-9A-Z]{4}-[0-9A-Z]{4}")
NUMBERED = re.compile(r"([a-z]{2,20})-(\d{1,12})")
COMPLAINT = re.compile(r"(PC|CM)/\d{1,6}/\d{2}")
PERSON = re.compile(r"u-[0-9A-Za-z-]{1,60}")
PEOPLE = 50
WORDS = 6


class NotThere(LookupError):
    """Nothing of that name, or nothing that this auditor may ask about."""


@dataclass(frozen=True)
class Asked:
    """What is asked about: how the log names it, how people do, and all its names in the log."""

    ref: str
    label: str
    refs: tuple[str, ...]


def resolve(typed: str) -> str:
    """How the log names what somebody typed: R-…, PC/12/26, a URN. Raises NotThere."""
    text = "".join(typed.split()).upper()
    if SAYABLE.fullmatch(text):
        return text
    if COMPLAINT.fullmatch(text):
        return f"complaint-{_key(Complaint.objects.filter(reference=text))}"
    if re.fullmatch(settings.URN, text):
        return f"case-{_key(Case.objects.filter(urn=text))}"
    if NUMBERED.fullmatch(text.lower()):
        return text.lower()
    raise NotThere


def _key(found: object) -> int:
    key: int | None = found.values_list("pk", flat=True).first()  # type: ignore[attr-defined]
    if key is None:
        raise NotThere
    return key


def find(by: User, ref: str) -> Asked:
    """What the log calls `ref`, with every name under which it was looked at. Raises NotThere."""
    if SAYABLE.fullmatch(ref):
        footage = _recording(by, ref)
        if footage:
            return footage
    elif not NUMBERED.fullmatch(ref):
        raise NotThere
    if hidden(by, [ref]):
        raise NotThere
    label = labels({ref}).get(ref, "")
    if not label and not Event.objects.filter(object_ref=ref).exists():
        raise NotThere
    return Asked(ref, label or ref, (ref,))


def _recording(by: User, ref: str) -> Asked | None:
    found = Recording.objects.filter(reference=ref).select_related("joined_into").first()
    if found is None:
        return None
    whole = found.joined_into or found
    if whole.officer_id == by.pk:
        raise NotThere
    refs = {whole.reference, ref}
    refs |= set(Recording.objects.filter(joined_into=whole).values_list("reference", flat=True))
    refs |= set(Original.objects.filter(recording=whole).values_list("reference", flat=True))
    return Asked(whole.reference, whole.reference, tuple(sorted(refs)))


def people(by: User, typed: str) -> list[User]:
    """People whose name, collar number, user name or pseudonym has every word; never oneself."""
    wanted = Q()
    for word in typed.split()[:WORDS]:
        wanted &= (
            Q(name__icontains=word) | Q(collar__iexact=word) | Q(rank__iexact=word)
            | Q(username__iexact=word) | Q(ref__iexact=word)
        )  # fmt: skip
    if not wanted:
        return []
    found = User.objects.filter(wanted).exclude(pk=by.pk).select_related("unit")
    return list(found.order_by("name", "pk")[: PEOPLE + 1])


def hidden(by: User, refs: Collection[str]) -> set[str]:
    """Those of the references that are this auditor's own: they don't stand in lists either."""
    own = {ref for ref in refs if ref == by.ref}
    footage = [ref for ref in refs if ref.startswith("R-")]
    if footage:
        rows = Recording.objects.filter(
            Q(officer=by) | Q(joined_into__officer=by), reference__in=footage
        )
        own |= set(rows.values_list("reference", flat=True))
    papers = [int(ref[10:]) for ref in refs if re.fullmatch(r"complaint-\d{1,12}", ref)]
    if papers:
        # One that names them, or somebody whom they supervised or who supervised them.
        named = Complaint.objects.filter(pk__in=conflicts_of(by)).filter(pk__in=papers)
        own |= {f"complaint-{pk}" for pk in named.values_list("pk", flat=True)}
    return own


@dataclass(frozen=True)
class Looker:
    """Whose looks are asked about: somebody who works here, or a person outside by their share."""

    ref: str
    label: str
    about: str


def looker(by: User, ref: str) -> Looker:
    """Somebody by pseudonym or share. Raises NotThere, also for oneself."""
    if not (PERSON.fullmatch(ref) or SAYABLE.fullmatch(ref)):
        raise NotThere
    user = User.objects.filter(ref=ref).exclude(pk=by.pk).select_related("unit").first()
    if user is not None:
        parts = [user.name, user.unit.name if user.unit else "", user.get_status_display()]
        return Looker(ref, user.short, " · ".join(part for part in parts if part))
    share = Share.objects.filter(reference=ref).first()
    if share is None:
        raise NotThere
    return Looker(ref, share.recipient, f"{share.organisation} · outside, by share {ref}")


def labels(refs: Collection[str]) -> dict[str, str]:
    """How people name what the log names otherwise: three queries at most."""
    numbers: dict[str, list[int]] = {"complaint": [], "case": []}
    for ref in refs:
        kind, _, number = ref.partition("-")
        if kind in numbers and number.isdecimal() and len(number) < 13:
            numbers[kind].append(int(number))
    found: dict[str, str] = {}
    if numbers["complaint"]:
        rows = Complaint.objects.filter(pk__in=numbers["complaint"])
        found |= {f"complaint-{pk}": name for pk, name in rows.values_list("pk", "reference")}
    if numbers["case"]:
        cases = Case.objects.filter(pk__in=numbers["case"])
        found |= {f"case-{pk}": name for pk, name in cases.values_list("pk", "urn")}
    return found | names([ref for ref in refs if ref.startswith("u-")])


def names(refs: Collection[str]) -> dict[str, str]:
    """People's names as they are now, by pseudonym."""
    if not refs:
        return {}
    return {user.ref: user.short for user in User.objects.filter(ref__in=refs)}
