"""Whole-population accounting: what docks listed, what the store holds, what rows and log say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.conf import settings

from evidence.store import s3
from ingest.accounting import arrivals, numbering, objects, published, records
from ingest.accounting.faults import GAP, UNKNOWN, Fault
from ingest.accounting.objects import Beat, Tally

OPTIONAL = ("replica",)  # where an operator has set it up


@dataclass
class Reckoning:
    """One count of everything. `faults` goes through it once; the numbers stand after that."""

    beat: Beat = lambda stage, number: None
    kinds: Counter[str] = field(default_factory=Counter)
    states: dict[str, int] = field(default_factory=dict)
    buckets: dict[str, Tally] = field(default_factory=dict)
    # Areas that could not be counted: what was found there before is not over.
    unseen: list[str] = field(default_factory=list)

    def faults(self) -> Iterator[Fault]:
        """Everything that does not agree, and the gaps in cameras' numbers, as they are found."""
        for fault in self._all():
            self.kinds[fault.kind] += 1
            yield fault

    @property
    def count(self) -> int:
        """How many faults: gaps are none."""
        return sum(number for kind, number in self.kinds.items() if kind != GAP)

    def _all(self) -> Iterator[Fault]:
        self.beat("docks", 0)
        yield from arrivals.faults()
        for alias in ("originals", "renditions"):
            yield from self._bucket(alias)
        self.beat("custody", 0)
        yield from published.faults(self._tally("custody"), self.beat)
        self.beat("log", 0)
        yield from records.faults()
        self.beat("cameras", 0)
        yield from numbering.findings()
        for alias in OPTIONAL:
            if alias in settings.STORAGES:
                yield from self._elsewhere(alias)
        self.states = arrivals.states()

    def _bucket(self, alias: str) -> Iterator[Fault]:
        self.beat(alias, 0)
        yield from objects.faults(alias, self._tally(alias), self.beat)
        yield from arrivals.unfinished(alias)

    def _elsewhere(self, alias: str) -> Iterator[Fault]:
        """A second place that is away is a finding, and stops no count of the first."""
        try:
            yield from self._bucket(alias)
        except s3.StoreError as error:
            self.unseen.append(alias)
            todo = "Look whether that store and the network are there. Then count again."
            yield Fault(UNKNOWN, alias, f"{alias} could not be counted to its end: {error}", todo)

    def _tally(self, alias: str) -> Tally:
        return self.buckets.setdefault(alias, Tally())
