"""What is decided of one recording now: whether it may go, by which rule, and who lets go of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from evidence.recordings.models import Recording, Rule
from evidence.recordings.rules import Rulebook
from evidence.retention.engine import Verdict
from evidence.retention.models import Batch, Hold, Item
from evidence.retention.reckoning import verdict

# What a category's own rule comes to. Anything else that kept it (a group, a case) was somebody's
# judgement, and people let go of it.
OWN = ("rule:", "arrival", "change", "fresh:")
# What everybody may read who may read of disposal at all. Of a case and of a complaint the same is
# said: more would tell a reader of one that they may not know of.
SAID = (*OWN, "group:")
ELSE = "Something else kept it longer than its rule"


@dataclass(frozen=True)
class Decision:
    """One recording, everything that keeps it, and the rule that is its own."""

    recording: Recording
    verdict: Verdict
    # None: nobody can say, so it is kept.
    rule: Rule | None

    @property
    def by_rule(self) -> bool:
        """Whether its rule alone may release it, once it is over."""
        if self.rule is None or self.rule.release != Rule.Release.RULE:
            return False
        if self.recording.lowered_at is not None:
            return False
        return all(one.code.startswith(OWN) for one in self.verdict.periods)

    @property
    def ground(self) -> str:
        """What kept it longest, in words that tell nobody of a case or a complaint."""
        if not self.verdict.periods:
            return ""
        longest = self.verdict.periods[0]
        return longest.words[:300] if longest.code.startswith(SAID) else ELSE

    def grounds(self) -> list[dict[str, Any]]:
        """Every period, as a batch keeps it."""
        return [
            {
                "code": one.code, "words": one.words, "source": one.source,
                "until": one.until.isoformat() if one.until else None,
            }
            for one in self.verdict.periods
        ]  # fmt: skip

    def may_go(self, batch: Batch, now: datetime) -> bool:
        """Whether it may go as part of this batch: nothing keeps it, and it still is what was
        released. Footage that somebody called an arrest in its last days, or put to a case, is no
        longer a rule's to let go of; and two people agreed to what it was, not to what it is."""
        if not self.due(now):
            return False
        if batch.by_rule and not self.by_rule:
            return False
        return batch.rule is None or self.rule is None or (
            batch.rule.category_id == self.rule.category_id
        )  # fmt: skip

    def due(self, now: datetime) -> bool:
        """Whether nothing keeps it at that moment."""
        return self.rule is not None and self.verdict.due(now)


def decide(recording: Recording, book: Rulebook) -> Decision:
    """Everything that is known now; the caller holds the recording's lock if it acts on it."""
    try:
        rule = book.ends(recording).rule
    except LookupError:
        rule = None
    return Decision(recording, verdict(recording, book), rule)


def free() -> QuerySet[Recording]:
    """Recordings that no hold keeps and that are in no batch: what may be due at all."""
    held = Hold.objects.filter(recording=OuterRef("pk"), released_at=None)
    on_way = Item.objects.filter(recording=OuterRef("pk"), state__in=Item.OPEN)
    return Recording.objects.filter(
        ~Exists(held), ~Exists(on_way), joined_into=None, disposed_at=None
    )
