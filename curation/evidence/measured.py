"""Similarities as findings state them: exact, of each view, and by which measure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.evidence.relations import Relations


@dataclass(frozen=True, slots=True)
class Measured:
    """The least similarities of some pairs of examples: whole conversation, prompt side, answer.

    Attributes:
        short: Of how many whole conversations the measure was that of short texts.
        pairs: Of how many pairs.
    """

    whole: float
    prompt: float
    answer: float
    short: int
    pairs: int

    def __str__(self) -> str:
        words, characters = "word 3-grams", "character 5-grams"
        by = characters if self.short == self.pairs else f"{words} or {characters}" if self.short else words
        least = "similarity" if self.pairs == 1 else "similarity at least"
        return f"{least} {self.whole:.2f} whole, {self.prompt:.2f} prompt, {self.answer:.2f} answer, by {by}"


def measured(
    found: Relations, one: NDArray[np.int64], other: NDArray[np.int64], starts: NDArray[np.int64] | None = None
) -> list[Measured]:
    """The least similarities of each run of pairs of units.

    Args:
        found: Of these units.
        one, other: The pairs.
        starts: int64 [runs]: where each run begins; None = every pair by itself.
    """
    if starts is None:
        starts = np.arange(len(one), dtype=np.int64)
    if not len(starts):
        return []
    whole, prompt, answer = (np.minimum.reduceat(view, starts).tolist() for view in found.scores(one, other))
    nodes = found.whole.node
    short = np.add.reduceat(found.whole.is_short(nodes[one], nodes[other]).astype(np.int64), starts).tolist()
    pairs = np.diff(starts, append=len(one)).tolist()
    return [Measured(*values) for values in zip(whole, prompt, answer, short, pairs, strict=True)]
