"""What reviews say together: by stratum and question, as a table, a file and bars."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Count

from evidence.people.models import User
from evidence.sampling.access import items_to, strata_to
from evidence.sampling.models import Answer, Item, Plan, Question, Review, Stratum

VALUES = [str(value) for value in Answer.Value.values]
BAR = 240


@dataclass
class Counts:
    """One stratum's items by state, and its reviews by outcome."""

    stratum: Stratum
    states: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def to_do(self) -> int:
        """How many are left."""
        return self.states[Item.State.TO_DO]

    @property
    def reviewed(self) -> int:
        """How many are reviewed."""
        return self.states[Item.State.REVIEWED]

    @property
    def skipped(self) -> int:
        """How many were left out."""
        return self.states[Item.State.SKIPPED]

    @property
    def concerns(self) -> int:
        """How many reviews raise a concern."""
        return self.outcomes[Review.Outcome.CONCERN]


@dataclass(frozen=True)
class Bar:
    """One question's answers of a plan, and their widths in a picture of BAR."""

    question: Question
    yes: int
    no: int
    not_seen: int

    @property
    def seen(self) -> int:
        """How often it could be answered."""
        return self.yes + self.no

    @property
    def good(self) -> int:
        """How often the answer was as it should be."""
        return self.yes if self.question.good == "yes" else self.no

    @property
    def width(self) -> int:
        """Of the bar, for those."""
        return round(BAR * self.good / self.seen) if self.seen else 0


def by_stratum(user: User, plan: Plan) -> list[Counts]:
    """What somebody may see of a plan, a row a stratum; three queries."""
    found = {row.pk: Counts(row) for row in strata_to(user, plan)}
    items = items_to(user).filter(stratum__in=found)
    for stratum, state, count in (
        items.order_by().values_list("stratum", "state").annotate(Count("pk"))
    ):
        found[stratum].states[state] = count
    reviews = Review.objects.filter(item__in=items).order_by()
    for stratum, outcome, count in reviews.values_list("item__stratum", "outcome").annotate(
        Count("pk")
    ):
        found[stratum].outcomes[outcome] = count
    return list(found.values())


def answered(user: User, plan: Plan) -> list[tuple[int, int, str, int]]:
    """(stratum, question, answer, how often), as far as somebody may see; one query."""
    items = items_to(user).filter(stratum__plan=plan)
    rows = Answer.objects.filter(review__item__in=items).order_by()
    grouped = rows.values_list("review__item__stratum", "question", "value")
    return list(grouped.annotate(Count("pk")))


def bars(answers: Iterable[tuple[int, int, str, int]]) -> list[Bar]:
    """A bar a question, over all strata."""
    sums: Counter[tuple[int, str]] = Counter()
    for _, question, value, count in answers:
        sums[question, value] += count
    asked = Question.objects.filter(pk__in={question for question, _ in sums})
    return [
        Bar(row, sums[row.pk, "yes"], sums[row.pk, "no"], sums[row.pk, "not_seen"])
        for row in asked
    ]  # fmt: skip


def as_csv(
    plan: Plan, rows: Sequence[Counts], answers: Iterable[tuple[int, int, str, int]]
) -> bytes:
    """Counts alone, nobody's name: a line a stratum and question."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([
        "plan", "unit", "month", "kind", "in the frame", "wanted", "to review", "reviewed",
        "skipped", "question", "yes", "no", "not seen",
    ])  # fmt: skip
    sums: Counter[tuple[int, int, str]] = Counter()
    for of, asking, value, count in answers:
        sums[of, asking, value] += count
    asked = list(Question.objects.filter(pk__in={question for _, question, _ in sums}))
    for row in rows:
        stratum = row.stratum
        head = [
            plan.reference, _plain(stratum.unit.name), f"{stratum.month:%Y-%m}",
            _plain(stratum.kind_name), stratum.frame_size, stratum.wanted, row.to_do,
            row.reviewed, row.skipped,
        ]  # fmt: skip
        lines = [
            [_plain(question.words), *(sums[stratum.pk, question.pk, v] for v in VALUES)]
            for question in asked
            if any(sums[stratum.pk, question.pk, value] for value in VALUES)
        ]
        for line in lines or [["", 0, 0, 0]]:
            writer.writerow([*head, *line])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _plain(text: str) -> str:
    """A quote before whatever a spreadsheet would compute."""
    return f"'{text}" if text.lstrip()[:1] in {"=", "+", "-", "@", "|", "%", "\t", "\r"} else text
