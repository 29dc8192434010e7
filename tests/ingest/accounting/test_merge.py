"""Two streams side by side: each key once, with all of both sides."""

from __future__ import annotations

import tracemalloc
from collections import defaultdict
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from ingest.accounting.merge import full_outer

KEYS = st.lists(st.text("ab/-.\x7fé", min_size=1, max_size=4), max_size=30)


@given(KEYS, KEYS)
def test_every_key_comes_once_with_all_of_both(left: list[str], right: list[str]) -> None:
    lefts, rights = sorted(left, key=str.encode), sorted(right, key=str.encode)
    found = list(full_outer(lefts, str, rights, str))
    assert [key for key, _, _ in found] == sorted({*left, *right}, key=str.encode)
    for key, ones, others in found:
        assert ones == [key] * left.count(key)
        assert others == [key] * right.count(key)


@given(KEYS, KEYS)
def test_out_of_order_nothing_is_lost(left: list[str], right: list[str]) -> None:
    """A store that lists folders first: keys may come twice, each thing comes once."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for key, ones, others in full_outer(left, str, sorted(right), str):
        found[key][0] += len(ones)
        found[key][1] += len(others)
    for key in {*left, *right}:
        assert found[key] == [left.count(key), right.count(key)]


def test_memory_is_constant() -> None:
    def keys(number: int) -> Iterator[str]:
        return (f"2026/11/25/{at:012}" for at in range(number))

    def peak(number: int) -> int:
        tracemalloc.start()
        count = sum(1 for _ in full_outer(keys(number), str, keys(number), str))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == number
        return most

    assert peak(100_000) < peak(1_000) + 20_000
