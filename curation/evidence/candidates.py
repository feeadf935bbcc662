"""Finds which texts may be wordings of one another, by their letters: no model, and no step that compares all pairs.

TF-IDF over character 3- to 5-grams. A text is looked up by the n-grams that it shares with few others: each n-gram
lists the texts that hold it, lists of more than ``MOST_HOLDERS`` texts are left out, and a text keeps ``HEAVIEST``
n-grams. So the cost of a text is bounded, however many there are, and the cost of a set grows with its size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.jobs import Progress, no_progress
from curation.minhash.normalise import normalise
from curation.minhash.scan import MIX_1, jit, mix64
from curation.minhash.sets import THREADS

_FEWEST_BITS, _MOST_BITS = 14, 22  # n-grams are told apart by so many bits of their hash, by the size of the set
HEAVIEST = 256
"""N-grams kept of a text: those of the most weight. Texts of up to about a hundred characters keep all."""

MOST_HOLDERS = 500
"""An n-gram in more texts than this finds none of them; it still counts in the score of a pair."""

LOOKED_UP = 96
"""N-grams by which a text looks for others: those that the fewest hold."""

_BLOCK_CHARACTERS = 4_000_000
_SHORTEST, _LONGEST = 3, 5
_SLACK = 3  # times k: how many of the best by rare n-grams get their score

Index = NDArray[np.int64]
Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Near:
    """Pairs of texts with letters in common.

    Attributes:
        left, right: int64 [pairs], ``left < right``, sorted, each pair once.
        score: float32 [pairs]: cosine of their n-grams.
        crowded: Texts that had more than ``k`` others at ``least``.
    """

    left: Index
    right: Index
    score: Scores
    crowded: int


def near_by_letters(texts: Sequence[str], k: int, least: float, progress: Progress = no_progress) -> Near:
    """The ``k`` texts most like each, from a cosine of ``least``.

    The result does not depend on the order of texts but for ties: ties go to the lower number.

    Args:
        texts: Distinct texts, in an order that does not depend on that of the rows.
        k: Most others of a text; a pair counts if it is among the ``k`` of one of its ends.
        least: Least cosine.
        progress: Told how many texts are done.
    """
    none = np.empty(0, np.int64)
    if len(texts) < 2:
        return Near(none, none, np.empty(0, np.float32), 0)
    index, score, full = Letters.of(texts).nearest(0, len(texts), k, least, progress)
    rows, places = np.nonzero(index >= 0)
    others = index[rows, places]
    low, high, found = np.minimum(rows, others), np.maximum(rows, others), score[rows, places]
    order = np.lexsort((high, low))
    low, high, found = low[order], high[order], found[order]
    once = np.r_[True, (low[1:] != low[:-1]) | (high[1:] != high[:-1])][: len(low)]
    return Near(low[once], high[once], found[once], int(full.sum()))


@dataclass(frozen=True, slots=True)
class Letters:
    """Texts that can be asked for the others like them.

    Attributes:
        grams, values, starts: N-grams kept of each text, their weights, and where each text's begin.
        listed: What ``_postings`` gives.
    """

    grams: NDArray[np.int32]
    values: Scores
    starts: Index
    listed: tuple[Index, NDArray[np.int32], Scores]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Letters:
        """Index distinct texts."""
        parts = list(_blocks(texts))
        buckets = _buckets(texts)
        with ThreadPoolExecutor(THREADS) as pool:
            holders = np.zeros(buckets, np.int32)
            for start in range(0, len(parts), THREADS):
                some = parts[start : start + THREADS]
                for counted in pool.map(lambda part: _holders(*_codes(texts[part]), buckets), some):
                    holders += counted
            weight = (np.log((1 + len(texts)) / (1 + holders)) + 1).astype(np.float32)
            made = list(pool.map(lambda part: _kept(*_codes(texts[part]), weight), parts))
        lengths = np.concatenate([counts for _, _, counts in made])
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        grams, values = np.concatenate([part[0] for part in made]), np.concatenate([part[1] for part in made])
        return cls(grams, values, starts, _postings(grams, values, starts, holders))

    def nearest(
        self, first: int, last: int, k: int, least: float, progress: Progress = no_progress
    ) -> tuple[Index, Scores, NDArray[np.bool_]]:
        """The ``k`` texts most like each of those from ``first`` to ``last``, in no order.

        Returns:
            int64 and float32 [last - first, k]: their numbers (-1 = none) and cosines; bool: whether there were more.
        """
        many = len(self.starts) - 1
        index = np.full((many, k), -1, np.int64)
        score = np.zeros((many, k), np.float32)
        full = np.zeros(many, np.bool_)
        step = max(1, min(4096, (last - first) // 8 + 1))

        def search(start: int) -> None:
            stop = min(start + step, last)
            stored = self.grams, self.values, self.starts
            _search(start, stop, *stored, *self.listed, k, np.float32(least), index, score, full)

        with ThreadPoolExecutor(THREADS) as pool:
            for done, _ in enumerate(pool.map(search, range(first, last, step))):
                progress("looking for questions in other words", min((done + 1) * step, last - first), last - first)
        return index[first:last], score[first:last], full[first:last]

    def cosine(self, left: Index, right: Index) -> Scores:
        """float32 [pairs]: cosine of pairs of these texts."""
        result = np.empty(len(left), np.float32)
        _products(left, right, self.grams, self.values, self.starts, result)
        return result


def cosines(texts: Sequence[str], left: Index, right: Index) -> Scores:
    """float32 [pairs]: cosine of the n-grams of pairs of texts, weighted by how many of ``texts`` hold them."""
    codes = [_codes(texts[part]) for part in _blocks(texts)]
    buckets = _buckets(texts)
    holders = np.zeros(buckets, np.int32)
    for block in codes:
        holders += _holders(*block, buckets)
    weight = (np.log((1 + len(texts)) / (1 + holders)) + 1).astype(np.float32)
    made = [_kept(*block, weight) for block in codes]
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate([counts for _, _, counts in made]))])
    grams, values = np.concatenate([part[0] for part in made]), np.concatenate([part[1] for part in made])
    result = np.empty(len(left), np.float32)
    _products(left, right, grams, values, starts, result)
    return result


def _buckets(texts: Sequence[str]) -> int:
    """How many n-grams are told apart: some times as many as the texts can hold, within bounds."""
    bits = (8 * sum(map(len, texts))).bit_length()
    return 1 << max(_FEWEST_BITS, min(_MOST_BITS, bits))


def _blocks(texts: Sequence[str]) -> Iterator[slice]:
    start = size = 0
    for place, text in enumerate(texts):
        size += len(text)
        if size > _BLOCK_CHARACTERS and place > start:
            yield slice(start, place)
            start, size = place, len(text)
    yield slice(start, len(texts))


def _codes(texts: Sequence[str]) -> tuple[NDArray[np.uint32], Index]:
    """The code points of normalised texts, a space before and after each word, and where each text begins."""
    flat = [f" {normalise(text)} " for text in texts]
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(text) for text in flat])])
    joined = "".join(flat).encode("utf-32-le", "surrogatepass")
    return np.frombuffer(joined, np.uint32), starts


@jit
def _grams_of(codes, start, stop, buckets, room):  # type: ignore[no-untyped-def]
    """The buckets of a text's n-grams, in their order in the text, into ``room``; their number."""
    filled = 0
    for i in range(start, stop):
        value = np.uint64(0)
        for n in range(min(_LONGEST, stop - i)):
            value = (value ^ np.uint64(codes[i + n])) * MIX_1
            value ^= value >> np.uint64(29)
            if n + 1 >= _SHORTEST:
                room[filled] = np.int32(mix64(value) & np.uint64(buckets - 1))
                filled += 1
    return filled


