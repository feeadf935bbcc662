"""Texts as sets of n-grams, held in two flat arrays, with exact Jaccard and containment between any of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

WORDS_PER_GRAM = 3
CHARACTERS_PER_GRAM = 5


@dataclass(frozen=True, slots=True)
class Shingles:
    """The distinct n-grams of some texts.

    Attributes:
        hashes: uint64, each text's gram hashes in rising order, one text after the other.
        starts: int64 [texts + 1]: text ``i`` owns ``hashes[starts[i]:starts[i + 1]]``.
    """

    hashes: NDArray[np.uint64]
    starts: NDArray[np.int64]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of distinct grams of each text: int64 [texts]."""
        return np.diff(self.starts)

    def of(self, index: int) -> NDArray[np.uint64]:
        """The gram hashes of one text."""
        return self.hashes[self.starts[index] : self.starts[index + 1]]

    def shared(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
        """Grams in common for each pair: int64 [pairs]."""
        from curation.minhash.signatures import shared_counts

        counts: NDArray[np.int64] = shared_counts(self.hashes, self.starts, left, right)
        return counts

    def jaccard(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.float64]:
        """Exact Jaccard similarity |A ∩ B| / |A ∪ B| of each pair, in [0, 1]; two empty texts are alike (1)."""
        both = self.shared(left, right)
        either = self.sizes[left] + self.sizes[right] - both
        return np.where(either > 0, both / np.maximum(either, 1), 1.0)

    def signatures(self) -> NDArray[np.uint32]:
        """MinHash signatures, 128 permutations: uint32 [texts, 128]."""
        from curation.minhash.signatures import minhash, permutations

        signatures: NDArray[np.uint32] = minhash(self.hashes, self.starts, *permutations())
        return signatures


def shingle(texts: Sequence[str], kind: Literal["word", "character"]) -> Shingles:
    """Cut normalised texts into word 3-grams or character 5-grams; a shorter text is one gram."""
    from curation.minhash.signatures import ngram_sets

    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    buffer = np.frombuffer(b"".join(encoded) or b" ", np.uint8)
    by_word = kind == "word"
    hashes, starts = ngram_sets(buffer, offsets, WORDS_PER_GRAM if by_word else CHARACTERS_PER_GRAM, by_word)
    return Shingles(hashes, starts)
