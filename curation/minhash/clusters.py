"""Star clusters: every member has a verified edge to the row that stays; nothing is closed transitively."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


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
    sources = np.concatenate([left, right])
    targets = np.concatenate([right, left])
    order = np.lexsort((rank[targets], sources))
    targets = targets[order]
    starts = np.searchsorted(sources[order], np.arange(nodes + 1))
    free = np.ones(nodes, bool)
    found: list[tuple[int, list[int]]] = []
    for centre in np.argsort(rank, kind="stable"):
        if not free[centre]:
            continue
        free[centre] = False
        neighbours = targets[starts[centre] : starts[centre + 1]]
        members = list(dict.fromkeys(int(node) for node in neighbours[free[neighbours]]))
        if members:
            free[members] = False
            found.append((int(centre), members))
    return found


def bridges(
    nodes: int,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    score: NDArray[np.float64],
    groups: Sequence[tuple[int, list[int]]],
) -> list[tuple[int, int, float]]:
    """The fewest verified edges that join what the stars left apart, best first.

    Two rows that resemble each other can stand in different stars. These edges say so without putting the stars
    together. At most one edge joins two connected groups.
    """
    parent = list(range(nodes))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for centre, members in groups:
        for member in members:
            parent[root(member)] = root(centre)
    joined: list[tuple[int, int, float]] = []
    for edge in np.lexsort((right, left, -score)):
        a, b = root(int(left[edge])), root(int(right[edge]))
        if a != b:
            parent[a] = b
            joined.append((int(left[edge]), int(right[edge]), float(score[edge])))
    return joined
