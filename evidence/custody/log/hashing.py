"""Merkle tree hashing as RFC 6962 section 2.1 defines it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

LEAF_PREFIX = b"\x00"
NODE_PREFIX = b"\x01"
HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

# Hash of the complete subtree (level, index), which covers leaves
# [index * 2**level, (index + 1) * 2**level).
NodeReader = Callable[[int, int], bytes]


class ProofError(ValueError):
    """A proof does not show what it claims."""


def leaf_hash(data: bytes) -> bytes:
    """Hash of one entry: SHA-256(0x00 || data) (RFC 6962 section 2.1)."""
    return hashlib.sha256(LEAF_PREFIX + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 || left || right) (RFC 6962 section 2.1)."""
    return hashlib.sha256(NODE_PREFIX + left + right).digest()


def completed_nodes(index: int, leaf: bytes, read: NodeReader) -> list[tuple[int, int, bytes]]:
    """The complete subtrees that leaf `index` finishes, the leaf itself first.

    Appending leaf 5 (binary 101) finishes one node at level 0 and one at level 1.
    `read` must know every complete subtree to the left. Amortised two nodes a leaf.
    """
    nodes = [(0, index, leaf)]
    level, position, current = 0, index, leaf
    while position & 1:
        current = node_hash(read(level, position - 1), current)
        level, position = level + 1, position >> 1
        nodes.append((level, position, current))
    return nodes


class Frontier:
    """A tree that is only ever added to, kept as its complete subtrees: log2(n) hashes.

    The compact form of RFC 9162 section 2.1.2; it gives the root of a tree of any size in
    constant memory.
    """

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if size.bit_count() != len(hashes):
            raise ProofError(f"a tree of {size} has {size.bit_count()} complete subtrees")
        self.size = size
        self.hashes = list(hashes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        self.append_subtree(0, leaf)

    def append_subtree(self, level: int, node: bytes) -> None:
        """Add a complete subtree of 2**level leaves. Raises ProofError where it does not fit."""
        if self.size & ((1 << level) - 1):
            raise ProofError(f"a subtree of 2^{level} can't stand at {self.size}")
        count = self.size >> level
        while count & 1:
            node = node_hash(self.hashes.pop(), node)
            count >>= 1
        self.hashes.append(node)
        self.size += 1 << level

    def extend(self, other: Frontier) -> None:
        """Add another tree's leaves. Raises ProofError where they don't fit whole."""
        hashes = iter(other.hashes)
        for level in reversed(range(other.size.bit_length())):
            if other.size >> level & 1:
                self.append_subtree(level, next(hashes))

    def root(self) -> bytes:
        """MTH of what was added (RFC 6962 section 2.1)."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for node in reversed(self.hashes[:-1]):
            root = node_hash(node, root)
        return root

    def copy(self) -> Frontier:
        """The same tree, to be added to by itself."""
        return Frontier(self.size, self.hashes)


def range_root(start: int, end: int, read: NodeReader) -> bytes:
    """Root over leaves [start, end) from complete subtrees only (RFC 6962 section 2.1).

    `start` must be a multiple of the smallest power of two that is >= end - start,
    which every split of a tree is.
    """
    size = end - start
    if size == 0:
        return EMPTY_ROOT
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return read(level, start >> level)
    split = 1 << ((size - 1).bit_length() - 1)
    return node_hash(range_root(start, start + split, read), range_root(start + split, end, read))


def tree_root(size: int, read: NodeReader) -> bytes:
    """Root of the first `size` leaves: MTH(D[n]) of RFC 6962 section 2.1."""
    return range_root(0, size, read)


def inclusion_proof(index: int, size: int, read: NodeReader) -> list[bytes]:
    """Audit path of leaf `index` in the tree of `size`, from the leaf upward (section 2.1.1).

    Raises ProofError when the leaf is not in a tree of that size.
    """
    if not 0 <= index < size:
        raise ProofError(f"entry {index} is not in a tree of {size}")
    start, end = 0, size
    path: list[bytes] = []
    while end - start > 1:
        split = 1 << ((end - start - 1).bit_length() - 1)
        if index < start + split:
            path.append(range_root(start + split, end, read))
            end = start + split
        else:
            path.append(range_root(start, start + split, read))
            start += split
    return path[::-1]


def root_from_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """The root that an audit path leads to (RFC 9162 section 2.1.3.2).

    Raises ProofError when the path has the wrong length for this index and size.
    """
    if not 0 <= index < size:
        raise ProofError(f"entry {index} is not in a tree of {size}")
    if len(leaf) != HASH_SIZE:
        raise ProofError("the leaf's hash is not 32 bytes long")
    position, last, current = index, size - 1, leaf
    for sibling in path:
        if len(sibling) != HASH_SIZE:
            raise ProofError("a hash in the proof is not 32 bytes long")
        if last == 0:
            raise ProofError("the proof is too long")
        if position & 1 or position == last:
            current = node_hash(sibling, current)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            current = node_hash(current, sibling)
        position, last = position >> 1, last >> 1
    if last != 0:
        raise ProofError("the proof is too short")
    return current


def consistency_proof(old: int, new: int, read: NodeReader) -> list[bytes]:
    """Proof that the tree of `new` begins with the tree of `old` (RFC 6962 section 2.1.2).

    Raises ProofError unless 0 < old <= new.
    """
    if not 0 < old <= new:
        raise ProofError(f"there is no consistency proof from {old} to {new}")

    def subproof(size: int, start: int, end: int, whole: bool) -> list[bytes]:
        if size == end - start:
            return [] if whole else [range_root(start, end, read)]
        split = 1 << ((end - start - 1).bit_length() - 1)
        if size <= split:
            right = range_root(start + split, end, read)
            return [*subproof(size, start, start + split, whole), right]
        left = range_root(start, start + split, read)
        return [*subproof(size - split, start + split, end, False), left]

    return subproof(old, 0, new, True)


def check_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Raise ProofError unless `proof` shows that the new tree extends the old one.

    RFC 9162 section 2.1.4.2.
    """
    if not 0 < old <= new:
        raise ProofError(f"there is no consistency proof from {old} to {new}")
    if any(len(node) != HASH_SIZE for node in proof):
        raise ProofError("a hash in the proof is not 32 bytes long")
    if old == new:
        if proof:
            raise ProofError("the proof is too long")
        if old_root != new_root:
            raise ProofError("two trees of one size have different roots")
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise ProofError("the proof is too short")
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    first = second = path[0]
    for node in path[1:]:
        if last == 0:
            raise ProofError("the proof is too long")
        if position & 1 or position == last:
            first, second = node_hash(node, first), node_hash(node, second)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            second = node_hash(second, node)
        position, last = position >> 1, last >> 1
    if last != 0:
        raise ProofError("the proof is too short")
    if first != old_root:
        raise ProofError("the proof does not lead to the old root")
    if second != new_root:
        raise ProofError("the proof does not lead to the new root")
