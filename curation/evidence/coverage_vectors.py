"""Puts short texts into groups by their words: TF-IDF, a truncated SVD, spherical k-means and a flat layout.

Written out in numpy and scipy: importing scikit-learn would take every check two seconds.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]

CHARACTERS = 2_000
"""Characters of a text that are looked at."""

_WORDS_KEPT = 20_000
_COMMON = 0.8  # a word in more of the texts than this says nothing about any of them
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\d_]{2,}")
_TRIES, _ROUNDS = 4, 30
_ALIKE = 0.6  # cosine of two groups' middles from which they are one group


def word_table(texts: Sequence[str]) -> tuple[Any, list[str]]:
    """TF-IDF of texts (sublinear term frequency, rows of length one) and the words of its columns.

    Words of one text only, and of more than four fifths of the texts, are left out.

    Returns:
        scipy CSR float32 [texts, words], and the words. A text without any of them is a row of zeros.
    """
    from scipy.sparse import csr_matrix

    counted = [Counter(_WORD.findall(text[:CHARACTERS].lower())) for text in texts]
    holds: Counter[str] = Counter()
    for words in counted:
        holds.update(words.keys())
    kept = [(word, n) for word, n in holds.items() if 2 <= n <= max(2, _COMMON * len(texts))]
    kept = sorted(kept, key=lambda item: (-item[1], item[0]))[:_WORDS_KEPT]
    column = {word: place for place, (word, _) in enumerate(kept)}
    indices: list[int] = []
    values: list[int] = []
    ends = [0]
    for words in counted:
        for word, n in words.items():
            if (place := column.get(word)) is not None:
                indices.append(place)
                values.append(n)
        ends.append(len(indices))
    idf = np.log((1 + len(texts)) / (1 + np.array([n for _, n in kept], np.float32)))
    data = (1 + np.log(np.array(values, np.float32))) * idf[indices] if indices else np.zeros(0, np.float32)
    table = csr_matrix((data.astype(np.float32), indices, ends), shape=(len(texts), len(kept)))
    length = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    table.data /= np.repeat(np.where(length > 0, length, 1), np.diff(table.indptr))
    return table, [word for word, _ in kept]


def reduced(table: Any, dimensions: int, seed: int = 0) -> Floats:
    """The rows of a sparse table in few dimensions, of length one (zeros stay zeros).

    Randomised SVD with two power iterations (Halko, Martinsson and Tropp 2011).
    """
    rng = np.random.default_rng(seed)
    size = min(dimensions + 10, *table.shape)
    sample = table @ rng.standard_normal((table.shape[1], size)).astype(np.float32)
    for _ in range(2):
        basis, _ = np.linalg.qr(sample)
        sample = table @ (table.T @ basis)
    basis, _ = np.linalg.qr(sample)
    left, strength, _ = np.linalg.svd((table.T @ basis).T, full_matrices=False)
    made = ((basis @ left) * strength)[:, :dimensions]
    length = np.linalg.norm(made, axis=1, keepdims=True)
    scaled: Floats = (made / np.where(length > 1e-6, length, 1)).astype(np.float32)
    return scaled


def k_means(vectors: Floats, k: int, seed: int = 0) -> tuple[Numbers, Floats]:
    """Spherical k-means, seeded as k-means++ (Arthur and Vassilvitskii 2007); alike groups are merged.

    Args:
        vectors: float32 [texts, dimensions], of length one.
        k: Groups before those that are alike are merged.
        seed: Of the seeding.

    Returns:
        Group of each text, largest group = 0: int64 [texts]; middles of the groups, of length one: float32 [k', d].
        k' may be less than ``k``.
    """
    rng = np.random.default_rng(seed)
    best = -1.0, np.zeros(len(vectors), np.int64), vectors[:1]
    for _ in range(_TRIES):
        middles = _seeds(vectors, k, rng)
        group = np.full(len(vectors), -1, np.int64)
        for _ in range(_ROUNDS):
            likeness = vectors @ middles.T
            new = likeness.argmax(axis=1)
            if np.array_equal(new, group):
                break
            group = new
            sums = np.zeros_like(middles)
            np.add.at(sums, group, vectors)
            length = np.linalg.norm(sums, axis=1, keepdims=True)
            middles = np.where(length > 1e-6, sums / np.where(length > 1e-6, length, 1), middles).astype(np.float32)
        fit = float((vectors @ middles.T).max(axis=1).sum())
        if fit > best[0] + 1e-3:
            best = fit, group, middles
    return _merged(vectors, best[1], best[2])


def _merged(vectors: Floats, group: Numbers, middles: Floats) -> tuple[Numbers, Floats]:
    """Groups whose middles are alike made one, the two most alike first; the largest becomes number 0."""
    sizes = np.bincount(group, minlength=len(middles))
    sums = np.zeros_like(middles)
    np.add.at(sums, group, vectors)
    owner = np.arange(len(middles))
    alive = sizes > 0
    while alive.sum() > 2:
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        middles = (sums / np.where(length > 1e-6, length, 1)).astype(np.float32)
        likeness = np.where(np.logical_and.outer(alive, alive), middles @ middles.T, -1)
        np.fill_diagonal(likeness, -1)
        one, other = (int(place) for place in np.unravel_index(int(likeness.argmax()), likeness.shape))
        if likeness[one, other] < _ALIKE:
            break
        sums[one] += sums[other]
        sizes[one] += sizes[other]
        alive[other], sizes[other] = False, 0
        owner[owner == other] = one
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    middles = (sums / np.where(length > 1e-6, length, 1)).astype(np.float32)
    order = np.lexsort((np.arange(len(middles)), -sizes))
    order = order[alive[order]]
    place = np.zeros(len(middles), np.int64)
    place[order] = np.arange(len(order))
    return place[owner[group]], middles[order]


def _seeds(vectors: Floats, k: int, rng: np.random.Generator) -> Floats:
    chosen = [int(rng.integers(len(vectors)))]
    far = np.clip(1 - vectors @ vectors[chosen[0]], 0, None)
    while len(chosen) < k and far.sum() > 1e-6:
        chosen.append(int(np.searchsorted(np.cumsum(far), rng.random() * far.sum()).clip(0, len(vectors) - 1)))
        far = np.minimum(far, np.clip(1 - vectors @ vectors[chosen[-1]], 0, None))
    seeds = vectors[chosen]
    return np.vstack([seeds, seeds[:1].repeat(k - len(chosen), axis=0)]).astype(np.float32)


def layout(vectors: Floats, group: Numbers, middles: Floats) -> Floats:
    """Where to draw each text on a plane, float32 [texts, 2]: groups as islands, alike groups near each other.

    The islands' places are the two main directions of their middles, moved apart until they do not overlap; an
    island's area is its number of texts, and its texts lie in it by their own two main directions.
    """
    sizes = np.bincount(group, minlength=len(middles))
    radius = np.sqrt(sizes / max(1, len(vectors)))
    place = _apart(_plane(middles) * 2.0, radius)
    drawn = np.zeros((len(vectors), 2), np.float32)
    for number in range(len(middles)):
        members = np.flatnonzero(group == number)
        own = _plane(vectors[members])
        reach = np.quantile(np.linalg.norm(own, axis=1), 0.95) if len(members) > 2 else 1.0
        own = own / max(reach, 1e-6)
        far = np.linalg.norm(own, axis=1, keepdims=True)
        own = own / np.maximum(far, 1)  # the farthest stand on the shore
        drawn[members] = place[number] + 0.9 * radius[number] * own
    return drawn


def _plane(vectors: Floats) -> Floats:
    """The two main directions of vectors, their signs fixed."""
    flat = np.zeros((len(vectors), 2), np.float32)
    centred = vectors - vectors.mean(axis=0, keepdims=True)
    if len(vectors) < 2 or not np.any(np.abs(centred) > 1e-6):
        return flat
    _, _, axes = np.linalg.svd(centred.T @ centred)
    axes = axes[:2]
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])
    flat[:, : len(axes)] = centred @ (axes * signs[:, None]).T
    return flat


def _apart(place: Floats, radius: NDArray[np.float64]) -> Floats:
    """Circles pushed apart, pair by pair, until none overlaps (or a fixed number of rounds has passed)."""
    moved = place.astype(np.float64)
    need = radius[:, None] + radius[None, :] + 0.05
    for _ in range(200):
        gap = moved[:, None, :] - moved[None, :, :]
        distance = np.linalg.norm(gap, axis=2)
        overlap = np.where(distance < need, need - distance, 0)
        np.fill_diagonal(overlap, 0)
        if not np.any(overlap > 1e-3):
            break
        turn = np.arange(len(moved)) * 2.399963  # where two stand on the same point, each has its own way out
        away = np.where(
            distance[..., None] > 1e-6,
            gap / np.maximum(distance, 1e-6)[..., None],
            np.stack([np.cos(turn), np.sin(turn)], axis=1)[:, None, :],
        )
        moved += 0.5 * (overlap[..., None] * away).sum(axis=1)
    return moved.astype(np.float32)
