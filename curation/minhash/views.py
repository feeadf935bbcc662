"""One side of every example (prompt, answer or whole) as a searchable set of distinct texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from curation.minhash.bands import candidates
from curation.minhash.normalise import word_count
from curation.minhash.shingles import Shingles, shingle

SHORT_WORDS = 15  # under this many words a text compares on character 5-grams
BORDER_WORDS = 24  # no text of this many words can reach the short threshold against a short one


@dataclass(slots=True)
class View:
    """Distinct normalised texts, and which of them each example shows.

    Attributes:
        texts: The distinct texts; identical ones were collapsed, so a million copies cost as much as one.
        node: int64 [examples]: index into ``texts``.
        words: int64 [texts].
    """

    texts: list[str]
    node: NDArray[np.int64]
    words: NDArray[np.int64]
    near: float
    short: float
    by_word: Shingles
    by_character: Shingles
    short_words: int = SHORT_WORDS
    border_words: int = BORDER_WORDS
    thinned_buckets: int = field(default=0)

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        *,
        near: float,
        short: float,
        short_words: int = SHORT_WORDS,
        border_words: int = BORDER_WORDS,
    ) -> View:
        """Index normalised ``texts``, one an example.

        Args:
            texts: Normalised texts.
            near: Least Jaccard similarity on word 3-grams.
            short: Least Jaccard similarity on character 5-grams, where one of two texts is short.
            short_words: A text of fewer words is short.
            border_words: A text of this many words or more is never compared as if it were short.
        """
        index: dict[str, int] = {}
        node = np.fromiter((index.setdefault(text, len(index)) for text in texts), np.int64, len(texts))
        distinct = list(index)
        words = np.fromiter((word_count(text) for text in distinct), np.int64, len(distinct))
        small = [text if count < border_words else "" for text, count in zip(distinct, words, strict=True)]
        by_word, by_character = shingle(distinct, "word"), shingle(small, "character")
        return cls(distinct, node, words, near, short, by_word, by_character, short_words, border_words)

    def similarity(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.float64]:
        """Exact similarity of text pairs (indices into ``texts``), by the measure that their length calls for."""
        score = np.ones(len(left), np.float64)
        differ = left != right
        short = differ & self._is_short(left, right)
        long = differ & ~short
        score[short] = self.by_character.jaccard(left[short], right[short])
        score[long] = self.by_word.jaccard(left[long], right[long])
        return score

    def alike(self, left: NDArray[np.int64], right: NDArray[np.int64], score: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether each pair's score reaches the threshold that its length calls for."""
        return score >= np.where(self._is_short(left, right), self.short, self.near)

    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """All pairs of distinct texts that are alike: ``(left, right, score)``, verified, left < right."""
        rank = np.lexsort((np.arange(len(self.texts)), -self.words)).argsort()
        left, right, thinned = candidates(self.by_word.signatures(), rank)
        brief = np.flatnonzero(self.words < self.border_words)
        if len(brief) > 1:
            grams = self.by_character.signatures()[brief]
            more_left, more_right, more = candidates(grams, rank[brief])
            thinned += more
            count = len(self.texts)
            codes = np.unique(np.r_[left * count + right, brief[more_left] * count + brief[more_right]])
            left, right = codes // count, codes % count
        self.thinned_buckets = thinned
        score = self.similarity(left, right)
        keep = self.alike(left, right, score) & (self.words[left] > 0) & (self.words[right] > 0)
        return left[keep], right[keep], score[keep]

    def _is_short(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.bool_]:
        least = np.minimum(self.words[left], self.words[right])
        most = np.maximum(self.words[left], self.words[right])
        return (least < self.short_words) & (most < self.border_words)
