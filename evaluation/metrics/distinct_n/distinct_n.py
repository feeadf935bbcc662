"""How varied a model's wording is, as a module of the `evaluate` library."""

import datasets
import evaluate

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


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS)
class DistinctN(evaluate.Metric):  # type: ignore[misc]
    """Different pairs of words."""

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
        by_item = [pairs(p) for p in predictions]
        every = [pair for found in by_item for pair in found]
        return {
            "distinct_n": len(set(every)) / len(every) if every else None,
            "per_item": [len(set(found)) / len(found) if found else None for found in by_item],
        }


def pairs(text: str) -> list[tuple[str, str]]:
    """Neighbouring words."""
    import itertools
    import re

    words = re.findall(r"\w+", text.casefold())
    return list(itertools.pairwise(words))
