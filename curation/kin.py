"""Which examples are kin, so that one in training gives another away: identical, near-identical, of one source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.types import Example, Message, spoken
from curation.minhash.views import View

NEAR = 0.70
SHORT = 0.85
SOURCE_KEYS = ("source_id", "conversation_id", "document_id")
LEAST_PREFIX_WORDS = 15
"""A conversation of fewer words, such as a greeting, may begin many others without giving them away."""

Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Kin:
    """One way of being kin. Rows of one node are kin, and so are rows of two nodes that make a pair.

    Attributes:
        name: ``prompt`` or ``conversation`` (alike in their words), ``source`` or ``turns``.
        node: int64 [rows]: the node of each row.
        left, right: int64 [pairs]: nodes.
        view: The texts behind it, where it is about words.
        full_buckets: See ``minhash.bands.Pairs``; there the second scan finds what was not compared.
    """

    name: str
    node: Index
    left: Index
    right: Index
    view: View | None = None
    full_buckets: int = 0

    def first(self, rows: int) -> Kin:
        """The same of the first rows; those behind them were looked at for their kin alone."""
        node = self.node[:rows]
        here = np.isin(self.left, node) & np.isin(self.right, node)
        return replace(self, node=node, left=self.left[here], right=self.right[here])


def kin_of(examples: Sequence[Example]) -> list[Kin]:
    """All the ways in which examples are kin, each pair verified.

    ``prompt`` and ``conversation``: word 3-grams at Jaccard similarity 0.70, where a text has under 15 words character
    5-grams at 0.85; system prompts do not count. ``source``: one value of a field of ``SOURCE_KEYS`` in their meta.
    ``turns``: one conversation goes on where another one ends.
    """
    found = []
    sides: tuple[tuple[str, Callable[[Example], str]], ...] = (
        ("prompt", lambda e: spoken(e.prompt)),
        ("conversation", lambda e: spoken(e.messages)),
    )
    for name, side in sides:
        view = View.of([side(example) for example in examples], near=NEAR, short=SHORT)
        pairs = view.pairs()
        silent = view.words[view.node] == 0  # texts without a word have nothing in common
        node = np.where(silent, len(view.words) + np.arange(len(examples)), view.node)
        found.append(Kin(name, node, pairs.left, pairs.right, view.searched(), pairs.full_buckets))
    for key in SOURCE_KEYS:
        shared = _by_source(examples, key)
        if shared is not None:
            found.append(Kin("source", shared, *_no_pairs()))
    left, right = _continued(examples)
    if len(left):
        found.append(Kin("turns", np.arange(len(examples), dtype=np.int64), left, right))
    return found


def components(rows: int, kin: Sequence[Kin]) -> Index:
    """Which rows must stay together: int64 [rows], the number of each row's group; groups are numbered by first row."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends: list[tuple[Index, Index]] = []
    size = rows
    for one in kin:
        ends.append((np.arange(rows, dtype=np.int64), one.node + size))
        ends.append((one.left + size, one.right + size))
        size += int(one.node.max(initial=-1)) + 1
    a, b = np.concatenate([x for x, _ in ends]), np.concatenate([y for _, y in ends])
    graph = coo_array((np.ones(len(a), np.int8), (a, b)), shape=(size, size))
    labels = np.asarray(connected_components(graph, directed=False)[1][:rows], np.int64)
    _, first, number = np.unique(labels, return_index=True, return_inverse=True)
    order = np.empty(len(first), np.int64)
    order[np.argsort(first, kind="stable")] = np.arange(len(first))
    return order[number]


def with_kin_among(kin: Sequence[Kin], chosen: NDArray[np.bool_], others: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the ``chosen`` rows have kin among the ``others``: bool [rows]."""
    found = np.zeros(len(chosen), np.bool_)
    for one in kin:
        nodes = int(one.node.max(initial=-1)) + 1
        there = np.bincount(one.node[others], minlength=nodes) > 0
        reached = there.copy()
        np.logical_or.at(reached, one.left, there[one.right])
        np.logical_or.at(reached, one.right, there[one.left])
        found |= reached[one.node]
    return found & chosen


def _by_source(examples: Sequence[Example], key: str) -> Index | None:
    """A node for each value of a meta field, one of its own for each row without it; None where no two share one."""
    known: dict[str, int] = {}
    node = np.empty(len(examples), np.int64)
    for row, example in enumerate(examples):
        value = example.meta.get(key)
        node[row] = row if value in (None, "") else known.setdefault(str(value), row)
    if (node == np.arange(len(examples))).all():
        return None
    return np.unique(node, return_inverse=True)[1].astype(np.int64)


def _continued(examples: Sequence[Example]) -> tuple[Index, Index]:
    """Rows of which one begins with all turns of the other."""
    several = [row for row, e in enumerate(examples) if sum(m.role == "assistant" for m in e.messages) > 1]
    if not several:
        return _no_pairs()
    ends: dict[tuple[Message, ...], int] = {}
    for row, example in enumerate(examples):
        ends.setdefault(_turns(example), row)
    pairs = []
    for row in several:
        turns = _turns(examples[row])
        for stop in range(1, len(turns)):
            whole = ends.get(turns[:stop]) if turns[stop - 1].role == "assistant" else None
            if whole is not None and len(spoken(turns[:stop]).split()) >= LEAST_PREFIX_WORDS:
                pairs.append((whole, row))
    if not pairs:
        return _no_pairs()
    both = np.array(pairs, np.int64)
    return both[:, 0], both[:, 1]


def _turns(example: Example) -> tuple[Message, ...]:
    return tuple(message for message in example.messages if message.role != "system")


def _no_pairs() -> tuple[Index, Index]:
    return np.empty(0, np.int64), np.empty(0, np.int64)
