"""Finds the texts that are near each other in meaning: exact nearest neighbours, and a second opinion by letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Scores = NDArray[np.float32]

_ROWS, _COLUMNS = 512, 32_768  # 64 MB of similarities at a time, however many texts
_LETTER_BUCKETS = 1 << 20
_LETTER_TEXTS = 1000


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Pairs of texts of which one is among the other's nearest.

    Attributes:
        left, right: int64 [pairs], ``left < right``, in that order, each pair once.
        cosine: float32 [pairs].
        rank: int64 [pairs]: the worse of the two places that each has among the other's nearest, 0 = the nearest;
            ``k`` where it is not among them.
        last: float32 [texts]: cosine of the ``k``-th nearest, where there is one; nothing nearer was left out.
    """

    left: Indices
    right: Indices
    cosine: Scores
    rank: Indices
    last: Scores


def neighbours(vectors: Scores, k: int, least: float) -> Neighbours:
    """The ``k`` nearest of each text from a cosine of ``least``, exactly (every pair is compared, in blocks).

    Args:
        vectors: float32 [texts, dimensions], of length one.
        k: Most neighbours of a text.
        least: Least cosine.
    """
    index, cosine = _nearest(vectors, k)
    near = cosine >= least
    rows, places = np.nonzero(near)
    others = index[rows, places]
    low, high = np.minimum(rows, others), np.maximum(rows, others)
    order = np.lexsort((places, high, low))
    low, high, places, found = low[order], high[order], places[order], cosine[rows, places][order]
    again = np.r_[False, (low[1:] == low[:-1]) & (high[1:] == high[:-1])][: len(low)]  # seen from its other end too
    first = np.flatnonzero(~again)
    both = np.r_[again[1:], False][: len(low)][first]
    rank = np.full(len(first), k, np.int64)
    rank[both] = places[first[both] + 1]
    last = cosine[:, -1] if cosine.shape[1] == k else np.full(len(cosine), -2.0, np.float32)
    return Neighbours(low[first], high[first], found[first], rank, last)


def _nearest(vectors: Scores, k: int) -> tuple[Indices, Scores]:
    """Each row's nearest others, best first, the lower number before the higher: int64 and float32 [rows, k]."""
    rows = len(vectors)
    k = min(k, max(rows - 1, 0))
    index, cosine = np.empty((rows, k), np.int64), np.empty((rows, k), np.float32)
    if not k:
        return index, cosine
    for start in range(0, rows, _ROWS):
        block = vectors[start : start + _ROWS]
        best = np.full((len(block), 0), -2.0, np.float32)
        names = np.empty((len(block), 0), np.int64)
        for column in range(0, rows, _COLUMNS):
            part = vectors[column : column + _COLUMNS]
            scores = block @ part.T
            own = np.arange(start, start + len(block)) - column
            inside = (own >= 0) & (own < len(part))
            scores[np.flatnonzero(inside), own[inside]] = -2.0
            top = min(k, len(part))
            chosen = np.argpartition(-scores, top - 1, axis=1)[:, :top]
            best = np.hstack([best, np.take_along_axis(scores, chosen, axis=1)])
            names = np.hstack([names, chosen + column])
            order = np.lexsort((names, -best), axis=1)[:, :k]
            best, names = np.take_along_axis(best, order, axis=1), np.take_along_axis(names, order, axis=1)
        index[start : start + len(block)], cosine[start : start + len(block)] = names, best
    return index, cosine


class Letters:
    """TF-IDF over character 3- to 5-grams: sees a shared rare word that sentence embeddings average away."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Count in how many of ``texts`` each n-gram stands, in blocks of texts."""
        from sklearn.feature_extraction.text import HashingVectorizer

        self._texts = [text.lower() for text in texts]
        self._counter = HashingVectorizer(
            analyzer="char", ngram_range=(3, 5), n_features=_LETTER_BUCKETS, alternate_sign=False, norm=None,
            dtype=np.float32,
        )  # fmt: skip
        holds = np.zeros(_LETTER_BUCKETS, np.int64)
        for start in range(0, len(texts), _LETTER_TEXTS):
            counts = self._counter.transform(self._texts[start : start + _LETTER_TEXTS])
            holds += np.bincount(counts.indices, minlength=_LETTER_BUCKETS)
        self._weight = (np.log((1 + len(texts)) / (1 + holds)) + 1).astype(np.float32)

    def cosine(self, left: Indices, right: Indices) -> Scores:
        """float32 [pairs]: cosine of the texts of these numbers (sublinear term frequency, smoothed idf)."""
        result = np.empty(len(left), np.float32)
        for start in range(0, len(left), _LETTER_TEXTS):
            pair = slice(start, start + _LETTER_TEXTS)
            one, other = self._vectors(left[pair]), self._vectors(right[pair])
            result[pair] = np.asarray(one.multiply(other).sum(axis=1)).ravel()
        return result

    def _vectors(self, numbers: Indices) -> Any:
        from sklearn.preprocessing import normalize

        counts = self._counter.transform([self._texts[number] for number in numbers])
        counts.data = (1 + np.log(counts.data)) * self._weight[counts.indices]
        return normalize(counts)