@jit
def _longest(starts):  # type: ignore[no-untyped-def]
    longest = 0
    for row in range(len(starts) - 1):
        longest = max(longest, starts[row + 1] - starts[row])
    return longest * (_LONGEST - _SHORTEST + 1) + 1


@jit
def _holders(codes, starts, buckets):  # type: ignore[no-untyped-def]
    """How many texts hold each n-gram: int32 [buckets]."""
    room = np.empty(_longest(starts), np.int32)
    table = np.zeros((buckets, 2), np.int32)  # the last text (from 1 on) in which it was met, and the count
    for row in range(len(starts) - 1):
        for i in range(_grams_of(codes, starts[row], starts[row + 1], buckets, room)):
            if table[room[i], 0] != row + 1:
                table[room[i], 0] = row + 1
                table[room[i], 1] += 1
    return table[:, 1].copy()


@jit
def _kept(codes, starts, weight):  # type: ignore[no-untyped-def]
    """The heaviest n-grams of each text, sorted, their weights as a vector of length one, and how many there are.

    Of those of equal weight, the ones of the lower buckets are kept.
    """
    room = np.empty(_longest(starts), np.int32)
    own = np.empty(len(room), np.int32)
    times = np.empty(len(room), np.int32)
    value = np.empty(len(room), np.float32)
    table = np.zeros((len(weight), 2), np.int32)  # the last text (from 1 on) in which it was met, and its place there
    grams = np.empty(min(len(codes) * (_LONGEST - _SHORTEST + 1), (len(starts) - 1) * HEAVIEST) + 1, np.int32)
    values = np.empty(len(grams), np.float32)
    counts = np.zeros(len(starts) - 1, np.int64)
    filled = 0
    for row in range(len(starts) - 1):
        different = 0
        for i in range(_grams_of(codes, starts[row], starts[row + 1], len(weight), room)):
            gram = room[i]
            if table[gram, 0] != row + 1:
                table[gram, 0], table[gram, 1] = row + 1, different
                own[different], times[different] = gram, 0
                different += 1
            times[table[gram, 1]] += 1
        for i in range(different):
            value[i] = (1 + np.log(np.float32(times[i]))) * weight[own[i]]
        chosen = different
        if different > HEAVIEST:
            limit = np.partition(value[:different].copy(), different - HEAVIEST)[different - HEAVIEST]
            chosen = 0
            ties = 0
            for i in range(different):
                if value[i] > limit:
                    own[chosen] = own[i]
                    chosen += 1
                elif value[i] == limit:
                    room[ties] = own[i]
                    ties += 1
            room[:ties].sort()
            own[chosen:HEAVIEST] = room[: HEAVIEST - chosen]
            chosen = HEAVIEST
        own[:chosen].sort()
        begin = filled
        squares = np.float32(0)
        for i in range(chosen):
            grams[filled], values[filled] = own[i], value[table[own[i], 1]]
            squares += values[filled] * values[filled]
            filled += 1
        if squares > 0:
            values[begin:filled] /= np.sqrt(squares)
        counts[row] = filled - begin
    return grams[:filled].copy(), values[:filled].copy(), counts


