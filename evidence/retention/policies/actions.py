"""Rules: one proposes, somebody else agrees; for what comes, and by itself for what is held."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from evidence.custody.record import Draft, Subject, record
from evidence.people import typed
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import rules
from evidence.recordings.models import Category, Group, Recording, Rule
from evidence.retention.policies.effect import Effect, effect
from evidence.retention.reckoning import words_of

LONGEST = 36_525
NOT_YOURS = "You can't change how long footage is kept."
OPEN = "A proposal waits for a second person already. It has to be decided first."
DECIDED = "This proposal is decided already."
ANOTHER = "You proposed this, so somebody else has to decide."
NOBODYS = "Whoever proposed this may not change rules any more. Refuse it, and propose it again."
BATCH = 500


class NotSaid(ValueError):
    """What was typed can't be a rule; for a field, in words for a person."""

    def __init__(self, words: str, field: str = "") -> None:
        super().__init__(words)
        self.field = field


class Grown(ValueError):
    """More than a tenth more than was shown is at stake now: it has to be looked at again."""


@dataclass(frozen=True)
class Wish:
    """A rule as somebody wants it: days, or a group."""

    days: int | None
    group: Group | None
    by_case: bool
    release: str
    source: str
    reason: str


def in_force(category: Category | None) -> Rule | None:
    """The version for what comes now."""
    rows = Rule.objects.filter(category=category, state=Rule.State.IN_FORCE)
    return rows.select_related("category", "group").order_by("-version").first()


def open_proposal(category: Category | None) -> Rule | None:
    """The version that waits for a second person."""
    rows = Rule.objects.filter(category=category, state=Rule.State.PROPOSED)
    return rows.select_related("category", "group", "proposed_by").first()


def waiting_for(person: User) -> QuerySet[Rule]:
    """Versions, for what comes or for what is held, that this person may be the second for."""
    proposed = Q(state=Rule.State.PROPOSED) & ~Q(proposed_by=person)
    held = Q(held_proposed_at__isnull=False, held_from=None) & ~Q(held_proposed_by=person)
    return Rule.objects.filter(proposed | (Q(state=Rule.State.IN_FORCE) & held)).order_by()


def before(rule: Rule) -> Rule | None:
    """The version in force before this one."""
    rows = Rule.objects.filter(
        category=rule.category_id, state=Rule.State.IN_FORCE, version__lt=rule.version
    )
    return rows.select_related("category", "group").order_by("-version").first()


def for_all(rule: Rule) -> bool:
    """Whether a version is for everything of its category, with nothing held under another."""
    return rule.held_from is not None or before(rule) is None


def _checked(wish: Wish) -> Wish:
    if (wish.days is None) == (wish.group is None):
        raise NotSaid("Enter a number of days, or select a MoPI group", "days")
    least = settings.REMORSE_DAYS
    if wish.days is not None and not least <= wish.days <= LONGEST:
        raise NotSaid(f"Enter days from {least} to {LONGEST}", "days")
    if wish.release not in Rule.Release.values:
        raise NotSaid("Select who lets go of it", "release")
    if wish.release == Rule.Release.RULE and (wish.group or wish.by_case):
        raise NotSaid(
            "What a MoPI group or a case keeps goes when two people agree: select that", "release"
        )
    source = typed.one_line(wish.source)
    if not source:
        raise NotSaid("Enter the law or policy behind it", "source")
    if len(source) > 200:
        raise NotSaid("The law or policy must be 200 characters or fewer", "source")
    return Wish(wish.days, wish.group, wish.by_case, wish.release, source, _reason(wish.reason))


def _reason(given: str) -> str:
    return typed.reason(given, "Enter why", lambda words: NotSaid(words, "reason"))


