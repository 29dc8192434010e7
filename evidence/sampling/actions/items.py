"""Reviewing, skipping and debriefing what was drawn."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from evidence.custody.record import Draft, record
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.people.table import Scope
from evidence.recordings.models import Recording
from evidence.sampling import draw as rule
from evidence.sampling import questions
from evidence.sampling.access import concerns_to, items_to, open_to, shown_in
from evidence.sampling.actions.words import NOT_YOURS, NotSaid, needed, require, short
from evidence.sampling.models import Answer, Item, PanelSession, Review, Stratum

Said = Mapping[str, tuple[str, str]]  # a question's code: the answer, and words
OUT_OF_REACH = "It can't be shown any more."
WORDED = {
    Review.Outcome.GOOD: "Enter what was done well",
    Review.Outcome.LEARNING: "Enter what can be learned",
    Review.Outcome.CONCERN: "Enter what the concern is",
}


def review(
    *, by: User, item: int, answers: Said, outcome: str, words: str,
    session: PanelSession | None = None,
) -> Review:  # fmt: skip
    """Keep what somebody found; what they found before is written over, and the log has both.

    In a session of the panel: by its members, while it is open. Raises NotAllowed, NotSaid.
    """
    require(by, "sample.review")
    with transaction.atomic():
        row = _for_panel(by, session, item) if session else _locked(by, item)
        if row.state == Item.State.SKIPPED:
            raise NotSaid("It was skipped meanwhile. Review the one that took its place.")
        asked = questions.of(row.stratum.kind)
        said = _answers(asked, answers)
        if outcome not in Review.Outcome.values:
            raise NotSaid("Select what comes of it", "outcome")
        wanted = WORDED.get(Review.Outcome(outcome))
        kept = needed(words, wanted, 2000, "words") if wanted else short(words, 2000, "words")
        values: dict[str, Any] = {"outcome": outcome, "words": kept}
        before = Review.objects.filter(item=row, reviewer=by, session=session).first()
        if before and (before.outcome, before.words) != (outcome, kept):
            # What was done about it was about other words: somebody has to look again.
            values |= {"note": "", "noted_by": None, "noted_at": None}
        made, _ = Review.objects.update_or_create(
            item=row, reviewer=by, session=session, defaults=values
        )
        made.answers.all().delete()
        Answer.objects.bulk_create(
            [Answer(review=made, question_id=pk, value=value, words=more)
             for pk, value, more in said]
        )  # fmt: skip
        if session is None and row.state == Item.State.TO_DO:
            row.state = Item.State.REVIEWED
            row.save(update_fields=["state"])
        _told("sample.reviewed", by, row, outcome=made.get_outcome_display(), words=kept)
    return made


def _answers(asked: list[Any], answers: Said) -> list[tuple[int, str, str]]:
    found = []
    for question in asked:
        value, words = answers.get(question.code, ("", ""))
        if value not in Answer.Value.values:
            raise NotSaid(f"Answer: {question.words}", f"q-{question.code}")
        found.append((question.pk, value, short(words, 500, f"w-{question.code}")))
    return found


def _locked(by: User, item: int) -> Item:
    """An item that somebody may review, under its lock. Raises NotAllowed."""
    row = (
        items_to(by, "sample.review").select_for_update(of=("self",))
        .select_related("stratum__plan", "recording__officer").defer("stratum__frame")
        .filter(pk=item).first()
    )  # fmt: skip
    if row is None:
        raise NotAllowed(NOT_YOURS)
    return row


def _for_panel(by: User, session: PanelSession, item: int) -> Item:
    held = open_to(by).select_for_update(of=("self",)).filter(pk=session.pk).first()
    row = held and (
        shown_in(held).select_related("stratum__plan", "recording__officer")
        .defer("stratum__frame").filter(pk=item).first()
    )  # fmt: skip
    if not row:
        raise NotAllowed(NOT_YOURS)
    return row


def _told(kind: str, by: User, item: Item, **private: str) -> None:
    details = {"name": by.short, "reference": item.recording.reference} | private
    data = {"item": item.pk}
    record(Draft(kind, item.stratum.plan.subject(), by.actor(), data, details))


def skip(*, by: User, item: int, reason: str) -> Item | None:
    """Leave one out, for a reason that stays; the next in the seed's order takes its place.

    None where the stratum has no more. Raises NotAllowed, NotSaid.
    """
    require(by, "sample.review")
    with transaction.atomic():
        row = _locked(by, item)
        if row.state != Item.State.TO_DO:
            raise NotSaid(f"It is {row.get_state_display().lower()} already. Load the page again.")
        # Nobody takes from the panel what its chair chose, but those who set its sessions.
        chosen = row.sessions.filter(closed_at=None, closes_at__gt=timezone.now())
        if by.scope("sample.review") is not Scope.ALL and chosen.exists():
            raise NotSaid(
                "The scrutiny panel has chosen it. Ask professional standards to leave it out.",
                "reason",
            )
        kept = needed(reason, "Enter why it is left out", 300, "reason")
        if len(kept) < 3:
            raise NotSaid("Enter why it is left out, in words", "reason")
        # One replacement at a time: two skips must not take the same place.
        stratum = Stratum.objects.select_for_update().get(pk=row.stratum_id)
        _leave_out(row, kept, by)
        following = _next(stratum, row)
        # How many out-of-reach ones lay between shows in the places.
        details = {
            "name": by.short, "reference": row.recording.reference, "reason": kept,
        }  # fmt: skip
        data = {"item": row.pk, "next": following.pk if following else None}
        record(Draft("sample.skipped", row.stratum.plan.subject(), by.actor(), data, details))
    return following


def _leave_out(item: Item, reason: str, by: User | None) -> None:
    item.state, item.skip_reason = Item.State.SKIPPED, reason
    item.skipped_by, item.skipped_at = by, timezone.now()
    item.save(update_fields=["state", "skip_reason", "skipped_by", "skipped_at"])


def _next(stratum: Stratum, left: Item) -> Item | None:
    """The next in the order; what can't be shown any more is left out on the way, and says so."""
    seed = bytes.fromhex(stratum.plan.seed)
    taken = stratum.items.count()
    order = rule.take(seed, stratum.references(), stratum.frame_size)
    for place, reference in enumerate(order[taken:], taken + 1):
        recording = Recording.objects.get(reference=reference)
        made = Item.objects.create(stratum=stratum, recording=recording, place=place, replaces=left)
        if not recording.restricted and recording.joined_into_id is None:
            return made
        _leave_out(made, OUT_OF_REACH, None)
        left = made
    return None


