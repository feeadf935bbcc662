"""Examples whose text stands inside a longer example, found by looking up a sample of their n-grams."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.evidence.batch import Batch
from curation.evidence.relations import Relations
from curation.minhash.shingles import Shingles

_PROBES = 12  # grams of each text that are looked up
_VOTES = 6  # of which this many must stand in the other text
_COMMON = 100  # a gram that stands in more texts than this is boilerplate and is not looked up
_LEAST_WORDS = 15


def subsets(found: Relations, batch: Batch) -> list[tuple[int, int, float]]:
    """Pairs of units ``(part, holder, share)``: the part's 3-grams stand in the longer holder.

    The share is the containment |A ∩ B| / |A| of the part in the holder. Each part is reported with one holder, the
    first by rank. Pairs that count as near-duplicates are left out.
    """
    view = found.whole
    left, right = _candidates(view.by_word, view.words, batch)
    if not len(left):
        return []
    sizes = view.by_word.sizes
    share = view.by_word.shared(left, right) / np.maximum(sizes[left], 1)
    keep = share >= batch.settings.subset_containment
    left, right, share = left[keep], right[keep], share[keep]
    keep = view.similarity(left, right) < view.near
    first = np.full(len(view.texts), -1, np.int64)
    first[view.node[::-1]] = np.arange(len(view.node))[::-1]
    result: list[tuple[int, int, float]] = []
    seen: set[int] = set()
    least = batch.settings.subset_containment
    pairs = sorted(zip(first[left[keep]], first[right[keep]], share[keep], strict=True))
    for part, holder, how_much in pairs:
        if int(part) in seen:
            continue
        text = f" {view.texts[view.node[holder]]} "
        unit_answer = found.answer.texts[found.answer.node[part]]
        unit_ask = found.ask.texts[found.ask.node[part]]
        if _contained(unit_answer, text, least) and _contained(unit_ask, text, least):
            seen.add(int(part))
            result.append((int(part), int(holder), float(how_much)))
    return result


def _contained(part: str, whole: str, least: float) -> bool:
    """Whether a normalised text stands in another: as a phrase, or by its word 3-grams."""
    if not part:
        return False
    words = part.split(" ")
    grams = [f" {' '.join(words[i : i + 3])} " for i in range(max(1, len(words) - 2))]
    return sum(gram in whole for gram in grams) >= least * len(grams)


def _candidates(
    shingles: Shingles, words: NDArray[np.int64], batch: Batch
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs (shorter, longer) that share at least half of the shorter text's probes."""
    texts = len(words)
    owner = np.repeat(np.arange(texts, dtype=np.int64), shingles.sizes)
    order = np.argsort(shingles.hashes, kind="stable")
    ordered = shingles.hashes[order]
    owners = owner[order]
    # The smallest hashes are a fair sample, and the same one for the same gram in every text.
    position = np.arange(len(owner)) - shingles.starts[owner]
    probes = np.flatnonzero((position < _PROBES) & (words[owner] >= _LEAST_WORDS))
    low = np.searchsorted(ordered, shingles.hashes[probes], "left")
    high = np.searchsorted(ordered, shingles.hashes[probes], "right")
    usable = (high - low) <= _COMMON
    skipped = np.unique(owner[probes]).size - np.unique(owner[probes[usable]]).size
    if skipped:
        batch.note(
            f"duplicates.subset: {skipped} texts consist of phrases that stand in more than {_COMMON} others; they "
            f"were "
            "not looked up in longer ones."
        )
    probes, low, high = probes[usable], low[usable], high[usable]
    counts = high - low
    part = np.repeat(owner[probes], counts)
    offset = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    holder = owners[np.repeat(low, counts) + offset]
    longer = shingles.sizes[holder] > shingles.sizes[part]
    codes, votes = np.unique(part[longer] * texts + holder[longer], return_counts=True)
    codes = codes[votes >= _VOTES]
    return codes // texts, codes % texts
