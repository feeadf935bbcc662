"""How long answers are beside their references, as a module of the `evaluate` library."""

from typing import Any

from evaluation.metrics import frame

_DESCRIPTION = r"""
Words of all answers divided by words of all references (1 = as long). People prefer the longer of two answers in
about 64 % of pairs, so a preference should be read beside this figure. Words are runs of \w.
"""
_KWARGS = """
Args:
    predictions: answers, one text each.
    references: the reference answer of each.
Returns:
    length_ratio: ratio of the totals; None where the references hold no word.
    per_item: the ratio of each item, in order; None where its reference holds no word.
Examples:
    >>> metric.compute(predictions=["a b c"], references=["a b"])["length_ratio"]
    1.5
"""


class LengthRatio(frame.PerAnswer):
    """Ratio of numbers of words."""

    about = _DESCRIPTION
    inputs = _KWARGS

    def scores(self, predictions: list[str], references: list[str], **given: Any) -> list[float | None]:
        return [count(p) / count(r) if count(r) else None for p, r in zip(predictions, references, strict=True)]

    def _compute(self, predictions: list[str], references: list[str], **given: Any) -> dict[str, object]:
        answers, wanted = sum(count(p) for p in predictions), sum(count(r) for r in references)
        found = super()._compute(predictions, references)
        return {**found, "length_ratio": answers / wanted if wanted else None}


def count(text: str) -> int:
    """Number of words."""
    return len(frame.words(text))
