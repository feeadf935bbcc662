"""The truth that the engine is held against: every pair by brute force, written without the engine's own code.

Only ``normalise`` is shared. Shingles are Python strings in sets, all pairs come from a sparse matrix product, and a
single pair is recomputed in plain Python.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.minhash.normalise import normalise

NEAR, SHORT = 0.70, 0.85  # the documented thresholds: word 3-grams, character 5-grams
SHORT_WORDS, BORDER_WORDS = 15, 24  # a pair is short if one text has under 15 words and the other under 24
_BLOCK = 500


@dataclass(frozen=True, slots=True)
class Sides:
    """One row's normalised texts: all that is spoken before the answer, the answer, and both."""

    prompt: str
    answer: str

    @property
    def whole(self) -> str:
        """Prompt and answer, one after the other."""
        return f"{self.prompt} {self.answer}".strip()


def sides_of(messages: Sequence[Mapping[str, Any]]) -> Sides:
    """The two sides of a conversation; system turns are not part of either."""
    ends = bool(messages) and messages[-1]["role"] == "assistant"
    before = messages[:-1] if ends else messages
    prompt = "\n".join(turn["content"] for turn in before if turn["role"] != "system")
    return Sides(normalise(prompt), normalise(messages[-1]["content"]) if ends else "")


def read_sides(path: Path) -> list[Sides]:
    """The sides of each line of a messages JSONL, in order."""
    with open(path, encoding="utf-8") as source:
        return [sides_of(json.loads(line)["messages"]) for line in source]


def word_grams(text: str, n: int = 3) -> frozenset[str]:
    """Word n-grams of a normalised text; a shorter one is one gram, an empty one has none."""
    words = text.split()
    if not words:
        return frozenset()
    return frozenset(" ".join(words[i : i + n]) for i in range(max(1, len(words) - n + 1)))


def character_grams(text: str, n: int = 5) -> frozenset[str]:
    """Character n-grams of a normalised text; a shorter one is one gram, an empty one has none."""
    return frozenset(text[i : i + n] for i in range(max(1, len(text) - n + 1))) if text else frozenset()


def is_short(left: str, right: str) -> bool:
    """Whether two texts are compared by characters."""
    fewer, more = sorted((len(left.split()), len(right.split())))
    return fewer < SHORT_WORDS and more < BORDER_WORDS


def jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    """|A ∩ B| / |A ∪ B|; two empty sets are alike (1)."""
    either = len(left | right)
    return len(left & right) / either if either else 1.0


def similarity(left: str, right: str) -> tuple[float, bool]:
    """Similarity of two normalised texts by the measure that their length calls for, and whether it reaches its bar."""
    if left == right:
        return 1.0, True
    if is_short(left, right):
        score = jaccard(character_grams(left), character_grams(right))
        return score, score >= SHORT
    score = jaccard(word_grams(left), word_grams(right))
    return score, score >= NEAR


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of texts, ``left < right``, with their exact similarity."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    score: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.left)

    def where(self, chosen: NDArray[np.bool_]) -> Pairs:
        """The pairs that a mask selects."""
        return Pairs(self.left[chosen], self.right[chosen], self.score[chosen])


def all_pairs(grams: Iterable[frozenset[str]], least: float) -> Pairs:
    """All pairs of sets whose Jaccard similarity is ``least`` or more, by a sparse product of all with all."""
    from scipy.sparse import csr_matrix

    index: dict[str, int] = {}
    columns: list[int] = []
    starts = [0]
    for one in grams:
        columns += [index.setdefault(gram, len(index)) for gram in one]
        starts.append(len(columns))
    count = len(starts) - 1
    sizes = np.diff(np.array(starts, np.int64))
    table = csr_matrix((np.ones(len(columns), np.int32), columns, starts), shape=(count, max(1, len(index))))
    transposed = table.T.tocsr()
    found: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []
    for start in range(0, count, _BLOCK):
        shared = (table[start : start + _BLOCK] @ transposed).tocoo()
        left, right = shared.row.astype(np.int64) + start, shared.col.astype(np.int64)
        score = shared.data / (sizes[left] + sizes[right] - shared.data)
        keep = (left < right) & (score >= least)
        found.append((left[keep], right[keep], score[keep]))
    if not found:
        return Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    return Pairs(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def near_pairs(texts: Sequence[str]) -> Pairs:
    """All pairs with word 3-gram similarity 0.70 or more, of those that are compared by words."""
    pairs = all_pairs((word_grams(text) for text in texts), NEAR)
    return pairs.where(~_short(texts, pairs))


def short_pairs(texts: Sequence[str]) -> Pairs:
    """All pairs with character 5-gram similarity 0.85 or more, of those that are compared by characters."""
    words = np.array([len(text.split()) for text in texts])
    brief = np.flatnonzero((words < BORDER_WORDS) & (words > 0))
    pairs = all_pairs((character_grams(texts[i]) for i in brief.tolist()), SHORT)
    pairs = Pairs(brief[pairs.left], brief[pairs.right], pairs.score)
    return pairs.where(_short(texts, pairs))


def _short(texts: Sequence[str], pairs: Pairs) -> NDArray[np.bool_]:
    words = np.array([len(text.split()) for text in texts], np.int64)
    fewer = np.minimum(words[pairs.left], words[pairs.right])
    more = np.maximum(words[pairs.left], words[pairs.right])
    return (fewer < SHORT_WORDS) & (more < BORDER_WORDS)


class Groups:
    """Rows that stand in one connected group (disjoint sets with path halving)."""

    def __init__(self, count: int) -> None:
        self.parent = list(range(count))

    def root(self, row: int) -> int:
        """The row that names this row's group."""
        while self.parent[row] != row:
            self.parent[row] = self.parent[self.parent[row]]
            row = self.parent[row]
        return row

    def join(self, rows: Sequence[int]) -> None:
        """Put rows into one group."""
        for row in rows[1:]:
            self.parent[self.root(row)] = self.root(rows[0])

    def roots(self) -> NDArray[np.int64]:
        """The group of each row: int64 [rows]."""
        return np.array([self.root(row) for row in range(len(self.parent))], np.int64)
