"""The report of a complaint as PDF, and letters as they are posted.

A report is to be read; what it says of footage is proved by the footage's own package.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import PageBreak, Spacer

from evidence.complaints import costs, report_facts
from evidence.complaints.access import visible_to
from evidence.complaints.actions.saving import NOT_THERE
from evidence.complaints.clocks import said
from evidence.complaints.letter_text import SECTION
from evidence.complaints.models import Complaint, Letter
from evidence.complaints.report_facts import Alleged, Facts, Footage
from evidence.custody import sequencer
from evidence.custody.models import Checkpoint
from evidence.custody.paper import (
    BODY,
    CELL,
    MONO,
    SMALL,
    TITLE,
    WIDTH,
    Sheet,
    eights,
    moment,
    p,
    render,
    table,
)
from evidence.custody.paper import HEAD as PAPER_HEAD
from evidence.custody.record import Draft, record
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.templatetags.evidence import clock, day, length

# A heading alone at the foot of a page says nothing.
HEAD = ParagraphStyle("kept", parent=PAPER_HEAD, keepWithNext=1)
DOUBT = (
    "This says nothing of what happened before the dock read the file, or whether the camera's "
    "clock was right."
)


def make(*, by: User, complaint: Complaint, address: str = "") -> bytes:
    """The report's bytes; making one is an event with their SHA-256. Raises NotAllowed."""
    _known(by, complaint)
    sequencer.run(wait=False)
    facts = report_facts.read(by, complaint)
    signed = Checkpoint.objects.order_by("-size").first()
    sheet = Sheet(
        settings.FORCE_NAME, "Report of a complaint", complaint.reference, by.short,
        timezone.now(), signed.size if signed else 0,
    )  # fmt: skip
    made = render(sheet, story(facts, sheet))
    taken(by=by, complaint=complaint, kind="report", made=made, address=address)
    return made


def letter(*, by: User, letter: Letter, address: str = "") -> bytes:
    """A letter as it is posted; taking it is an event. Raises NotAllowed."""
    _known(by, letter.complaint)
    made = letter_pdf(letter)
    taken(by=by, complaint=letter.complaint, kind="letter", made=made, address=address)
    return made


def _known(by: User, complaint: Complaint) -> None:
    if not by.may("complaint.view") or not visible_to(by).filter(pk=complaint.pk).exists():
        raise NotAllowed(NOT_THERE)


def taken(*, by: User, complaint: Complaint, kind: str, made: bytes, address: str) -> None:
    """Write down that something of a complaint was taken as a file, and which bytes."""
    with transaction.atomic():
        record(
            Draft(
                "complaint.exported", complaint.subject(), by.actor(address),
                data={"kind": kind, "sha256": hashlib.sha256(made).hexdigest(),
                      "size": len(made)},
                private={"name": by.short, "address": address,
                         "reference": complaint.reference},
            )
        )  # fmt: skip


# --- letters ---
@dataclass(frozen=True)
class _LetterSheet(Sheet):
    """A letter's foot: whose and which it is, and the fingerprint of its words."""

    sha256: str = ""

    def foot(self) -> list[str]:
        """Two lines."""
        return [f"{self.force} · {self.reference}", f"SHA-256 of the text: {self.sha256}"]


def letter_pdf(letter: Letter) -> bytes:
    """The letter on paper: force, whom to, day, subject, text with its headings."""
    complaint = letter.complaint
    on = letter.sent_on or timezone.localtime(letter.made_at).date()
    sheet = _LetterSheet(
        settings.FORCE_NAME, letter.subject, complaint.reference, letter.made_by.short,
        letter.made_at, 0, letter.sha256,
    )  # fmt: skip
    heads = {
        str(need).removeprefix(SECTION).casefold()
        for need in letter.template.needs
        if str(need).startswith(SECTION)
    }
    return render(sheet, _letter(letter, said(on), heads))


