"""Exact match of answers after folding case and white space, as a module of the `evaluate` library."""

import datasets
import evaluate

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


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS)
class ExactMatch(evaluate.Metric):  # type: ignore[misc]
    """Equality of texts."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_KWARGS,
            features=datasets.Features(
                {"predictions": datasets.Value("string"), "references": datasets.Value("string")}
            ),
        )

    def _compute(self, predictions: list[str], references: list[str]) -> dict[str, object]:
        per_item = [float(fold(p) == fold(r)) for p, r in zip(predictions, references, strict=True)]
        return {"exact_match": sum(per_item) / len(per_item) if per_item else None, "per_item": per_item}


def fold(text: str) -> str:
    """The text that is compared."""
    import unicodedata

    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