def _event(kind: str, by: User, rule: Rule, reason: str, *, held: bool, count: int = -1) -> None:
    """The rule's event; which category and version it is stands openly, who and why does not."""
    data: dict[str, object] = {
        "category": rule.category.code if rule.category else "none", "version": rule.version,
        "held": held,
    }  # fmt: skip
    if count >= 0:
        data["recordings"] = count
    words = f"{words_of(rule)}, {rule.get_release_display().lower()}"
    said = f"{words}, for what is held" if held else words
    private = {"name": by.short, "rule": f"{said} ({rule.source})", "reason": reason}
    subject = Subject(f"rule-{rule.pk}")
    record(Draft(kind, subject, by.actor(), data=data, private=private))


def propose(*, by: User, category: Category | None, wish: Wish) -> Rule:
    """Propose another version for a category; it is in force when somebody else has agreed.

    Raises NotAllowed, NotSaid.
    """
    if not by.may("retention.rules"):
        raise NotAllowed(NOT_YOURS)
    wish = _checked(wish)
    try:
        with transaction.atomic():
            last = Rule.objects.filter(category=category).aggregate(last=Max("version"))["last"]
            if open_proposal(category) is not None:
                raise NotSaid(OPEN)
            made = Rule.objects.create(
                category=category, version=(last or 0) + 1, days=wish.days, group=wish.group,
                by_case=wish.by_case, release=wish.release, source=wish.source,
                reason=wish.reason, proposed_by=by,
            )  # fmt: skip
            _event("rule.proposed", by, made, wish.reason, held=False)
    except IntegrityError:
        raise NotSaid(OPEN) from None
    return made


def _to_decide(by: User, rule: Rule) -> Rule:
    """The version, locked, for somebody who may decide. In a transaction."""
    if not by.may("retention.approve"):
        raise NotAllowed(NOT_YOURS)
    rows = Rule.objects.select_for_update(of=("self",)).select_related("category", "group")
    return rows.get(pk=rule.pk)


def _stands(proposer: User | None) -> None:
    """One who proposed and may not any more is no second person to who agrees. Raises NotSaid."""
    if proposer is None or not proposer.may("retention.rules"):
        raise NotSaid(NOBODYS)


def _decide(by: User, rule: Rule, reason: str) -> tuple[Rule, str]:
    row = _to_decide(by, rule)
    if row.state != Rule.State.PROPOSED:
        raise NotSaid(DECIDED)
    if row.proposed_by_id == by.pk:
        raise NotSaid(ANOTHER)
    return row, _reason(reason)


def approve(*, by: User, rule: Rule, reason: str) -> Rule:
    """Agree to a version: from now on it is for what is sealed. What is held stays as it was.

    Raises NotAllowed, NotSaid.
    """
    with transaction.atomic():
        row, why = _decide(by, rule, reason)
        _stands(row.proposed_by)
        # Whoever settles by the version before has committed when this goes on.
        rules.one_at_a_time(changing=True)
        now = timezone.now()
        row.state, row.decided_by, row.decided_at = Rule.State.IN_FORCE, by, now
        row.decision_reason, row.in_force_at = why, now
        # The first of a category that nothing has yet: nothing is held that it could act on.
        if before(row) is None and not Recording.objects.filter(category=row.category_id).exists():
            row.held_from = row.held_done_at = now
        row.save()
        _event("rule.approved", by, row, why, held=False)
    return row


def refuse(*, by: User, rule: Rule, reason: str) -> Rule:
    """Refuse a version; it stays as what was refused. Raises NotAllowed, NotSaid."""
    with transaction.atomic():
        row, why = _decide(by, rule, reason)
        row.state, row.decided_by, row.decided_at = Rule.State.REFUSED, by, timezone.now()
        row.decision_reason = why
        row.save()
        _event("rule.refused", by, row, why, held=False)
    return row


# --- for what is held ---


def _newest(row: Rule) -> None:
    newest = in_force(row.category)
    if newest is None or newest.pk != row.pk:
        raise NotSaid("Only the version that is in force can be for what is held.")


