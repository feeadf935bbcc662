"""The compiled loops over n-gram sets: what two of them have in common, exactly."""

from __future__ import annotations

import numpy as np

from curation.minhash.scan import jit
from curation.minhash.signatures import in_order


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
def shared_counts(hashes, parts, extra, extra_counts, room, left, right, out):  # type: ignore[no-untyped-def]
    """Grams in common of nodes left[p] and right[p], for each pair p: int64 [pairs]."""
    a = np.empty(room, np.uint64)
    b = np.empty(room, np.uint64)
    last = np.int64(-1)
    size = 0
    for p in range(len(left)):
        if left[p] != last:
            last = left[p]
            size = merged(hashes, parts, extra, extra_counts, last, a)
        out[p] = shared(a, size, b, merged(hashes, parts, extra, extra_counts, right[p], b))