@jit
def _postings(grams, values, starts, holders):  # type: ignore[no-untyped-def]
    """Of each n-gram that few texts hold: begins [buckets + 1], and there the texts and its weight in each."""
    begins = np.zeros(len(holders) + 1, np.int64)
    for gram in grams:
        if 1 < holders[gram] <= MOST_HOLDERS:
            begins[gram + 1] += 1
    for gram in range(len(holders)):
        begins[gram + 1] += begins[gram]
    free = begins[:-1].copy()
    owners = np.empty(begins[-1], np.int32)
    weights = np.empty(begins[-1], np.float32)
    for row in range(len(starts) - 1):
        for at in range(starts[row], starts[row + 1]):
            gram = grams[at]
            if 1 < holders[gram] <= MOST_HOLDERS:
                owners[free[gram]], weights[free[gram]] = row, values[at]
                free[gram] += 1
    return begins, owners, weights


@jit
def _dot(grams, values, a, a_end, b, b_end):  # type: ignore[no-untyped-def]
    total = np.float32(0)
    while a < a_end and b < b_end:
        if grams[a] == grams[b]:
            total += values[a] * values[b]
            a += 1
            b += 1
        elif grams[a] < grams[b]:
            a += 1
        else:
            b += 1
    return total


@jit
def _products(left, right, grams, values, starts, result):  # type: ignore[no-untyped-def]
    for pair in range(len(left)):
        a, b = left[pair], right[pair]
        result[pair] = _dot(grams, values, starts[a], starts[a + 1], starts[b], starts[b + 1])


@jit
def _search(  # type: ignore[no-untyped-def]
    start, stop, grams, values, starts, begins, owners, weights, k, least, index, score, full
):
    """Fill ``index`` and ``score`` of the texts from ``start`` to ``stop`` with their best ``k``, in no order."""
    partial = np.zeros(len(starts) - 1, np.float32)
    met = np.empty(len(starts) - 1, np.int32)
    exact = np.empty(len(starts) - 1, np.float32)
    held = np.empty(HEAVIEST, np.int64)
    for row in range(start, stop):
        many = 0
        telling = 0
        for at in range(starts[row], starts[row + 1]):
            held[telling] = begins[grams[at] + 1] - begins[grams[at]]
            telling += held[telling] > 0
        widest = np.int64(MOST_HOLDERS)
        if telling > LOOKED_UP:
            widest = np.partition(held[:telling], LOOKED_UP - 1)[LOOKED_UP - 1]
        for at in range(starts[row], starts[row + 1]):
            if begins[grams[at] + 1] - begins[grams[at]] > widest:
                continue
            for i in range(begins[grams[at]], begins[grams[at] + 1]):
                other = owners[i]
                if partial[other] == 0:
                    met[many] = other
                    many += 1
                partial[other] += values[at] * weights[i]
        bar = np.float32(0)
        if many > _SLACK * k:
            for i in range(many):
                exact[i] = partial[met[i]]
            bar = np.partition(exact[:many], many - _SLACK * k - 1)[many - _SLACK * k - 1]
        filled = 0
        for i in range(many):
            other = met[i]
            if partial[other] >= bar and other != row:
                value = _dot(grams, values, starts[row], starts[row + 1], starts[other], starts[other + 1])
                if value >= least:
                    met[filled] = other
                    exact[filled] = value
                    filled += 1
            partial[other] = 0
        for place in range(min(filled, k)):
            best = place
            for i in range(place + 1, filled):
                if exact[i] > exact[best] or (exact[i] == exact[best] and met[i] < met[best]):
                    best = i
            met[place], met[best] = met[best], met[place]
            exact[place], exact[best] = exact[best], exact[place]
            index[row, place], score[row, place] = met[place], exact[place]
        full[row] = filled > k
