"""Letters and what else people were told: written from templates, checked, kept word for word."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from evidence.complaints import clocks, costs, letter_text, referral
from evidence.complaints.access import visible_to
from evidence.complaints.actions.saving import NOT_THERE, Refused, opened, saved
from evidence.complaints.clocks import To, said
from evidence.complaints.models import (
    Complaint,
    Letter,
    Referral,
    Template,
    Told,
)
from evidence.custody.record import Draft, record
from evidence.people.actions import NotAllowed
from evidence.people.models import User

What, How = Told.What, Told.How
# Which kind of telling a letter of each template is.
KINDS: dict[str, str] = {
    "acknowledgement": What.RECORD, "update": What.UPDATE, "outcome": What.OUTCOME,
    "outcome-no-review": What.OUTCOME, "outcome-outside": What.OUTCOME, "delay": What.DELAY,
}  # fmt: skip
# What the rules want in an outcome's letter, whatever a force has made of the template.
WITH_REVIEW = ["reference", "findings", "learning", "right", "body", "last_day"]
WITHOUT_REVIEW = ["reference", "findings", "learning"]
MOST = 20_000


class LetterError(Refused):
    """A letter, or a telling, that can't be. Its sentence is for a person."""


@dataclass(frozen=True)
class Written:
    """A letter before it is kept: as the template gives it, or as somebody has edited it."""

    to: str
    subject: str
    body: str


def templates_for(complaint: Complaint) -> list[Template]:
    """The newest version of each kind that can be sent in this complaint."""
    newest: dict[str, Template] = {}
    for template in Template.objects.filter(active=True).order_by("code", "version"):
        newest[template.code] = template
    fitting = [item for item in newest.values() if _fits(complaint, item.code)]
    return sorted(fitting, key=lambda item: (item.position, item.code))


def _fits(complaint: Complaint, code: str) -> bool:
    """An outcome has one of three letters, by how the complaint is handled."""
    if not complaint.under_schedule3:
        return code not in ("outcome", "outcome-no-review", "delay")
    if code == "outcome-outside":
        return False
    if code == "delay":
        return complaint.handling in clocks.INVESTIGATED
    if code in ("outcome", "outcome-no-review"):
        return clocks.has_review(complaint) == (code == "outcome")
    return True


def draft(*, by: User, complaint: Complaint, template: Template, on: date | None = None) -> Written:
    """The letter as its template gives it; nothing is kept. Raises NotAllowed, LetterError."""
    _own(by, complaint)
    facts = _facts(complaint, template, on or timezone.localdate())
    try:
        subject = letter_text.filled(template.subject, facts.values)
        body = letter_text.filled(template.body, facts.values)
    except letter_text.TemplateError as error:
        raise LetterError(str(error)) from None
    return Written(_recipient(complaint, template.code), subject[:160], body)


def _facts(complaint: Complaint, template: Template, on: date) -> letter_text.Facts:
    is_update = KINDS.get(template.code) == What.UPDATE
    return letter_text.facts_of(complaint, on, is_update=is_update)


def _recipient(complaint: Complaint, code: str) -> str:
    if code == "referral":
        name, address = letter_text.body_of("iopc")
        return f"{name}\n{address}"[:200]
    if code == "delay":
        both = [letter_text.body_of(body) for body in ("iopc", "lpb")]
        return "\n".join(name for name, _ in both)[:200]
    if code == "notice":
        return "[The officer]"
    return f"{complaint.complainant}\n{complaint.contact}".strip()[:200]


def lacks(complaint: Complaint, template: Template, written: Written, on: date) -> list[str]:
    """What the letter needs and has not, each as the end of "This letter needs …"."""
    needs = [str(item) for item in template.needs]
    if KINDS.get(template.code) == What.OUTCOME:
        legal = WITH_REVIEW if clocks.has_review(complaint) else WITHOUT_REVIEW
        needs += [item for item in legal if item not in needs]
    facts = _facts(complaint, template, on)
    # A browser ends lines otherwise than a letter that is kept.
    found = letter_text.missing(facts, f"{written.subject}\n{_lines(written.body)}", needs)
    if letter_text.HOLE.search(_lines(written.to)):
        found.append("somebody to whom it goes")
    if "body" in needs and letter_text.body_choice_missing(facts):
        found.append("a choice of who would review the outcome, on the complaint's page")
    return found


