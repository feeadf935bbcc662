"""How much an answer repeats itself, as a module of the `evaluate` library."""

import datasets
import evaluate

_DESCRIPTION = r"""
For each answer, the share of its runs of four words that stood in it before (0 = none; near 1 = it is caught in a
loop). An answer of fewer than four words cannot repeat itself and scores 0. Words are runs of \w, case folded.
"""
_KWARGS = """
Args:
    predictions: answers, one text each.
    references: not looked at; as many as answers.
Returns:
    repetition: mean over answers, in [0, 1]; None for no items.
    per_item: share of each answer, in order.
Examples:
    >>> metric.compute(predictions=["a b c d a b c d"], references=[""])["repetition"]
    0.2
"""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS)
class Repetition(evaluate.Metric):  # type: ignore[misc]
    """Runs of words said twice."""

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
        per_item = [repeated(p) for p in predictions]
        return {"repetition": sum(per_item) / len(per_item) if per_item else None, "per_item": per_item}


def repeated(text: str, n: int = 4) -> float:
    """Share of runs of ``n`` words that are not their first occurrence."""
    import re

    words = re.findall(r"\w+", text.casefold())
    runs = [tuple(words[k : k + n]) for k in range(len(words) - n + 1)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0