def propose_held(*, by: User, rule: Rule, reason: str) -> Rule:
    """Propose that the version in force is for what is held too, after what that does was shown.

    Raises NotAllowed, NotSaid.
    """
    if not by.may("retention.rules"):
        raise NotAllowed(NOT_YOURS)
    with transaction.atomic():
        rows = Rule.objects.select_for_update(of=("self",)).select_related("category", "group")
        row = rows.get(pk=rule.pk)
        _newest(row)
        if row.held_from is not None:
            raise NotSaid("It is for what is held already.")
        if row.held_proposed_at is not None:
            raise NotSaid(OPEN)
        why = _reason(reason)
        found = _known(effect(row, before(row)))
        row.held_proposed_by, row.held_proposed_at = by, timezone.now()
        row.held_reason, row.held_shown = why, {**found.numbers()}
        row.save()
        _event("rule.proposed", by, row, why, held=True, count=-1)
    return row


def _known(found: Effect) -> Effect:
    if found.unknown:
        raise NotSaid(
            f"The end of {found.unknown} recordings is not reckoned yet. "
            "Workers do that now: try again in some minutes."
        )
    return found


def _decide_held(by: User, rule: Rule, reason: str) -> tuple[Rule, str]:
    row = _to_decide(by, rule)
    if row.held_proposed_at is None or row.held_from is not None:
        raise NotSaid(DECIDED)
    if row.held_proposed_by_id == by.pk:
        raise NotSaid(ANOTHER)
    return row, _reason(reason)


def approve_held(*, by: User, rule: Rule, reason: str) -> Rule:
    """Agree that a version is for what is held too; workers settle it, a batch at a time.

    Raises NotAllowed, NotSaid; Grown where more is at stake than was shown: then the numbers as
    they are now are kept with the proposal, to be agreed to anew.
    """
    grown = False
    with transaction.atomic():
        row, why = _decide_held(by, rule, reason)
        _stands(row.held_proposed_by)
        _newest(row)
        rules.one_at_a_time(changing=True)
        found = _known(effect(row, before(row)))
        if found.grown(row.held_shown):
            grown = True
            row.held_shown = {**found.numbers()}
            row.save(update_fields=["held_shown"])
        else:
            row.held_decided_by, row.held_from = by, timezone.now()
            row.save()
            _event("rule.approved", by, row, why, held=True, count=found.held)
            transaction.on_commit(lambda: _settle(row.pk), robust=True)
    if grown:
        raise Grown(
            "More is at stake now than was shown when this was proposed, by more than a tenth. "
            "Nothing was changed. Look at the numbers again before you agree."
        )
    return row


def _settle(pk: int) -> None:
    from evidence.retention.tasks import settle_held

    settle_held.delay(pk)


def refuse_held(*, by: User, rule: Rule, reason: str) -> Rule:
    """Refuse that; what is held stays as it was, and it can be proposed again.

    Raises NotAllowed, NotSaid.
    """
    with transaction.atomic():
        row, why = _decide_held(by, rule, reason)
        _event("rule.refused", by, row, why, held=True)
        row.held_proposed_by = row.held_proposed_at = None
        row.held_reason, row.held_shown = "", {}
        row.save()
    return row


def settle_batch(pk: int) -> bool:
    """Settle the next recordings of a version that is for what is held; whether there are more.

    How far it is stands in the rule's row: it may die at any line, and may run twice.
    """
    with transaction.atomic():
        row = Rule.objects.select_for_update(of=("self",)).get(pk=pk)
        if row.held_from is None or row.held_done_at is not None:
            return False
        todo = Recording.objects.filter(
            category=row.category_id, joined_into=None, pk__gt=row.held_reached
        )
        batch = list(todo.order_by("pk").values_list("pk", flat=True)[:BATCH])
        rules.settle_all(batch)
        if batch:
            row.held_reached = batch[-1]
        if len(batch) < BATCH:
            row.held_done_at = timezone.now()
        row.save(update_fields=["held_reached", "held_done_at"])
        return row.held_done_at is None


def reckon_unknown() -> int:
    """Settle recordings of which nobody has reckoned yet until when they are kept: how many."""
    with transaction.atomic():
        rows = Recording.objects.filter(kept_until=None, joined_into=None, disposed_at=None)
        batch = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
        rules.settle_all(batch)
    return len(batch)
