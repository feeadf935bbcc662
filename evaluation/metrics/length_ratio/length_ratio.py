"""How long answers are beside their references, as a module of the `evaluate` library."""

import datasets
import evaluate

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


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS)
class LengthRatio(evaluate.Metric):  # type: ignore[misc]
    """Ratio of numbers of words."""

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
        answers, wanted = [count(p) for p in predictions], [count(r) for r in references]
        per_item = [a / w if w else None for a, w in zip(answers, wanted, strict=True)]
        return {"length_ratio": sum(answers) / sum(wanted) if sum(wanted) else None, "per_item": per_item}


def count(text: str) -> int:
    """Number of words."""
    import re

    return len(re.findall(r"\w+", text))
