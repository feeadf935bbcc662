"""One side of every example (prompt, answer or whole) as a searchable set of distinct texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.minhash.bands import Lengths, Pairs, ordered, similar_pairs
from curation.minhash.sets import Sets
from curation.minhash.sketch import BORDER_WORDS, SHORT_WORDS, Column, Sketch, sketch

__all__ = ["BORDER_WORDS", "SHORT_WORDS", "View", "distinct"]


@dataclass(frozen=True, slots=True)
class View:
    """Distinct normalised texts ("nodes"), and which of them each row shows.

    Attributes:
        node: int64 [rows]: the node of each row; nodes are numbered by their first row.
        first: int64 [nodes]: the first row of each.
        words: int32 [nodes].
        near: Least Jaccard similarity on word 3-grams.
        short: Least Jaccard similarity on character 5-grams, where one of two texts is short.
        by_word, by_character: Their n-gram sets; the latter are empty for texts of ``border_words`` and more.
        bands, band_rows: uint32 [any, 32] and int64 [nodes]: band keys by word, and the row that each node has there.
        small_bands, small_rows, small_nodes: The same by character, of the nodes of few words.
        short_words: A text of fewer words is short.
        border_words: A text of this many words or more is never compared as if it were short.
    """

    node: NDArray[np.int64]
    first: NDArray[np.int64]
    words: NDArray[np.int32]
    near: float
    short: float
    by_word: Sets
    by_character: Sets
    bands: NDArray[np.uint32]
    band_rows: NDArray[np.int64]
    small_bands: NDArray[np.uint32]
    small_rows: NDArray[np.int64]
    small_nodes: NDArray[np.int64]
    short_words: int = SHORT_WORDS
    border_words: int = BORDER_WORDS

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
        """Index texts, one a row; they are normalised on the way."""
        made = sketch(texts, border_words=border_words)
        rows = np.arange(len(texts), dtype=np.int64)
        return cls.side(made, made.left, rows, near, short, short_words, border_words)

    @classmethod
    def side(
        cls,
        made: Sketch,
        column: Column,
        rows: NDArray[np.int64],
        near: float,
        short: float,
        short_words: int = SHORT_WORDS,
        border_words: int = BORDER_WORDS,
    ) -> View:
        """A view of one column of a sketch; ``rows`` says which of its rows, in order."""
        keys = column.keys[rows]
        node, first = distinct(keys[:, 0], keys[:, 1])
        chosen = rows[first]
        by_word = Sets.of(made.hashes, column.grams[chosen])
        return cls(
            node, first, column.words[chosen], near, short, by_word, *_of_few_words(made, column, chosen),
            short_words=short_words, border_words=border_words,
        )  # fmt: skip

    @classmethod
    def whole(cls, made: Sketch, rows: NDArray[np.int64], near: float, short: float) -> View:
        """The view of whole conversations; each row is a node of its own."""
        parts = np.hstack([made.left.grams[rows], made.right.grams[rows]])
        parts[made.left.words[rows] < 3, :2] = 0  # a gram of under three words is none of the whole
        parts[made.right.words[rows] < 3, 2:] = 0
        by_word = Sets.of(made.hashes, parts, made.border[rows], made.border_counts[rows])
        everyone = np.arange(len(rows), dtype=np.int64)
        few = _of_few_words(made, made.whole, rows)
        return cls(everyone, everyone, made.whole.words[rows], near, short, by_word, *few)

    def similarity(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.float64]:
        """Exact similarity of pairs of nodes, by the measure that their length calls for."""
        score = np.ones(len(left), np.float64)
        differ = left != right
        small = differ & self.is_short(left, right)
        long = differ & ~small
        score[small] = self.by_character.jaccard(left[small], right[small])
        score[long] = self.by_word.jaccard(left[long], right[long])
        return score

    def alike(self, left: NDArray[np.int64], right: NDArray[np.int64], score: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether each pair's score reaches the threshold that its length calls for."""
        return score >= np.where(self.is_short(left, right), self.short, self.near)

    def pairs(self, floor: float | None = None, hints: NDArray[np.uint64] | None = None) -> Pairs:
        """All pairs of nodes that are alike, verified; with a lower ``floor``, those from that similarity on.

        ``hints`` (uint64 [nodes]): in full buckets, texts of one hint are compared with each other first.
        """
        lengths = Lengths(self.words, self.short_words, self.border_words)
        near = self.near if floor is None else min(floor, self.near)
        short = self.short if floor is None else min(floor, self.short)
        # Two texts of which one is short and the other long can share no more than this; then the short ones stay out.
        reach = (self.short_words - 3) / (self.border_words - 2)
        many = np.flatnonzero(self.words >= (1 if near <= reach else self.short_words))
        found = similar_pairs(
            self.bands, self.band_rows[many], many, self.by_word, lengths,
            least=near, enough=self.near, by_character=False, hints=hints,
        )  # fmt: skip
        more = similar_pairs(
            self.small_bands, self.small_rows, self.small_nodes, self.by_character, lengths,
            least=short, enough=self.short, by_character=True, hints=hints,
        )  # fmt: skip
        full = found.full_buckets + more.full_buckets
        if not len(more.left):
            return replace(found, full_buckets=full)
        columns = ordered(np.r_[found.left, more.left], np.r_[found.right, more.right], np.r_[found.score, more.score])
        return Pairs(*columns, full)

    def searched(self) -> View:
        """The same without its bands, which take the most room, once its pairs are known."""
        return replace(self, bands=np.empty((0, 32), np.uint32))

    def is_short(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether pairs of nodes compare on character 5-grams."""
        least = np.minimum(self.words[left], self.words[right])
        most = np.maximum(self.words[left], self.words[right])
        short: NDArray[np.bool_] = (least < self.short_words) & (most < self.border_words)
        return short


def distinct(*columns: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number equal rows of some columns in order of their first: ``(node: int64 [rows], first: int64 [nodes])``."""
    rows = len(columns[0])
    if not rows:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    order = np.lexsort(columns[::-1])  # stable: equal rows stay in order
    fresh = np.zeros(rows, np.bool_)
    fresh[0] = True
    for column in columns:
        ordered = column[order]
        fresh[1:] |= ordered[1:] != ordered[:-1]
    leaders = order[fresh]
    number = np.empty(len(leaders), np.int64)
    number[np.argsort(leaders)] = np.arange(len(leaders))
    node = np.empty(rows, np.int64)
    node[order] = number[np.cumsum(fresh) - 1]
    return node, np.sort(leaders)


def _of_few_words(
    made: Sketch, column: Column, chosen: NDArray[np.int64]
) -> tuple[Sets, NDArray[np.uint32], NDArray[np.int64], NDArray[np.uint32], NDArray[np.int64], NDArray[np.int64]]:
    """Character sets, word bands and their rows, character bands, their rows and nodes, for chosen rows of a column."""
    place = np.full(len(column.words), -1, np.int64)
    place[column.small_rows] = np.arange(len(column.small_rows))
    at = place[chosen]
    nodes = np.flatnonzero(at >= 0)
    return Sets.of(made.hashes, column.small[chosen]), column.bands, chosen, column.small_bands, at[nodes], nodes
