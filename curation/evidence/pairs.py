"""The similarities of all examples that resemble each other, as tables: what the threshold explorer reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from curation.evidence.relations import Relations

if TYPE_CHECKING:
    import polars as pl

PAIR_FLOOR = 0.50
"""Pairs of whole conversations are kept from this similarity on; the bands catch 87 % of those that just have it."""

MOST_UNITS = 250_000
"""In a larger dataset only pairs that reach the thresholds are kept: the others can be a hundred times as many."""


@dataclass(frozen=True, slots=True)
class PairFrames:
    """Two tables.

    Attributes:
        units: In order of rank: ``id`` (of the example that stays) and ``copies`` (examples that are equal, with it).
        pairs: ``left``, ``right`` (rows of ``units``, the better first), ``whole``, ``prompt``, ``answer`` (exact
            similarities), ``short`` (bits 1, 2, 4: which of these compare on characters), ``same`` (no number, code,
            negation, opposite word or system prompt apart).
        floor: Least similarity of whole conversations.
    """

    units: pl.DataFrame
    pairs: pl.DataFrame
    floor: float


def pair_frames(found: Relations, floor: float) -> PairFrames:
    """The tables of a batch's relations."""
    import polars as pl

    pairs = found.pairs
    left, right = pairs.left, pairs.right
    views = {"whole": found.whole, "prompt": found.prompt, "answer": found.answer}
    short = np.zeros(len(left), np.uint8)
    scores = {}
    for place, (name, view) in enumerate(views.items()):
        one, other = view.node[left], view.node[right]
        scores[name] = (pairs.score if name == "whole" else view.similarity(one, other)).astype(np.float32)
        short |= view.is_short(one, other).astype(np.uint8) << place
    units = found.units
    ids = [units.first(unit).id for unit in range(len(units))]
    return PairFrames(
        pl.DataFrame(
            {"id": ids, "copies": np.diff(units.starts).astype(np.uint32)}, schema_overrides={"id": pl.String}
        ),
        pl.DataFrame(
            {
                "left": left.astype(np.uint32),
                "right": right.astype(np.uint32),
                **scores,
                "short": short,
                "same": found.same_but_wording(left, right),
            }
        ),
        floor,
    )
