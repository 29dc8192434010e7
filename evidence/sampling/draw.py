"""The draw: which recordings chance chose, by a rule that anybody can follow again.

No Django, no database. `redraw.py` follows the same rule by itself, with the standard library
alone, from the file that a plan's page exports; docs/sampling.md says it in words.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable
from typing import Any

from evidence.custody.log import jcs

ALGORITHM = "bwv-sample-1"
SEED_BYTES = 32


def plan_digest(plan: dict[str, Any]) -> str:
    """SHA-256 of the plan as canonical JSON (RFC 8785)."""
    return hashlib.sha256(jcs.canonical(plan)).hexdigest()


def commitment(seed: bytes, plan: dict[str, Any]) -> str:
    """What is written down before the period: it binds the seed and every word of the plan."""
    if len(seed) != SEED_BYTES:  # a length that varied would let bytes move into the plan
        raise ValueError(f"A seed has {SEED_BYTES} bytes.")
    return hashlib.sha256(seed + jcs.canonical(plan)).hexdigest()


def rank(seed: bytes, reference: str) -> bytes:
    """Where a recording stands in the order that the seed gives."""
    return hashlib.sha256(seed + b"\0" + reference.encode("ascii")).digest()


def take(seed: bytes, references: Iterable[str], count: int) -> list[str]:
    """The first `count` of the references, in the seed's order; fewer where there are fewer."""
    return heapq.nsmallest(count, set(references), key=lambda item: (rank(seed, item), item))


def frame_digest(references: Iterable[str]) -> str:
    """SHA-256 of one stratum's references, sorted, a line each."""
    return lines_digest(sorted(references))


def lines_digest(lines: Iterable[str]) -> str:
    """SHA-256 of lines, each ended by a line feed."""
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode("ascii")).hexdigest()


def frames_digest(frames: Iterable[tuple[str, int, str]]) -> str:
    """Of a plan's frames: (stratum, size, digest) a line, in the order of the strata's keys."""
    return lines_digest(f"{key} {size} {digest}" for key, size, digest in sorted(frames))


def result_digest(drawn: Iterable[tuple[str, list[str]]]) -> str:
    """Of what was drawn: (stratum, place, reference) a line, in the order of the strata's keys."""
    return lines_digest(
        f"{key} {place} {reference}"
        for key, references in sorted(drawn)
        for place, reference in enumerate(references, 1)
    )