def debrief(*, by: User, item: int, on: date) -> Item:
    """Say that it was talked through with the officer, and when. Raises NotAllowed, NotSaid."""
    require(by, "sample.review")
    with transaction.atomic():
        row = _locked(by, item)
        if row.state != Item.State.REVIEWED:
            raise NotSaid("Review it first, then talk it through.", "on")
        if on > timezone.localdate():
            raise NotSaid("The day must not be after today", "on")
        if on < timezone.localtime(row.recording.happened_at).date():
            raise NotSaid("The day must not be before the recording", "on")
        row.debriefed_on, row.debriefed_by = on, by
        row.save(update_fields=["debriefed_on", "debriefed_by"])
        officer = row.recording.officer
        _told("sample.debriefed", by, row, on=f"{on:%-d %b %Y}",
              officer=officer.short if officer else "nobody known")  # fmt: skip
    return row


def note(*, by: User, review: int, words: str) -> Review:
    """Say what was done about a concern; it leaves the list. Raises NotAllowed, NotSaid."""
    with transaction.atomic():
        row = (
            concerns_to(by).select_for_update(of=("self",))
            .select_related("item__stratum__plan", "item__recording").defer("item__stratum__frame")
            .filter(pk=review).first()
        )  # fmt: skip
        if row is None:
            raise NotAllowed(NOT_YOURS)
        if row.noted_at is not None:
            raise NotSaid("Somebody has noted this already. Load the page again.", "note")
        row.note = needed(words, "Enter what was done about it", 2000, "note")
        row.noted_by, row.noted_at = by, timezone.now()
        row.save(update_fields=["note", "noted_by", "noted_at"])
        _told("sample.noted", by, row.item, note=row.note)
    return row
