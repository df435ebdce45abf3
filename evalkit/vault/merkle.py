"""The Merkle tree of RFC 6962 (2.1) and RFC 9162 (2.1): one hash that stands for every record and their order.

Leaves are hashed with 0x00 in front and inner nodes with 0x01, so that a node is never mistaken for a record. A
record's inclusion and one tree's growing out of another are proved with at most ceil(log2 n) + 1 hashes.

Proofs are made from a `Span`: a function that gives the root of the leaves from ``low`` up to ``high``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

HASH_BYTES = 32
BLOCK_LEVEL = 8
BLOCK = 1 << BLOCK_LEVEL
"""Leaves under one stored inner node."""
EMPTY_ROOT = hashlib.sha256(b"").digest()

Span = Callable[[int, int], bytes]

_sha256 = hashlib.sha256


def hash_leaf(data: bytes) -> bytes:
    """The hash of a record: SHA-256(0x00 || data)."""
    return _sha256(b"\x00" + data).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256(0x01 || left || right)."""
    return _sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over hashes of leaves, or of whole subtrees of one size of which only the last may be smaller."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        pairs = iter(level)
        # the left-over node goes up as it is: the tree splits at the largest power of two below its size
        level = [_sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)] + odd
    return level[0]


class Frontier:
    """The roots of the whole subtrees that a tree of some size consists of: enough to grow it and to know its root."""

    __slots__ = ("blocks", "peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)
        """One for each bit of ``size``, the largest subtree first."""
        self.blocks: list[bytes] = []
        """Roots of blocks of `BLOCK` leaves that were completed; whoever stores them empties the list."""

    def copy(self) -> Frontier:
        """A frontier that grows by itself."""
        return Frontier(self.size, self.peaks)

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Grow by hashes of leaves."""
        peaks, size = self.peaks, self.size
        for node in leaves:
            level, rest = 0, size
            while rest & 1:
                node = _sha256(b"\x01" + peaks.pop() + node).digest()
                level, rest = level + 1, rest >> 1
                if level == BLOCK_LEVEL:
                    self.blocks.append(node)
            peaks.append(node)
            size += 1
        self.size = size

    def extend_block(self, block: bytes) -> None:
        """Grow by the root of a whole block. The size before is a multiple of `BLOCK`."""
        rest = self.size >> BLOCK_LEVEL
        while rest & 1:
            block = hash_node(self.peaks.pop(), block)
            rest >>= 1
        self.peaks.append(block)
        self.size += BLOCK

    def root(self) -> bytes:
        """The root of the tree."""
        if not self.peaks:
            return EMPTY_ROOT
        node = self.peaks[-1]
        for left in self.peaks[-2::-1]:
            node = hash_node(left, node)
        return node


def prove_inclusion(index: int, size: int, span: Span) -> list[bytes]:
    """The path from leaf ``index`` to the root of the first ``size`` leaves, from below (RFC 9162, 2.1.3.1)."""
    low, high, path = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(span(middle, high))
            high = middle
        else:
            path.append(span(low, middle))
            low = middle
    return path[::-1]


def prove_consistency(old: int, new: int, span: Span) -> list[bytes]:
    """That the first ``old`` leaves are the beginning of the first ``new`` ones (RFC 9162, 2.1.4.1).

    Empty where ``old`` is 0 or equal to ``new``.
    """
    if old in {0, new}:
        return []
    low, high, path = 0, new, []
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(span(middle, high))
            high = middle
        else:
            path.append(span(low, middle))
            low = middle
    if low > 0:
        path.append(span(low, high))
    return path[::-1]


def check_inclusion(leaf: bytes, index: int, size: int, *, path: Sequence[bytes], root: bytes) -> bool:
    """Whether a path leads from a leaf's hash at ``index`` to the root of a tree of ``size`` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    first, last, node = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if first & 1 or first == last:
            node = hash_node(step, node)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            node = hash_node(node, step)
        first, last = first >> 1, last >> 1
    return last == 0 and node == root


def check_consistency(old: tuple[int, bytes], new: tuple[int, bytes], path: Sequence[bytes]) -> bool:
    """Whether the tree ``new`` (size, root) grew out of ``old`` (RFC 9162, 2.1.4.2)."""
    (old_size, old_root), (new_size, new_root) = old, new
    if old_size > new_size or old_size < 0:
        return False
    if old_size == new_size:
        return not path and old_root == new_root
    if old_size == 0:
        return not path and old_root == EMPTY_ROOT
    steps = list(path) if old_size & (old_size - 1) else [old_root, *path]
    if not path or not steps:
        return False
    first, last = old_size - 1, new_size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    seen_old = seen_new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            seen_old, seen_new = hash_node(step, seen_old), hash_node(step, seen_new)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            seen_new = hash_node(seen_new, step)
        first, last = first >> 1, last >> 1
    return last == 0 and seen_old == old_root and seen_new == new_root


def _split(size: int) -> int:
    """The largest power of two below ``size`` (at least 2)."""
    return 1 << (size - 1).bit_length() - 1
