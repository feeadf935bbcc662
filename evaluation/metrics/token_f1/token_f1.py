"""Overlap of words between answer and reference, as a module of the `evaluate` library."""

from typing import Any

from evaluation.metrics import frame

_DESCRIPTION = r"""
F1 of the bags of words of answer and reference (Rajpurkar et al. 2016, SQuAD), with Unicode words (\w+) after NFKC and
folding of case; no articles are removed, so it works in any language that separates words. Both empty: 1; one: 0.
"""
_KWARGS = """
Args:
    predictions: answers, one text each.
    references: the reference answer of each.
Returns:
    token_f1: mean over items, in [0, 1]; None for no items.
    per_item: F1 of each item, in order.
Examples:
    >>> metric.compute(predictions=["the code is E11"], references=["the code"])["token_f1"]
    0.6666666666666666
"""


class TokenF1(frame.PerAnswer):
    """Overlap of bags of words."""

    about = _DESCRIPTION
    inputs = _KWARGS

    def scores(self, predictions: list[str], references: list[str], **given: Any) -> list[float | None]:
        return [f1(frame.words(p), frame.words(r)) for p, r in zip(predictions, references, strict=True)]


def f1(answer: list[str], reference: list[str]) -> float:
    """Harmonic mean of precision and recall of the bags."""
    from collections import Counter

    if not answer or not reference:
        return float(answer == reference)
    common = sum((Counter(answer) & Counter(reference)).values())
    return 2 * common / (len(answer) + len(reference))