def make(
    *, by: User, complaint: Complaint, template: Template, written: Written, on: date | None = None
) -> Letter:
    """Keep a letter, word for word, with its SHA-256. Raises NotAllowed, LetterError.

    It is kept only with everything in it that the rules require; it is not sent by this.
    """
    _own(by, complaint)
    if len(written.body) > MOST:
        raise LetterError(f"This letter is longer than {MOST:,} letters. Shorten it.")
    clean = Written(_lines(written.to), " ".join(written.subject.split()), _lines(written.body))
    if not (clean.to and clean.subject and clean.body):
        raise LetterError("Enter whom it goes to, a subject and the letter.")
    if len(clean.to) > 200 or len(clean.subject) > 160:
        raise LetterError("Use at most 200 letters for whom it goes to and 160 for the subject.")
    wanting = lacks(complaint, template, clean, on or timezone.localdate())
    if wanting:
        raise LetterError(f"This letter needs {'; '.join(wanting)}.")
    with transaction.atomic():
        letter = Letter.objects.create(
            complaint=complaint, template=template, to=clean.to, subject=clean.subject,
            body=clean.body, sha256=fingerprint(clean), made_by=by,
        )  # fmt: skip
        record(
            Draft(
                "complaint.letter_made", complaint.subject(), by.actor(),
                data={"template": template.code, "version": template.version,
                      "sha256": letter.sha256},
                private={"name": by.short, "reference": complaint.reference, "to": letter.to,
                         "subject": letter.subject},
            )
        )  # fmt: skip
    return letter


def _lines(text: str) -> str:
    """One kind of line end, none of the blanks that nobody sees."""
    lines = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def fingerprint(written: Written | Letter) -> str:
    """SHA-256 of the letter's text: whom to, subject, body, with empty lines between, as UTF-8."""
    text = f"{written.to}\n\n{written.subject}\n\n{written.body}\n"
    return hashlib.sha256(text.encode()).hexdigest()


# --- telling ---
def tell(
    *, by: User, complaint: Complaint, what: str, how: str, to: str, on: date, words: str = "",
    letter: Letter | None = None,
) -> Told:  # fmt: skip
    """Write down that somebody was told something; what the clocks run from, in one transaction.

    Telling the outcome ends the handling and starts the time for a review. Raises NotAllowed,
    LetterError.
    """
    what, how, to = str(what), str(how), str(to)
    with transaction.atomic():
        row = opened(by=by, complaint=complaint, permission="complaint.change")
        kept = Letter.objects.select_for_update(of=("self",)).select_related("template").get(
            pk=letter.pk) if letter else None  # fmt: skip
        _check(row, what, how, to, on, words, kept)
        if what == What.OUTCOME and to == To.COMPLAINANT:
            _check_outcome(row, on, kept)
        told = Told.objects.create(
            complaint=row, what=what, how=how, to=to, on=on, words=words.strip(), letter=kept,
            entered_by=by,
        )  # fmt: skip
        if kept is not None:
            Letter.objects.filter(pk=kept.pk).update(sent_on=on)
            costs.letter_sent(by=by, letter=kept, on=on)
        _keep(by, row, told)
    complaint.refresh_from_db()
    return told


def _keep(by: User, row: Complaint, told: Told) -> None:
    """The event, and the row's clocks; the outcome changes the row as well."""
    data = {"what": told.what, "how": told.how, "on": told.on.isoformat(),
            "letter": told.letter.sha256 if told.letter else None}  # fmt: skip
    private = {"to": told.to, "words": told.words}
    if told.what == What.OUTCOME and told.to == To.COMPLAINANT:
        row.told_on, row.status = told.on, Complaint.Status.TOLD
        saved(by=by, row=row, kind="complaint.told", data=data, private=private)
        return
    # Another's open form is not out of date because a letter went: the version stays.
    clocks.keep(row)
    details = {"name": by.short, "reference": row.reference, **private}
    record(Draft("complaint.told", row.subject(), by.actor(), data=data, private=details))


