"""Locality-sensitive bands over MinHash signatures: a net that catches candidate pairs, each verified as it is caught.

The chance of catching a pair of Jaccard similarity J is 1 - (1 - J**4)**32: 0.9999 at 0.70, 0.87 at 0.50. Each band is
sorted, so that the cost grows with n log n; equal keys stand next to each other and form a bucket.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.minhash.intersect import common, hold, new_table
from curation.minhash.scan import jit
from curation.minhash.sets import THREADS, Sets
from curation.minhash.signatures import BANDS

FULL_BUCKET = 64  # up to this many texts in a bucket, every pair is verified
CENTRES = 32  # in a fuller bucket each text meets its leading texts, up to this many that are unlike each other,
NEIGHBOURS = 4  # and the texts that are next to it by the following band
HINTED = 8  # and, in so many bands, the texts next to it of the same hint
LANES = (
    4  # bands are worked off in this many queues, whatever the number of threads, so that results never depend on it
)
_LOW = np.uint64(0xFFFFFFFF)
_WORD, _CHARACTER = 0, 1


@dataclass(frozen=True, slots=True)
class Pairs:
    """Verified pairs of nodes, ``left < right``, sorted, each once.

    Attributes:
        left, right: int64 [pairs].
        score: float64 [pairs]: exact Jaccard similarity.
        full_buckets: Buckets of more than 64 texts, in which not every pair was verified.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    score: NDArray[np.float64]
    full_buckets: int = 0


@dataclass(frozen=True, slots=True)
class Lengths:
    """What decides by which n-grams two texts compare.

    Attributes:
        words: int32 [nodes].
        short: A text of fewer words is short; a pair with a short text compares on characters,
        border: unless the other has this many words.
    """

    words: NDArray[np.int32]
    short: int
    border: int


def similar_pairs(
    bands: NDArray[np.uint32],
    rows: NDArray[np.int64],
    nodes: NDArray[np.int64],
    sets: Sets,
    lengths: Lengths,
    *,
    least: float,
    enough: float,
    by_character: bool,
    hints: NDArray[np.uint64] | None = None,
) -> Pairs:
    """All pairs that share a band key and reach ``least``.

    Args:
        bands: uint32 [any, 32].
        rows: int64 [texts]: the row of ``bands`` that each text has.
        nodes: int64 [texts], rising: the node of each text. A lower node leads.
        sets: The n-gram sets to verify by, indexed by node.
        lengths: By node. Pairs that compare by the other kind of n-grams are passed over.
        least: Least Jaccard similarity.
        enough: From this similarity on a text of a full bucket has found its centre.
        by_character: Whether ``bands`` and ``sets`` are of character n-grams.
        hints: uint64 [nodes]: in a full bucket texts of one hint are compared with each other first.
    """
    none = np.empty(0, np.int64)
    if len(nodes) < 2:
        return Pairs(none, none, np.empty(0))
    sorted_bands = np.empty((BANDS, len(nodes)), np.uint64)
    full = np.zeros((BANDS, len(nodes)), np.bool_)
    met = np.zeros(len(nodes), np.bool_)
    positions = np.arange(len(nodes), dtype=np.uint64)

    def sort(band: int) -> int:
        packed = sorted_bands[band]
        np.copyto(packed, bands[rows, band])
        packed <<= np.uint64(32)
        packed |= positions
        packed.sort()
        return int(_mark(packed, full[band], met))

    stored = sets.hashes, sets.parts, sets.extra, sets.extra_counts, sets.sizes, sets.room
    if hints is None:
        hints = np.zeros(len(lengths.words), np.uint64)
    rule = lengths.words, lengths.short, lengths.border, _CHARACTER if by_character else _WORD, least, enough

    def work(lane: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]:
        joined = np.full(len(nodes), -1, np.int64)
        return [
            _verify(sorted_bands[band], band, bands, rows, full, joined, hints, nodes, *stored, *rule, new_table())
            for band in range(lane, BANDS, LANES)
        ]

    with ThreadPoolExecutor(THREADS) as pool:
        crowded = sum(pool.map(sort, range(BANDS)))
        sets.settle(nodes[met])
        found = [part for lane in pool.map(work, range(LANES)) for part in lane]
    left, right, score = (np.concatenate([part[column] for part in found]) for column in range(3))
    del found
    return Pairs(*ordered(left, right, score), crowded)