def _letter(letter: Letter, on: str, heads: set[str]) -> Iterable[Any]:
    yield p(settings.FORCE_NAME, HEAD)
    yield Spacer(1, 12 * mm)
    yield p(letter.to)
    yield Spacer(1, 10 * mm)
    yield p(on)
    yield Spacer(1, 6 * mm)
    yield p(letter.subject, HEAD)
    for block in letter.body.split("\n\n"):
        first, _, rest = block.partition("\n")
        if first.strip().casefold() in heads:
            yield p(first, HEAD)
            block = rest
        if block.strip():
            yield p(block)
            yield Spacer(1, 3 * mm)


# --- the report ---
def story(facts: Facts, sheet: Sheet) -> Iterable[Any]:
    """Every part, in the order in which it is read."""
    yield from _cover(facts, sheet)
    yield from _parties(facts.complaint)
    yield from _allegations(facts.alleged)
    yield from _outcome(facts)
    yield from _chronology(facts)
    yield from _footage(facts)
    yield from _costs(facts)
    yield from _proof(sheet)


def _pairs(rows: Iterable[tuple[str, str]]) -> Any:
    return table(
        ("", ""), [(name, words) for name, words in rows if words], (45 * mm, WIDTH - 45 * mm)
    )


def _cover(facts: Facts, sheet: Sheet) -> Iterable[Any]:
    item = facts.complaint
    yield p(sheet.force, SMALL)
    yield p(f"Report of complaint {item.reference}", TITLE)
    yield p(f"Made by {sheet.made_by} on {moment(sheet.made_at)}.", SMALL)
    yield _pairs(
        [
            ("Received", f"{said(item.received)}, {item.get_source_display().lower()}"),
            ("About", f"{moment(item.start)} to {moment(item.end)}"),
            ("Place", item.place),
            ("Handling", item.get_handling_display()),
            ("Severity", item.get_severity_display()),
            ("Status", item.get_status_display()),
            ("Handler", item.handler.short if item.handler else "Nobody yet"),
            ("Authority", item.authority.short if item.authority else "Nobody yet"),
            ("Time", report_facts.period(item)),
        ]
    )


def _parties(item: Complaint) -> Iterable[Any]:
    yield p("Who complains, and of whom", HEAD)
    rows = [(item.complainant, f"Complainant. {item.get_standing_display()}", item.contact)]
    for named in item.named.select_related("officer"):
        served = f"Notice served {said(named.served_on)}" if named.served_on else "Not served"
        rows.append((named.officer.short, named.get_part_display(), served))
    yield table(("Who", "As", "Address, or notice"), rows, (50 * mm, 55 * mm, WIDTH - 105 * mm))
    yield p("The complaint", HEAD)
    yield p(item.account)


def _allegations(alleged: list[Alleged]) -> Iterable[Any]:
    yield p("Allegations and findings", HEAD)
    if not alleged:
        yield p("None has been entered yet.")
    for one in alleged:
        item = one.allegation
        about = ", ".join(officer.short for officer in item.officers.all())
        kind = item.category
        yield p(f"{item.number}. {item.words}", HEAD)
        scheme = f"{kind} ({kind.scheme} {kind.version})"
        yield p(f"{scheme}{f', of {about}' if about else ''}", SMALL)
        if item.withdrawn_at:
            yield p(f"Withdrawn on {day(item.withdrawn_at)}: {item.withdrawn_reason}")
        yield from _finding(one)


def _finding(one: Alleged) -> Iterable[Any]:
    now = one.in_force
    if now is None:
        yield p("No finding yet.")
    for found in one.findings:
        replaced = " (replaced)" if found.replaced_at else ""
        yield p(f"{found.wording.words}{replaced}.")
        yield p(found.reasons)
        if found.learning:
            yield p(f"Learning: {found.learning}")
        decided = "not decided yet"
        if found.decided_by and found.decided_at:
            decided = f"decided by {found.decided_by.short}, {moment(found.decided_at)}"
        yield p(f"Proposed by {found.proposed_by.short}, {moment(found.proposed_at)}; {decided}",
                SMALL)  # fmt: skip


