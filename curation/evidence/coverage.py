"""What the prompts of a set are about: clusters with their names and shares, and a map of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.types import Example
from curation.evidence import coverage_vectors as vectors
from curation.evidence.batch import Batch

LEAST = 100
"""Fewest prompts that are put into clusters."""

MOST, MOST_BY_MEANING = 20_000, 5_000
"""Prompts that are put into clusters at the most: of more, the first by id, which is chance (ids are hashes)."""

_DIMENSIONS = 48
_MOST_CLUSTERS = 40
_NAME_WORDS = 3


@dataclass(frozen=True, slots=True)
class Cluster:
    """Prompts about one thing.

    Attributes:
        number: From 0, the largest first; prompts without a word in common with another come last.
        name: The words that set it apart, most telling first.
        size: Prompts in it.
        share: Of the prompts that were looked at.
    """

    number: int
    name: str
    size: int
    share: float


@dataclass(frozen=True, slots=True)
class CoverageMap:
    """The prompts of a set on a plane.

    Attributes:
        ids: Of the examples, in order of id.
        x, y: float32 [points]: where each stands.
        cluster: int16 [points]: number of its cluster.
        typical: float32 [points]: cosine to the middle of its cluster.
        clusters: In order of number.
        total: Prompts of the set, of which ``len(ids)`` were looked at.
        by_meaning: Whether sentence embeddings were used, and not words.
    """

    ids: tuple[str, ...]
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    cluster: NDArray[np.int16]
    typical: NDArray[np.float32]
    clusters: tuple[Cluster, ...]
    total: int
    by_meaning: bool


def ask(example: Example) -> str:
    """The last thing the user says before the answer: the prompt that coverage is about."""
    return next((message.content for message in reversed(example.prompt) if message.role == "user"), "")


def coverage_map(batch: Batch) -> CoverageMap | None:
    """Put the prompts into clusters and on a map; None where there are fewer than :data:`LEAST`.

    Call it as ``batch.shared(coverage_map)``. With ``settings.semantic`` the clusters are by sentence embeddings,
    otherwise by words. The same examples give the same map, in any order.
    """
    asked = [(example.id, text) for example in batch if (text := ask(example)).strip()]
    if len(asked) < LEAST:
        return None
    total, by_meaning = len(asked), batch.settings.semantic
    asked = asked[: MOST_BY_MEANING if by_meaning else MOST]
    if len(asked) < total:
        batch.note(
            f"Coverage: clusters and map are of a sample of {len(asked):,} of {total:,} prompts, the first by id "
            "(ids are hashes); shares are shares of it."
        )
    texts = [text for _, text in asked]
    table, words = vectors.word_table(texts)
    if not words:
        return None
    points = _embedded(batch, texts) if by_meaning else vectors.reduced(table, _DIMENSIONS)
    k = int(np.clip(round((len(texts) / 2) ** 0.5), 8, _MOST_CLUSTERS))
    group, middles = _grouped(points, k)
    drawn = vectors.layout(points, group, middles)
    sizes = np.bincount(group, minlength=len(middles))
    names = _names(table, words, group, len(middles))
    clusters = tuple(
        Cluster(number, names[number], int(sizes[number]), float(sizes[number] / len(texts)))
        for number in range(len(middles))
    )
    typical = (points * middles[group]).sum(axis=1).astype(np.float32)
    ids = tuple(key for key, _ in asked)
    return CoverageMap(ids, drawn[:, 0], drawn[:, 1], group.astype(np.int16), typical, clusters, total, by_meaning)


def _grouped(points: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The clusters; prompts that share no word with another are one of their own, the last."""
    shares = np.linalg.norm(points, axis=1) > 0.5
    group, middles = vectors.k_means(points[shares], min(k, int(shares.sum())))
    if shares.all():
        return group, middles
    everyone = np.full(len(points), len(middles), np.int64)
    everyone[shares] = group
    return everyone, np.vstack([middles, np.zeros_like(middles[:1])])


def _embedded(batch: Batch, texts: Sequence[str]) -> NDArray[np.float32]:
    from core import embeddings

    return embeddings.embed(texts, progress=batch.progress, kept=embeddings.store())


def _names(table: object, words: Sequence[str], group: NDArray[np.int64], k: int) -> list[str]:
    """Of each cluster, the words whose mean weight in it is furthest above that in the whole set."""
    everywhere = np.asarray(table.mean(axis=0)).ravel()  # type: ignore[attr-defined]
    found = []
    for number in range(k):
        members = np.flatnonzero(group == number)
        above = np.asarray(table[members].mean(axis=0)).ravel() - everywhere  # type: ignore[index]
        order = np.lexsort((np.arange(len(words)), -np.round(above, 6)))[:_NAME_WORDS]
        found.append(", ".join(words[place] for place in order if above[place] > 0) or "no word in common")
    return found
