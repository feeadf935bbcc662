"""Exact match of answers after folding case and white space, as a module of the `evaluate` library."""

from typing import Any

from evaluation.metrics import frame

_DESCRIPTION = """
Share of answers that equal their reference, after Unicode NFKC, folding of case, and reduction of white space to
single spaces. Punctuation counts. An empty reference is matched only by an empty answer.
"""
_KWARGS = """
Args:
    predictions: answers, one text each.
    references: the reference answer of each.
Returns:
    exact_match: share in [0, 1]; None for no items.
    per_item: 1.0 or 0.0 for each item, in order.
Examples:
    >>> metric.compute(predictions=["Yes ", "no"], references=["yes", "yes"])["exact_match"]
    0.5
"""


class ExactMatch(frame.PerAnswer):
    """Equality of texts."""

    about = _DESCRIPTION
    inputs = _KWARGS

    def scores(self, predictions: list[str], references: list[str], **given: Any) -> list[float | None]:
        return [float(fold(p) == fold(r)) for p, r in zip(predictions, references, strict=True)]


def fold(text: str) -> str:
    """The text that is compared."""
    import unicodedata

    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
