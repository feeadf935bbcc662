"""Similarities as findings state them: exact, of each view, and by which measure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    found: Relations, one: NDArray[np.int64], other: NDArray[np.int64], cuts: Sequence[tuple[int, int]]
) -> list[Measured]:
    """The least similarities of each run of pairs of units; ``cuts`` are half-open ranges that cover all pairs."""
    starts = [start for start, _ in cuts]
    if not starts:
        return []
    whole, prompt, answer = (np.minimum.reduceat(view, starts).tolist() for view in found.scores(one, other))
    nodes = found.whole.node
    short = np.add.reduceat(found.whole.is_short(nodes[one], nodes[other]).astype(np.int64), starts).tolist()
    pairs = [stop - start for start, stop in cuts]
    return [Measured(*values) for values in zip(whole, prompt, answer, short, pairs, strict=True)]


def measured_bridges(found: Relations, joined: Sequence[tuple[int, int, float]]) -> Iterator[tuple[int, int, Measured]]:
    """The same for single pairs of units, as ``clusters.bridges`` gives them."""
    one, other = (np.array([pair[end] for pair in joined], np.int64) for end in (0, 1))
    alike = measured(found, one, other, [(place, place + 1) for place in range(len(joined))])
    return zip(one.tolist(), other.tolist(), alike, strict=True)
