"""Why a recording is kept, to one reader: by the engine that decides, of what they may know."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings import keeping, rules
from evidence.recordings.keeping import Reason, Rung, day
from evidence.recordings.models import Recording, Rule
from evidence.retention.access import secret_to, visible_to
from evidence.retention.engine import Ground, Verdict, decide
from evidence.retention.models import Hold, Kind
from evidence.retention.reckoning import end_of, of_single, words_of

STAYS = "That it existed stays in the log."


def hidden(reader: User, recording: Recording) -> set[int]:
    """The holds that this reader may not know of: of complaints that name them."""
    of_it = Hold.objects.filter(Q(recording=recording) | Q(recording__joined_into=recording))
    return set(of_it.filter(secret_to(reader)).values_list("pk", flat=True))


def hidden_footage(reader: User) -> QuerySet[Hold, Any]:
    """The recordings that are held for a complaint of which this reader may not know."""
    return Hold.objects.filter(secret_to(reader)).order_by().values("recording")


def holds(reader: User, recording: Recording) -> list[Reason]:
    """A reason for each hold that this reader may know of; one query."""
    rows = visible_to(reader).filter(recording=recording, released_at=None).select_related("set_by")
    found = []
    for row in rows:
        since = day(timezone.localtime(row.set_at).date())
        by = f" by {row.set_by.short}" if row.set_by else " when it arrived"
        by = " by the system" if row.by_system else by
        reason = row.reason.rstrip(".")
        kind = str(Kind(row.kind).label).lower()
        words = f"Held since {since}{by} ({kind}): {reason}. Until it is released."
        found.append(Reason(words, hold=True))
    return found


def why(recording: Recording, reader: User) -> tuple[str, list[Rung]]:
    """Why it is kept, in one sentence; then what keeps it, what would next, when it goes.

    The reader's own truth: what they may not know of changes no word of it.
    """
    book = rules.book()
    rule, last = _rule(recording, book)
    found = _for(reader, recording, last)
    # One after the other: each lasts no longer than what stands before it.
    steps = found.keepers(timezone.now())
    rungs = [Rung("Then" if number else "Now", step.words) for number, step in enumerate(steps)]
    if last not in steps:
        rungs.append(Rung("Then" if rungs else "Now", last.words))
    rungs.append(Rung("After that", _end(rule, recording)))
    if steps and steps[0] is not last:
        return steps[0].words, rungs
    return f"{keeping.words(recording, reader)}.", rungs


def _rule(recording: Recording, book: rules.Rulebook) -> tuple[Rule | None, Ground]:
    """Its rule as one ground that ends where everybody is told that it does."""
    try:
        ends = book.ends(recording)
    except LookupError as error:
        return None, Ground("rule", f"{error} So it is kept.", None)
    at = recording.kept_until or ends.at
    said, on = words_of(ends.rule), day(timezone.localtime(at).date())
    if at >= rules.NEVER:
        return ends.rule, Ground("rule", f"{said}.", None)
    when = f"that ended on {on}" if at <= timezone.now() else f"until {on}"
    later = ""
    if at > ends.by_rule:
        later = f" It came late, so it is kept {settings.ARRIVAL_DAYS} days from then at least."
        if ends.by_change and ends.by_change >= at:
            later = " Its rule was changed: nothing goes at once because of that."
    return ends.rule, Ground("rule", f"{said}; {when}.{later}", at)


def _for(reader: User, recording: Recording, rule: Ground) -> Verdict:
    """What the engine makes of everything that this reader may know of."""
    held: list[Ground] = []
    periods = [rule]
    for number, reason in enumerate(keeping.reasons(reader, recording)):
        until = end_of(reason.until) if reason.until else None
        ground = Ground(f"reason:{number}", reason.words, until)
        (held if reason.hold else periods).append(ground)
    if reader.may("retention.view") and recording.officer_id != reader.pk:
        periods += [_single(ground) for ground in of_single(recording)]
    return decide(held, periods)


def _single(ground: Ground) -> Ground:
    until = ground.until and day(timezone.localtime(ground.until).date())
    end = f"; until {until}." if until else "; until somebody says otherwise."
    return Ground(ground.code, ground.words.rstrip(".") + end, ground.until, ground.source)


def _end(rule: Rule | None, recording: Recording) -> str:
    """What happens once nothing keeps it."""
    if rule is None:
        return f"Nothing goes that no rule is for. {STAYS}"
    days = f"{settings.REMORSE_DAYS} days"
    if rule.release == Rule.Release.RULE and recording.lowered_at is None:
        return f"It goes by this rule. In the last {days} before that it can be restored. {STAYS}"
    return f"Two people have to agree; then it can be restored for {days}. {STAYS}"
