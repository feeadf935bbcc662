"""The compiled loops over n-gram sets: what two of them have in common, exactly.

A set that is held against others is put into a table of buckets, four grams each: whether a gram is in it is then four
comparisons without a branch, which takes a fraction of what merging two sorted runs does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.minhash.scan import jit
from curation.minhash.signatures import in_order

MOST_IN_TABLE = 4_096  # larger sets are merged
_BUCKET = 4
_MOST_BITS = 15
_NONE = np.uint64(0)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


def new_table() -> NDArray[Any]:
    """Room for the table of any set of up to ``MOST_IN_TABLE`` grams (1 MB, of which most sets touch little)."""
    return np.empty(_BUCKET << _MOST_BITS, np.uint64)


@jit
def merged(hashes, parts, extra, extra_counts, node, out):  # type: ignore[no-untyped-def]
    """The n-gram set of one node in rising order into ``out``; returns its size.

    Args:
        hashes: uint64: rising runs.
        parts: int64 [nodes, 4]: two runs of each node as start and end (an empty run where there is one).
        extra: uint64 [nodes, 2]: grams beside the runs.
        extra_counts: uint8 [nodes].
        node: Which.
        out: Out, uint64, long enough.
    """
    i, i_end, j, j_end = parts[node, 0], parts[node, 1], parts[node, 2], parts[node, 3]
    filled = 0
    while i < i_end or j < j_end:
        if j >= j_end or (i < i_end and hashes[i] <= hashes[j]):
            value = hashes[i]
            i += 1
        else:
            value = hashes[j]
            j += 1
        if filled == 0 or out[filled - 1] != value:
            out[filled] = value
            filled += 1
    for e in range(extra_counts[node]):
        value = extra[node, e]
        k = filled
        while k > 0 and out[k - 1] > value:
            k -= 1
        if k > 0 and out[k - 1] == value:
            continue
        for m in range(filled, k, -1):
            out[m] = out[m - 1]
        out[k] = value
        filled += 1
    return filled


@jit
def shared(a, a_size, b, b_size):  # type: ignore[no-untyped-def]
    """Number of values that two sorted distinct arrays have in common."""
    i = 0
    j = 0
    count = 0
    while i < a_size and j < b_size:
        x = a[i]
        y = b[j]
        count += x == y
        i += x <= y
        j += y <= x
    return count


@jit
def _length(parts, extra_counts, node):  # type: ignore[no-untyped-def]
    """Grams of a node, those that come twice counted twice."""
    return parts[node, 1] - parts[node, 0] + parts[node, 3] - parts[node, 2] + np.int64(extra_counts[node])


@jit
def _insert(grams, start, end, shift, table):  # type: ignore[no-untyped-def]
    """Put grams into their buckets, by their top bits; False where a bucket is full."""
    for i in range(start, end):
        value = grams[i]
        empty = _ALL if value >> np.uint64(63) == _NONE else _NONE
        at = np.int64(value >> shift) * _BUCKET
        stop = at + _BUCKET
        while at < stop and table[at] != value and table[at] != empty:
            at += 1
        if at == stop:
            return False
        table[at] = value
    return True


@jit
def hold(hashes, parts, extra, extra_counts, node, table, out):  # type: ignore[no-untyped-def]
    """Make the n-gram set of one node ready for ``common``.

    An empty place of the table holds a value that belongs into its other half.

    Args:
        hashes, parts, extra, extra_counts, node: As for ``merged``.
        table: Out, from ``new_table``.
        out: Out, uint64, long enough.

    Returns:
        ``(shift, size)``: by which bits the table is addressed, 0 = the set is not in the table but in ``out``, where
        it has this size.
    """
    length = _length(parts, extra_counts, node)
    bits = 2
    while 1 << bits < 2 * length:
        bits += 1
    while length <= MOST_IN_TABLE and bits <= _MOST_BITS:
        shift = np.uint64(64 - bits)
        half = _BUCKET << (bits - 1)
        table[:half] = _ALL
        table[half : 2 * half] = _NONE
        if (
            _insert(hashes, parts[node, 0], parts[node, 1], shift, table)
            and _insert(hashes, parts[node, 2], parts[node, 3], shift, table)
            and _insert(extra[node], 0, np.int64(extra_counts[node]), shift, table)
        ):
            return shift, np.int64(0)
        bits += 1
    return _NONE, np.int64(merged(hashes, parts, extra, extra_counts, node, out))


@jit
def _hits(grams, start, end, shift, table):  # type: ignore[no-untyped-def]
    """How many of the grams are in the table."""
    two, one, three = np.uint64(2), np.uint64(1), np.uint64(3)
    count = 0
    for i in range(np.uint64(start), np.uint64(end)):
        value = grams[i]
        at = (value >> shift) << two
        count += (
            (table[at] == value)
            | (table[at + one] == value)
            | (table[at + two] == value)
            | (table[at + three] == value)
        )
    return count


@jit
def common(hashes, parts, extra, extra_counts, sizes, node, shift, table, held, size, scratch):  # type: ignore[no-untyped-def]
    """Grams that a node has in common with the set that ``hold`` made ready.

    Args:
        hashes, parts, extra, extra_counts, node: As for ``merged``.
        sizes: int64 [nodes]: number of distinct grams.
        shift, size: What ``hold`` gave back; table, held: what it filled.
        scratch: Out, uint64, long enough.
    """
    if shift == _NONE:
        return shared(held, size, scratch, merged(hashes, parts, extra, extra_counts, node, scratch))
    if sizes[node] != _length(parts, extra_counts, node):  # some come twice
        return _hits(scratch, 0, merged(hashes, parts, extra, extra_counts, node, scratch), shift, table)
    count = _hits(hashes, parts[node, 0], parts[node, 1], shift, table)
    count += _hits(hashes, parts[node, 2], parts[node, 3], shift, table)
    return count + _hits(extra[node], 0, np.int64(extra_counts[node]), shift, table)


@jit
def settle(hashes, parts, extra, extra_counts, room, nodes, sizes):  # type: ignore[no-untyped-def]
    """Bring the runs of some nodes into rising order, where they lie, and count their distinct grams.

    Args:
        hashes, parts, extra, extra_counts: As for ``merged``, but the runs in any order.
        room: Grams of the largest node.
        nodes: int64: which. No two of them may share a run.
        sizes: Out, int64 [all nodes].
    """
    scratch, places = np.empty(room, np.uint64), np.empty(2 * room + 2, np.int64)
    for node in nodes:
        for run in range(0, 4, 2):
            start, end = parts[node, run], parts[node, run + 1]
            rising = True
            for i in range(start + 1, end):
                if hashes[i] < hashes[i - 1]:
                    rising = False
                    break
            if not rising:
                scratch[: end - start] = hashes[start:end]
                in_order(scratch, end - start, places, hashes, start)
        sizes[node] = merged(hashes, parts, extra, extra_counts, node, scratch)


@jit
def shared_counts(hashes, parts, extra, extra_counts, sizes, room, left, right, table, out):  # type: ignore[no-untyped-def]
    """Grams in common of nodes left[p] and right[p], for each pair p: int64 [pairs]."""
    own, scratch = np.empty(room, np.uint64), np.empty(room, np.uint64)
    last = np.int64(-1)
    shift, size = _NONE, np.int64(0)
    for p in range(len(left)):
        if left[p] != last:
            last = left[p]
            shift, size = hold(hashes, parts, extra, extra_counts, last, table, own)
        out[p] = common(hashes, parts, extra, extra_counts, sizes, right[p], shift, table, own, size, scratch)
