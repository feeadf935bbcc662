"""Star clusters: every member has a verified edge to the row that stays; nothing is closed transitively."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from curation.minhash.scan import jit


def stars(
    nodes: int, left: NDArray[np.int64], right: NDArray[np.int64], rank: NDArray[np.int64]
) -> list[tuple[int, list[int]]]:
    """Cover a graph of verified edges by stars.

    The best free node by ``rank`` becomes a centre and takes its free neighbours, and so on. A node whose neighbours
    all went to other stars stays alone.

    Args:
        nodes: Number of nodes.
        left: One end of each edge: int64 [edges].
        right: The other end: int64 [edges].
        rank: int64 [nodes], 0 = best; all different.

    Returns:
        ``(centre, members)`` with members in order of rank, centres in order of rank; stars of one node are left out.
    """
    by_rank = np.argsort(rank, kind="stable")
    centre = centres(nodes, rank[left], rank[right])
    taken = np.flatnonzero(centre != np.arange(nodes))
    order = taken[np.lexsort((taken, centre[taken]))]
    return [
        (int(by_rank[centre[order[start]]]), by_rank[order[start:stop]].tolist()) for start, stop in runs(centre[order])
    ]


def runs(values: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Where equal neighbours begin and end: half-open ranges that cover all."""
    return list(pairwise([*run_starts(values).tolist(), len(values)]))


def run_starts(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where equal neighbours begin: int64 [runs]."""
    fresh = np.ones(len(values), np.bool_)
    fresh[1:] = values[1:] != values[:-1]
    return np.flatnonzero(fresh)


def centres(nodes: int, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same with nodes numbered by rank: the centre of each node, itself where it is alone or a centre.

    Returns:
        int64 [nodes].
    """
    low, high = np.minimum(left, right), np.maximum(left, right)
    order = np.argsort(low, kind="stable")
    centre: NDArray[np.int64] = np.arange(nodes, dtype=np.int64)
    _take(low[order], high[order], centre)
    return centre


@jit
def _take(low, high, centre):  # type: ignore[no-untyped-def]
    """Give each free right end to its left end where that is free or a centre; ``low`` is in rising order."""
    for edge in range(len(low)):
        if centre[low[edge]] == low[edge] and centre[high[edge]] == high[edge]:
            centre[high[edge]] = low[edge]


def bridges(
    nodes: int,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    score: NDArray[np.float64],
    groups: Sequence[tuple[int, list[int]]],
) -> list[tuple[int, int, float]]:
    """The fewest verified edges that join what some stars, ``(centre, members)``, left apart; see ``joining``."""
    star = np.arange(nodes, dtype=np.int64)
    for centre, members in groups:
        star[members] = centre
    chosen = joining(star, left, right, score)
    return list(zip(left[chosen].tolist(), right[chosen].tolist(), score[chosen].tolist(), strict=True))


def joining(
    star: NDArray[np.int64], left: NDArray[np.int64], right: NDArray[np.int64], score: NDArray[np.float64]
) -> NDArray[np.int64]:
    """The fewest verified edges that join what the stars left apart: their places, best first.

    Two rows that resemble each other can stand in different stars. These edges say so without putting the stars
    together. At most one edge joins two connected groups.

    Args:
        star: int64 [nodes]: the centre of each node's star, as ``centres`` gives it.
        left, right, score: The edges, and how good they are.
    """
    apart = np.flatnonzero(star[left] != star[right])
    left, right = left[apart], right[apart]
    order = np.lexsort((right, left, -score[apart]))
    joins: NDArray[np.bool_] = _joins(star.copy(), left[order], right[order])
    return apart[order[joins]]


@jit
def _root(parent, node):  # type: ignore[no-untyped-def]
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@jit
def _joins(parent, left, right):  # type: ignore[no-untyped-def]
    """Which edges, in the order given, join two groups (union-find)."""
    chosen = np.zeros(len(left), np.bool_)
    for edge in range(len(left)):
        a, b = _root(parent, left[edge]), _root(parent, right[edge])
        if a != b:
            parent[a] = b
            chosen[edge] = True
    return chosen
