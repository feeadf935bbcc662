"""Overlap of words between answer and reference, as a module of the `evaluate` library."""

import datasets
import evaluate

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


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS)
class TokenF1(evaluate.Metric):  # type: ignore[misc]
    """Overlap of bags of words."""

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
        per_item = [f1(words(p), words(r)) for p, r in zip(predictions, references, strict=True)]
        return {"token_f1": sum(per_item) / len(per_item) if per_item else None, "per_item": per_item}


def words(text: str) -> list[str]:
    """Unicode words, case folded."""
    import re
    import unicodedata

    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())


def f1(answer: list[str], reference: list[str]) -> float:
    """Harmonic mean of precision and recall of the bags."""
    from collections import Counter

    if not answer or not reference:
        return float(answer == reference)
    common = sum((Counter(answer) & Counter(reference)).values())
    return 2 * common / (len(answer) + len(reference))
