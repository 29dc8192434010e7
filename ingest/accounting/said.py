"""A count in numbers and words."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.accounting.models import Finding, Run

BUCKETS = {
    "originals": "Originals", "renditions": "Renditions, clips, packages",
    "custody": "Write-once bucket", "replica": "Replica",
}  # fmt: skip


def many(number: int, one: str, more: str = "") -> str:
    """2,014 files; 1 file."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def of_run(run: Run) -> list[str]:
    """What a count says, sentence by sentence."""
    states = run.states
    way = states.get("receiving", 0) + states.get("verifying", 0)
    parts = [f"{states.get('sealed', 0):,} sealed"]
    for number, words in (
        (way, "on their way"), (states.get("quarantined", 0), "in quarantine"),
        (states.get("abandoned", 0), "given up"),
    ):  # fmt: skip
        if number:
            parts.append(f"{number:,} {words}")
    found = [f"{many(sum(states.values()), 'file')} listed by docks: {', '.join(parts)}."]
    found.append(_originals(run))
    if run.disposed:
        was = "was" if run.disposed == 1 else "were"
        found.append(f"{many(run.disposed, 'original')} {was} disposed of.")
    if run.under_way:
        found.append(f"{many(run.under_way, 'object')} just being written down, not looked into.")
    if not run.faults:
        found.append("Everything is accounted for.")
    return found


def _originals(run: Run) -> str:
    words = many(run.originals, "original")
    wrong = Finding.objects.filter(
        last_run=run, area="originals", kind__in=[Finding.Kind.MISSING, Finding.Kind.DIFFERENT]
    )[:1001].count()
    if not wrong:
        return f"{words}: all there." if run.originals else "No originals."
    more = "more than 1,000" if wrong > 1000 else many(wrong, "finding")
    return f"{words}: not all there as they should be, {more}."


@dataclass(frozen=True)
class Bucket:
    """One bucket's numbers."""

    name: str
    objects: int
    bytes: int


def buckets(run: Run) -> list[Bucket]:
    """What each bucket holds."""
    return [
        Bucket(words, run.buckets[alias]["objects"], run.buckets[alias]["bytes"])
        for alias, words in BUCKETS.items()
        if alias in run.buckets
    ]


@dataclass(frozen=True)
class Tab:
    """One kind of finding and how many the last count found."""

    kind: str
    words: str


def tabs(run: Run) -> list[Tab]:
    """The kinds, in the order of how grave they are."""
    names = {Finding.Kind.GAP: "Gaps in numbers"}
    return [
        Tab(kind.value, f"{names.get(kind, kind.label)} {run.kinds.get(kind.value, 0):,}")
        for kind in Finding.Kind
    ]
