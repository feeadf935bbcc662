"""Texts as n-gram sets and MinHash signatures: the engine's parts for a few texts, or for signatures alone."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from curation.minhash.hashed import hashed
from curation.minhash.sets import THREADS, Sets
from curation.minhash.sketch import Column, read_words

_BLOCK = 512  # texts whose words fit the processor's cache


@dataclass(frozen=True, slots=True)
class Shingles:
    """The distinct n-grams of some texts: ``sets`` in the order of the texts, one run each."""

    sets: Sets

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of distinct grams of each text: int64 [texts]."""
        return self.sets.sizes

    def of(self, index: int) -> NDArray[np.uint64]:
        """The gram hashes of one text, rising, each once."""
        start, end = self.sets.parts[index, :2]
        return np.unique(self.sets.hashes[start:end])

    def jaccard(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.float64]:
        """Exact Jaccard similarity of each pair of texts."""
        return self.sets.jaccard(left, right)

    def signatures(self) -> NDArray[np.uint32]:
        """MinHash signatures, 128 permutations, as ``datasketch`` gives for the low 32 bits: uint32 [texts, 128]."""
        from curation.minhash import signatures as compiled

        parts = self.sets.parts
        starts = np.r_[parts[:, 0], parts[-1:, 1]] if len(parts) else np.zeros(1, np.int64)
        out = np.empty((len(parts), compiled.PERMUTATIONS), np.uint32)
        compiled.minhash(self.sets.hashes, starts, *compiled.permutations(), out)
        return out


def shingle(texts: Sequence[str], kind: Literal["word", "character"]) -> Shingles:
    """Cut texts into normalised word 3-grams or character 5-grams; a shorter text is one gram."""
    from curation.minhash import signatures as compiled

    everything = np.iinfo(np.int64).max
    words = read_words(texts, Column.empty(len(texts)), everything if kind == "character" else 0)
    starts = np.zeros(len(texts) + 1, np.int64)
    if kind == "word":
        hashes = np.empty(len(words.hashes), np.uint64)
        compiled.word_grams(words.hashes, words.counts, hashes, starts)
    else:
        hashes = np.empty(len(words.kept), np.uint64)
        compiled.character_grams(words.kept, words.kept_starts, hashes, starts)
    sets = Sets.of(hashes[: starts[-1]], np.column_stack([starts[:-1], starts[1:]]))
    sets.settle(np.arange(len(texts)))
    return Shingles(sets)


def signatures_of(texts: Sequence[str]) -> NDArray[np.uint32]:
    """MinHash signatures of raw texts: normalised, cut into word 3-grams, 128 permutations: uint32 [texts, 128]."""
    from curation.minhash import signatures as compiled

    out = np.empty((len(texts), compiled.PERMUTATIONS), np.uint32)

    def work(start: int) -> None:
        rows = slice(start, min(start + _BLOCK, len(texts)))
        read = hashed(texts[rows])
        compiled.minhash_words(read.words, read.counts, *compiled.permutations(), out[rows])

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(0, len(texts), _BLOCK)))
    return out