def _outcome(facts: Facts) -> Iterable[Any]:
    item = facts.complaint
    yield p("Outcome, learning and review", HEAD)
    chosen = item.body_choices.first()
    rows = [
        ("Decided", said(item.decided_on) if item.decided_on else "Not yet"),
        ("Told", said(item.told_on) if item.told_on else "Not yet"),
        ("Closed", said(item.closed_on) if item.closed_on else ""),
        ("Referral", _referral(facts)),
        ("Review body", f"{chosen.get_body_display()}. {' '.join(chosen.reasons)}" if chosen
         else "Not chosen"),
    ]  # fmt: skip
    for review in item.reviews.all():
        words = [f"{review.get_body_display()}, asked for {said(review.applied_on)}",
                 review.get_decision_display(), review.recommendations]  # fmt: skip
        rows.append(("Review", ". ".join(word for word in words if word)))
    for measure in item.measures.select_related("officer"):
        who = f" ({measure.officer.short})" if measure.officer else ""
        done = f" Done {said(measure.done_on)}. {measure.report}" if measure.done_on else " Open."
        rows.append((measure.get_kind_display(), f"{measure.words}{who}.{done}"))
    yield _pairs(rows)


def _referral(facts: Facts) -> str:
    row = facts.referral
    if row is None:
        return "Not referred"
    sent = f"referred {said(row.referred_on)}" if row.referred_on else "not referred yet"
    return f"Clear on {said(row.clear_on)}, {sent}. {row.get_answered_display()}"


def _chronology(facts: Facts) -> Iterable[Any]:
    yield p("Chronology", HEAD)
    yield table(
        ("When", "What"), [(entry.when, entry.words) for entry in facts.chronology],
        (45 * mm, WIDTH - 45 * mm),
    )  # fmt: skip


def _footage(facts: Facts) -> Iterable[Any]:
    yield PageBreak()
    yield p("Footage held for this complaint", HEAD)
    if not facts.footage:
        yield p("None that whoever made this report may see." if facts.unseen else "None.")
    for one in facts.footage:
        yield from _recording(one)
    if facts.unseen and facts.footage:
        yield p("Further footage is held that whoever made this report may not see.")
    yield p(DOUBT, SMALL)


def _recording(one: Footage) -> Iterable[Any]:
    item = one.recording
    who = item.officer.short if item.officer else "officer not known"
    yield p(item.reference, HEAD)
    yield p(f"{day(item.happened_at)} {clock(item.happened_at)}, {length(item.duration_ms)}, "
            f"{who}, camera {item.camera}")  # fmt: skip
    for original, proof in one.files:
        yield p(f"{original.file_name}, {original.size:,} bytes. SHA-256:", CELL)
        yield p(eights(original.sha256), MONO)
        yield p(proof, SMALL)
    yield p(f"{one.held}. {one.history}", SMALL)
    yield p("Reviewed by", CELL)
    for words in one.reviewed or ["Nobody has played any of it for this complaint."]:
        yield p(words, CELL)


def _costs(facts: Facts) -> Iterable[Any]:
    yield p("Cost", HEAD)
    if not facts.costs:
        yield p("No work has been entered.")
        return
    rows = [(one.rate, f"{one.minutes:,}", costs.pounds(one.pence)) for one in facts.costs]
    rows.append(("Together", f"{sum(one.minutes for one in facts.costs):,}",
                 costs.pounds(costs.total(facts.costs))))  # fmt: skip
    yield table(("Rate", "Minutes", "Cost"), rows, (WIDTH - 80 * mm, 40 * mm, 40 * mm))


def _proof(sheet: Sheet) -> Iterable[Any]:
    yield p("How to check this", HEAD)
    yield p(
        "This report is to be read; it proves nothing by itself. Ask the force for the package of "
        "a recording: its files, its whole history as it was written, and one program that checks "
        "all of it on any computer without a network.", BODY,
    )  # fmt: skip
    yield p(f"Log {settings.CUSTODY_ORIGIN}", SMALL)
