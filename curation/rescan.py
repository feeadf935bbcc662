"""The proof after a split: every pair of texts on two sides that could reach the threshold is compared, not sampled.

Prefix filtering (Chaudhuri, Ganti, Kaushik 2006; Bayardo, Ma, Srikant 2007): two sets of Jaccard similarity t or more
have one of their ``size - ceil(t * size) + 1`` rarest n-grams in common. So this scan misses nothing, unlike hashing,
and shares no step with the one that made the groups.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.minhash.intersect import merged, shared
from curation.minhash.scan import jit
from curation.minhash.sets import Sets
from curation.minhash.views import View

BUCKETS = 1 << 21
MOST_COMPARED = 20_000_000
"""Pairs compared exactly at the most; what is left is counted, and the certificate says so."""

Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Crossing:
    """What a scan found.

    Attributes:
        left, right: int64 [pairs]: nodes on two sides that are alike.
        compared: Pairs compared exactly.
        not_compared: Pairs left out, for there were more than ``MOST_COMPARED``.
    """

    left: Index
    right: Index
    compared: int
    not_compared: int


def crossing(view: View, sides: NDArray[np.uint8], *, most: int = MOST_COMPARED) -> Crossing:
    """Find all pairs of nodes that are alike and stand on different sides.

    Args:
        view: The texts.
        sides: uint8 [nodes]: the sides on which a node has rows, one bit each; bit 0 is training, and most are there.
        most: Pairs compared exactly at the most.
    """
    parts = []
    compared = left_out = 0
    for sets, threshold, by_character in ((view.by_word, view.near, False), (view.by_character, view.short, True)):
        a, b, done, over = _scan(sets, threshold, view, sides, by_character, most - compared)
        parts.append((a, b))
        compared += done
        left_out += over
    return Crossing(np.concatenate([a for a, _ in parts]), np.concatenate([b for _, b in parts]), compared, left_out)


def _scan(
    sets: Sets, threshold: float, view: View, sides: NDArray[np.uint8], by_character: bool, most: int
) -> tuple[Index, Index, int, int]:
    nodes = np.arange(len(view.words), dtype=np.int64)
    limit = view.border_words if by_character else np.iinfo(np.int32).max
    nodes = nodes[(view.words < limit) & (view.words >= 1)]
    sets.settle(nodes)
    nodes = nodes[sets.sizes[nodes] > 0]
    asking = nodes[(sides[nodes] & ~np.uint8(1)) > 0]
    none = np.empty(0, np.int64)
    if not len(asking) or len(nodes) < 2:
        return none, none, 0, 0
    stored = sets.hashes, sets.parts, sets.extra, sets.extra_counts
    holders = _holders(*stored, sets.room, nodes)
    grams, owners = _prefixes(*stored, sets.room, asking, holders, threshold)
    bucket = (grams & np.uint64(BUCKETS - 1)).astype(np.int64)
    order = np.argsort(bucket, kind="stable")
    begins = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(bucket, minlength=BUCKETS))])
    rule = view.words, view.short_words, view.border_words, by_character, threshold, most
    found = _probe(*stored, sets.room, sets.sizes, nodes, sides, holders, grams[order], owners[order], begins, *rule)
    return found[0], found[1], int(found[2]), int(found[3])


@jit
def _holders(hashes, parts, extra, extra_counts, room, nodes):  # type: ignore[no-untyped-def]
    """How many nodes hold the n-grams of each bucket."""
    out = np.zeros(BUCKETS, np.int32)
    own = np.empty(room, np.uint64)
    for node in nodes:
        for i in range(merged(hashes, parts, extra, extra_counts, node, own)):
            out[own[i] & np.uint64(BUCKETS - 1)] += 1
    return out


@jit
def _rarest(own, size, holders, threshold, keys, out):  # type: ignore[no-untyped-def]
    """The n-grams of the prefix of a set into ``out``: the rarest first, ties by value. Returns their number."""
    for i in range(size):
        keys[i] = holders[own[i] & np.uint64(BUCKETS - 1)]
    order = np.argsort(keys[:size], kind="mergesort")  # ``own`` rises, so that ties stand by value
    many = size - np.int64(np.ceil(threshold * size - 1e-9)) + 1
    for i in range(many):
        out[i] = own[order[i]]
    return many


@jit
def _prefixes(hashes, parts, extra, extra_counts, room, nodes, holders, threshold):  # type: ignore[no-untyped-def]
    own, keys, out = np.empty(room, np.uint64), np.empty(room, np.int32), np.empty(room + 1, np.uint64)
    grams, owners = np.empty(1024, np.uint64), np.empty(1024, np.int64)
    filled = 0
    for node in nodes:
        size = merged(hashes, parts, extra, extra_counts, node, own)
        many = _rarest(own, size, holders, threshold, keys, out)
        while filled + many > len(grams):
            more, also = np.empty(2 * len(grams), np.uint64), np.empty(2 * len(grams), np.int64)
            more[:filled], also[:filled] = grams[:filled], owners[:filled]
            grams, owners = more, also
        for i in range(many):
            grams[filled], owners[filled] = out[i], node
            filled += 1
    return grams[:filled].copy(), owners[:filled].copy()


@jit
def _on_two_sides(a, b):  # type: ignore[no-untyped-def]
    """Whether a row of the one and a row of the other stand on different sides."""
    return a != 0 and b != 0 and (a != b or (a & (a - np.uint8(1))) != 0)


@jit
def _probe(  # type: ignore[no-untyped-def]
    hashes, parts, extra, extra_counts, room, sizes, nodes, sides, holders, grams, owners, begins, words, short,
    border, by_character, threshold, most,
):  # fmt: skip
    """Hold each node against those that share a rare n-gram with it and stand on another side."""
    own, keys, rare = np.empty(room, np.uint64), np.empty(room, np.int32), np.empty(room + 1, np.uint64)
    other = np.empty(room, np.uint64)
    met = np.full(len(sizes), -1, np.int64)
    left, right = np.empty(1024, np.int64), np.empty(1024, np.int64)
    filled = 0
    compared = 0
    over = 0
    for node in nodes:
        if sides[node] == 0:
            continue
        size = merged(hashes, parts, extra, extra_counts, node, own)
        for g in range(_rarest(own, size, holders, threshold, keys, rare)):
            bucket = np.int64(rare[g] & np.uint64(BUCKETS - 1))
            for at in range(begins[bucket], begins[bucket + 1]):
                candidate = owners[at]
                if grams[at] != rare[g] or candidate == node or met[candidate] == node:
                    continue
                met[candidate] = node
                if not _on_two_sides(sides[node], sides[candidate]):
                    continue
                if (sides[node] & ~np.uint8(1)) != 0 and candidate > node:
                    continue  # both ask: the pair comes up twice
                least, largest = min(size, sizes[candidate]), max(size, sizes[candidate])
                if least < threshold * largest - 1e-9:
                    continue
                few = min(words[node], words[candidate])
                many = max(words[node], words[candidate])
                if (few < short and many < border) != by_character:
                    continue
                if compared >= most:
                    over += 1
                    continue
                compared += 1
                both = shared(own, size, other, merged(hashes, parts, extra, extra_counts, candidate, other))
                if both >= threshold * (size + sizes[candidate] - both) - 1e-9:
                    if filled == len(left):
                        more, also = np.empty(2 * filled, np.int64), np.empty(2 * filled, np.int64)
                        more[:filled], also[:filled] = left, right
                        left, right = more, also
                    left[filled], right[filled] = min(node, candidate), max(node, candidate)
                    filled += 1
    return left[:filled].copy(), right[:filled].copy(), compared, over