def ordered(
    left: NDArray[np.int64], right: NDArray[np.int64], score: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of nodes by ``left``, then by ``right``, each once; one that comes twice has the same score."""
    code = left << 32 | right
    order = np.argsort(code)
    code = code[order]
    if len(code) and not (fresh := np.r_[True, code[1:] != code[:-1]]).all():
        code, order = code[fresh], order[fresh]
    return code >> 32, code & 0xFFFFFFFF, score[order]


@jit
def _mark(packed, full, met):  # type: ignore[no-untyped-def]
    """Mark the texts that meet another in a bucket, and those in buckets of more than ``FULL_BUCKET``.

    Returns:
        The number of such full buckets.
    """
    count = 0
    start = 0
    for i in range(1, len(packed) + 1):
        if i == len(packed) or packed[i] >> np.uint64(32) != packed[start] >> np.uint64(32):
            if i - start > 1:
                for k in range(start, i):
                    met[packed[k] & _LOW] = True
            if i - start > FULL_BUCKET:
                count += 1
                for k in range(start, i):
                    full[packed[k] & _LOW] = True
            start = i
    return count


@jit
def _by_this_kind(words, x, y, short, border, kind):  # type: ignore[no-untyped-def]
    """Whether two nodes compare by the n-grams at hand."""
    least = min(words[x], words[y])
    most = max(words[x], words[y])
    return (least < short and most < border) == (kind == _CHARACTER)


@jit
def _met_before(bands, rows, full, band, x, y):  # type: ignore[no-untyped-def]
    """Whether an earlier band put two texts into one bucket in which every pair was verified."""
    for earlier in range(band):  # noqa: SIM110 (compiled)
        if bands[rows[x], earlier] == bands[rows[y], earlier] and not full[earlier, x]:
            return True
    return False


@jit
def _grown(values, filled):  # type: ignore[no-untyped-def]
    """The array itself, or one twice as long where it is full."""
    if filled < len(values):
        return values
    larger = np.empty(2 * len(values), values.dtype)
    larger[:filled] = values
    return larger


@jit
def _verify(  # type: ignore[no-untyped-def]
    packed, band, bands, rows, full, joined, hints, nodes, hashes, parts, extra, extra_counts, sizes, room, words,
    short, border, kind, least, enough, table,
):  # fmt: skip
    """The pairs of one sorted band that reach ``least``; ``joined`` is the centre each text was last verified with."""
    lefts = np.empty(1024, np.int64)
    rights = np.empty(1024, np.int64)
    scores = np.empty(1024, np.float64)
    filled = 0
    one = np.empty(room, np.uint64)
    two = np.empty(room, np.uint64)
    shift = np.uint64(0)
    start = 0
    for stop in range(1, len(packed) + 1):
        if stop < len(packed) and packed[stop] >> np.uint64(32) == packed[start] >> np.uint64(32):
            continue
        size = stop - start
        if 1 < size <= FULL_BUCKET:
            for i in range(start, stop - 1):
                x = np.int64(packed[i] & _LOW)
                held = np.int64(-1)  # x is made ready once it is needed
                for j in range(i + 1, stop):
                    y = np.int64(packed[j] & _LOW)
                    a, b = nodes[x], nodes[y]
                    low, high = min(sizes[a], sizes[b]), max(sizes[a], sizes[b])
                    if low < least * high - 1e-9 or not _by_this_kind(words, a, b, short, border, kind):
                        continue
                    if _met_before(bands, rows, full, band, x, y):
                        continue
                    if held < 0:
                        shift, held = hold(hashes, parts, extra, extra_counts, a, table, one)
                    both = common(hashes, parts, extra, extra_counts, sizes, b, shift, table, one, held, two)
                    score = both / (sizes[a] + sizes[b] - both)
                    if score >= least:
                        lefts, rights, scores = _grown(lefts, filled), _grown(rights, filled), _grown(scores, filled)
                        lefts[filled], rights[filled], scores[filled] = a, b, score
                        filled += 1
        elif size > FULL_BUCKET:
            centres = np.empty(CENTRES, np.int64)
            many = 0
            order = np.empty(size, np.uint64)
            for i in range(size):
                x = np.int64(packed[start + i] & _LOW)
                order[i] = np.uint64(bands[rows[x], (band + 1) % BANDS]) << np.uint64(32) | np.uint64(x)
                known = False
                for c in range(many):
                    known = known or joined[x] == centres[c]
                if known:
                    continue
                b = nodes[x]
                held = np.int64(-1)
                for c in range(many):
                    a = nodes[centres[c]]
                    low, high = min(sizes[a], sizes[b]), max(sizes[a], sizes[b])
                    if low < least * high - 1e-9 or not _by_this_kind(words, a, b, short, border, kind):
                        continue
                    if held < 0:
                        shift, held = hold(hashes, parts, extra, extra_counts, b, table, one)
                    both = common(hashes, parts, extra, extra_counts, sizes, a, shift, table, one, held, two)
                    score = both / (sizes[a] + sizes[b] - both)
                    if score >= least:
                        lefts, rights, scores = _grown(lefts, filled), _grown(rights, filled), _grown(scores, filled)
                        lefts[filled], rights[filled], scores[filled] = a, b, score
                        filled += 1
                        if score >= enough:
                            joined[x] = centres[c]
                            known = True
                            break
                if not known and many < CENTRES:
                    centres[many] = x
                    joined[x] = x
                    many += 1
            for turn in range(2):
                if turn == 1:
                    if band >= HINTED:
                        break
                    for i in range(size):
                        x = np.int64(packed[start + i] & _LOW)
                        order[i] = hints[nodes[x]] & ~_LOW | np.uint64(x)
                order.sort()
                for i in range(size):
                    x = np.int64(order[i] & _LOW)
                    held = np.int64(-1)
                    for j in range(i + 1, min(i + 1 + NEIGHBOURS, size)):
                        y = np.int64(order[j] & _LOW)
                        if turn == 1 and hints[nodes[x]] != hints[nodes[y]]:
                            break
                        if turn == 0 and joined[x] == joined[y] and joined[x] >= 0:
                            continue
                        a, b = nodes[min(x, y)], nodes[max(x, y)]
                        low, high = min(sizes[a], sizes[b]), max(sizes[a], sizes[b])
                        if low < least * high - 1e-9 or not _by_this_kind(words, a, b, short, border, kind):
                            continue
                        if held < 0:
                            shift, held = hold(hashes, parts, extra, extra_counts, nodes[x], table, one)
                        both = common(hashes, parts, extra, extra_counts, sizes, nodes[y], shift, table, one, held, two)
                        score = both / (sizes[a] + sizes[b] - both)
                        if score >= least:
                            lefts, rights = _grown(lefts, filled), _grown(rights, filled)
                            scores = _grown(scores, filled)
                            lefts[filled], rights[filled], scores[filled] = a, b, score
                            filled += 1
        start = stop
    return lefts[:filled].copy(), rights[:filled].copy(), scores[:filled].copy()
