"""How varied a model's wording is, as a module of the `evaluate` library."""

from typing import Any

from evaluation.metrics import frame

_DESCRIPTION = r"""
Distinct-2 of Li et al. (2016): different pairs of neighbouring words divided by all of them. For each answer, and as
the figure of the whole over all answers together, where a model that always says the same scores low. It falls as
texts grow, so compare it only between answers to the same prompts. Words are runs of \w, case folded.
"""
_KWARGS = """
Args:
    predictions: answers, one text each.
    references: not looked at; as many as answers.
Returns:
    distinct_n: different pairs of words over all answers divided by all pairs; None where there are none.
    per_item: the same within each answer, in order; None where it has fewer than two words.
Examples:
    >>> metric.compute(predictions=["a b a b", "a b"], references=["", ""])["distinct_n"]
    0.5
"""


class DistinctN(frame.PerAnswer):
    """Different pairs of words."""

    about = _DESCRIPTION
    inputs = _KWARGS

    def scores(self, predictions: list[str], references: list[str], **given: Any) -> list[float | None]:
        return [len(set(found)) / len(found) if (found := pairs(p)) else None for p in predictions]

    def _compute(self, predictions: list[str], references: list[str], **given: Any) -> dict[str, object]:
        every = [pair for p in predictions for pair in pairs(p)]
        found = super()._compute(predictions, references)
        return {**found, "distinct_n": len(set(every)) / len(every) if every else None}


def pairs(text: str) -> list[tuple[str, str]]:
    """Neighbouring words."""
    import itertools

    words = frame.words(text)
    return list(itertools.pairwise(words))
