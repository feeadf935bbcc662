"""Examples whose text stands inside a longer example, found by looking up a sample of their n-grams."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.evidence.batch import Batch
from curation.evidence.relations import Relations
from curation.minhash.normalise import normalise
from curation.minhash.scan import jit
from curation.minhash.sets import THREADS

_PROBES = 8  # grams of each text that are looked up
_VOTES = 4  # of which this many must stand in the other text
_COMMON = 100  # a gram that stands in more texts than this is boilerplate and is not looked up
_LEAST_WORDS = 15
_CHUNK = 16_384
_EVENLY = np.uint64(0x9E3779B97F4A7C15)
_RECENT = 4096  # grams found last that are remembered, a power of two


def subsets(found: Relations, batch: Batch) -> list[tuple[int, int, float]]:
    """Pairs of units ``(part, holder, share)``: the part's 3-grams stand in the longer holder.

    The share is the containment |A ∩ B| / |A| of the part in the holder (Broder 1997). Each part is reported with one
    holder, the first by rank. Pairs that count as near-duplicates are left out.
    """
    least = batch.settings.subset_containment
    view = found.whole
    part, holder, share = _contained_pairs(found, batch, least)
    keep = (view.similarity(part, holder) < view.near) & found.same_system(part, holder)
    part, holder, share = part[keep], holder[keep], share[keep]
    result: list[tuple[int, int, float]] = []
    seen = -1
    for at in np.lexsort((holder, part)).tolist():
        if part[at] == seen:
            continue
        inner, outer = found.units[int(part[at])], found.units[int(holder[at])]
        text = f" {normalise(outer.prompt)} {normalise(outer.answer)} "
        if _stands_in(normalise(inner.answer), text, least) and _stands_in(normalise(inner.ask), text, least):
            seen = part[at]
            result.append((int(part[at]), int(holder[at]), float(share[at])))
    return result


def _stands_in(part: str, whole: str, least: float) -> bool:
    """Whether a normalised text stands in another: as a phrase, or by its word 3-grams."""
    if not part:
        return False
    words = part.split(" ")
    grams = [f" {' '.join(words[i : i + 3])} " for i in range(max(1, len(words) - 2))]
    return sum(gram in whole for gram in grams) >= least * len(grams)


def _contained_pairs(
    found: Relations, batch: Batch, least: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pairs (shorter, longer) that share at least half of the shorter text's probes and reach the containment."""
    sets, words = found.whole.by_word, found.whole.words
    nodes = len(words)
    none = np.empty(0, np.int64)
    stored = sets.hashes, sets.parts, sets.extra, sets.extra_counts
    probes = np.empty((nodes, _PROBES), np.uint64)
    counts, largest = np.zeros(nodes, np.int64), np.zeros(nodes, np.uint64)
    starts = range(0, nodes, _CHUNK)

    def take(start: int) -> None:
        _take_probes(*stored, words, start, min(start + _CHUNK, nodes), probes, counts, largest)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(take, starts))
    owner = np.repeat(np.arange(nodes, dtype=np.int32), counts)
    values = probes[np.arange(_PROBES) < counts[:, None]]
    if not len(values):
        return none, none, np.empty(0)
    order = np.argsort(values, kind="stable")
    values, owner = values[order], owner[order]
    del order
    cuts = np.flatnonzero(np.r_[True, values[1:] != values[:-1], True])
    many = np.diff(cuts)
    usable = many <= _COMMON
    looked_up = np.zeros(nodes, np.bool_)
    looked_up[owner[np.repeat(usable, many)]] = True
    if skipped := int(np.count_nonzero((counts > 0) & ~looked_up)):
        batch.note(
            f"duplicates.subset: {skipped:,} texts consist of phrases that stand in more than {_COMMON} others; they "
            "were not looked up in longer ones."
        )
    keys = values[cuts[:-1]][usable]
    begin, end = cuts[:-1][usable], cuts[1:][usable]
    del values
    index = counts, largest, keys, begin, end, owner, *_shelves(keys, end - begin > 1)

    def search(start: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        result: tuple[NDArray[np.int64], NDArray[np.int64]] = _look_up(
            *stored, words, *index, start, min(start + _CHUNK, nodes)
        )
        return result

    with ThreadPoolExecutor(THREADS) as pool:
        part, holder = (np.concatenate(column) for column in zip(*pool.map(search, starts), strict=True))
    both = sets.shared(holder, part)  # pairs of one holder stand together
    # If the part's share in the holder is c and they are no near-duplicates, the holder is this many times as large.
    growth = least / max(found.whole.near, 0.01) + least - 1
    share = both / sets.sizes[part]
    held = (share >= least) & (sets.sizes[part] * growth <= sets.sizes[holder])
    return part[held], holder[held], share[held]


def _shelves(keys: NDArray[np.uint64], common: NDArray[np.bool_]) -> tuple[Any, ...]:
    """Where the keys of each top value begin; and as bits, small enough to be at hand, which longer top values occur.

    Returns:
        ``(shelf, shift, of all keys, of those that stand in several texts, shift of the bits)``
    """
    bits = max(1, len(keys).bit_length())
    shift, shift_bits = np.uint64(64 - bits), np.uint64(64 - bits - 4)
    shelf = np.zeros((1 << bits) + 1, np.int32)
    np.cumsum(np.bincount((keys >> shift).astype(np.int64), minlength=1 << bits), out=shelf[1:])
    planes = []
    for some in (keys, keys[common]):
        occurs = np.zeros(1 << (bits + 4), np.bool_)
        occurs[some >> shift_bits] = True
        planes.append(np.packbits(occurs, bitorder="little"))
    return shelf, shift, *planes, shift_bits


@jit
def _take_probes(hashes, parts, extra, extra_counts, words, first, last, probes, counts, largest):  # type: ignore[no-untyped-def]
    """The smallest hashes of texts [first, last): a fair sample, and the same one for the same gram in every text.

    They are multiplied by an odd number, which spreads them over all values again.
    """
    for d in range(first, last):
        if words[d] < _LEAST_WORDS:
            continue
        held = 0
        for run in range(3):
            low = parts[d, 2 * run] if run < 2 else np.int64(0)
            high = parts[d, 2 * run + 1] if run < 2 else np.int64(extra_counts[d])
            for i in range(low, high):
                value = hashes[i] if run < 2 else extra[d, i]
                if held == _PROBES and value >= probes[d, _PROBES - 1]:
                    continue
                at = held
                while at > 0 and probes[d, at - 1] >= value:
                    at -= 1
                if at < held and probes[d, at] == value:
                    continue
                held = min(held + 1, _PROBES)
                for k in range(held - 1, at, -1):
                    probes[d, k] = probes[d, k - 1]
                probes[d, at] = value
        largest[d] = probes[d, held - 1]
        for k in range(held):
            probes[d, k] *= _EVENLY
        counts[d] = held


@jit
def _look_up(  # type: ignore[no-untyped-def]
    hashes, parts, extra, extra_counts, words, counts, largest, keys, begin, end, owner, shelf, shift,
    known, common, shift_bits, first, last,
):  # fmt: skip
    """For texts [first, last): the shorter texts of which they hold enough probes (see ``_shelves``).

    A gram that comes again soon is passed over, or a long text of few words would cast a vote for each of its words;
    one that comes again later is counted twice, which only adds a candidate.
    """
    found_parts = np.empty(256, np.int64)
    holders = np.empty(256, np.int64)
    filled = 0
    votes = np.empty(1024, np.int64)
    recent = np.full(_RECENT, -1, np.int64)
    for d in range(first, last):
        cast = 0
        for run in range(3):
            low = parts[d, 2 * run] if run < 2 else np.int64(0)
            high = parts[d, 2 * run + 1] if run < 2 else np.int64(extra_counts[d])
            for i in range(low, high):
                gram = hashes[i] if run < 2 else extra[d, i]
                value = gram * _EVENLY
                top = value >> shift_bits
                eight = top >> np.uint64(3)
                bits = common[eight] if gram <= largest[d] else known[eight]  # its own probes are of no interest
                if not (bits >> (top & np.uint64(7))) & np.uint64(1):
                    continue
                at = shelf[np.int64(value >> shift)]
                stop = shelf[np.int64(value >> shift) + 1]
                while at < stop and keys[at] != value:
                    at += 1
                if at == stop:
                    continue
                met = np.int64(d) * len(keys) + at
                if recent[at & (_RECENT - 1)] == met:
                    continue
                recent[at & (_RECENT - 1)] = met
                for k in range(begin[at], end[at]):
                    part = owner[k]
                    if words[part] < words[d] and part != d:
                        if cast == len(votes):
                            larger = np.empty(2 * cast, np.int64)
                            larger[:cast] = votes
                            votes = larger
                        votes[cast] = part
                        cast += 1
        if not cast:
            continue
        chosen = votes[:cast]
        chosen.sort()
        i = 0
        while i < cast:
            j = i
            while j < cast and chosen[j] == chosen[i]:
                j += 1
            if j - i >= min(_VOTES, counts[chosen[i]]):
                if filled == len(holders):
                    p, h = np.empty(2 * filled, np.int64), np.empty(2 * filled, np.int64)
                    p[:filled], h[:filled] = found_parts, holders
                    found_parts, holders = p, h
                found_parts[filled], holders[filled] = chosen[i], d
                filled += 1
            i = j
    return found_parts[:filled].copy(), holders[:filled].copy()
