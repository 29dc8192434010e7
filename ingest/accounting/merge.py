"""Two sorted streams side by side, in constant memory: what the store lists, what rows name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import TypeVar

L = TypeVar("L")
R = TypeVar("R")


def full_outer(
    left: Iterable[L], left_key: Callable[[L], str],
    right: Iterable[R], right_key: Callable[[R], str],
) -> Iterator[tuple[str, list[L], list[R]]]:  # fmt: skip
    """(key, all of the left, all of the right) for each key of either, in order of bytes: so
    Python compares strings, S3 lists keys, and PostgreSQL's collation "C" orders rows.

    Where a stream is not in order (stores that keep folders list `a/b` before `a-b`), a key comes
    twice, once with each side: whoever reads this looks at such a key again, so that order costs
    time and makes no false finding.
    """
    lefts = groupby(left, left_key)
    rights = groupby(right, right_key)
    one, other = next(lefts, None), next(rights, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            assert one is not None
            yield one[0], list(one[1]), []
            one = next(lefts, None)
        elif one is None or other[0] < one[0]:
            yield other[0], [], list(other[1])
            other = next(rights, None)
        else:
            yield one[0], list(one[1]), list(other[1])
            one, other = next(lefts, None), next(rights, None)