def _own(by: User, complaint: Complaint) -> None:
    if not by.may("complaint.change") or not visible_to(by).filter(pk=complaint.pk).exists():
        raise NotAllowed(NOT_THERE)


def _check(
    complaint: Complaint, what: str, how: str, to: str, on: date, words: str, letter: Letter | None
) -> None:  # fmt: skip
    """What no telling may be. Raises LetterError."""
    if what not in What.values or how not in How.values or to not in list(To):
        raise LetterError("Choose what was told, how and to whom.")
    if on > timezone.localdate():
        raise LetterError("Choose today or a day before it: this is for what has happened.")
    if on < complaint.received:
        raise LetterError(f"Choose a day after it was received, {said(complaint.received)}.")
    if to == To.OFFICER:
        raise LetterError("An officer is told by serving the notice, on the complaint's page.")
    if how == How.ORAL and complaint.under_schedule3 and what != What.OTHER:
        raise LetterError(
            "Under Schedule 3 this is told in writing (SI 2020/2 reg 34(3)). Write a letter."
        )
    if what == What.DELAY and to not in (To.IOPC, To.LPB):
        raise LetterError("A report on the delay goes to the IOPC and the local policing body.")
    if letter is None:
        if not words.strip():
            raise LetterError("Enter what they were told, or choose the letter.")
        if how == How.WRITTEN and what in (What.OUTCOME, What.DELAY):
            raise LetterError("Choose the letter in which it was told.")
        return
    _check_letter(complaint, what, how, letter)


def _check_letter(complaint: Complaint, what: str, how: str, letter: Letter) -> None:
    if letter.complaint_id != complaint.pk:
        raise LetterError("Choose a letter of this complaint.")
    if how != How.WRITTEN:
        raise LetterError("What is told by a letter is told in writing.")
    if KINDS.get(letter.template.code, What.OTHER) != what:
        raise LetterError(f"“{letter.template.name}” tells something else. Choose another letter.")
    if letter.sha256 != fingerprint(letter):
        raise LetterError("This letter is not as it was written. Tell an administrator.")
    if Told.objects.filter(letter=letter).exists():
        raise LetterError("This letter was sent before. Write another.")


def _check_outcome(complaint: Complaint, on: date, letter: Letter | None) -> None:
    """Decided, referred, and told on a day that the letter reckons from. Raises LetterError."""
    if complaint.status != Complaint.Status.DECIDED or complaint.decided_on is None:
        raise LetterError("Decide the findings first: the outcome is told when all are decided.")
    if on < complaint.decided_on:
        raise LetterError(f"Choose a day after the decision, {said(complaint.decided_on)}.")
    open_ones = _undecided(complaint)
    if open_ones:
        numbers = ", ".join(map(str, open_ones))
        raise LetterError(f"Decide allegation {numbers} first: each needs its finding.")
    _check_referral(complaint)
    if letter is not None:
        written = Written(letter.to, letter.subject, letter.body)
        wanting = lacks(complaint, letter.template, written, on)
        if wanting:
            raise LetterError(
                f"Told on {said(on)}, this letter needs {'; '.join(wanting)}. Write another."
            )


def _undecided(complaint: Complaint) -> list[int]:
    decided = complaint.allegations.filter(
        findings__replaced_at=None, findings__decided_at__isnull=False
    ).values("pk")
    rows = complaint.allegations.filter(withdrawn_at=None).exclude(pk__in=decided)
    return list(rows.values_list("number", flat=True))


def _check_referral(complaint: Complaint) -> None:
    if referral.unanswered(complaint):
        raise LetterError("Answer every question of the referral checklist first.")
    waiting = Referral.objects.filter(complaint=complaint, mandatory=True, referred_on=None)
    if waiting.exists():
        raise LetterError("Refer it to the IOPC first: the checklist says that it has to go.")
