"""How many answers say nothing, as a module of the `evaluate` library."""

import datasets
import evaluate

_DESCRIPTION = r"""
Share of answers without a letter or a digit. A tuned model that learned to end at once, or whose template puts an end
of turn where the answer begins, shows itself here before anywhere else.
"""
_KWARGS = """
Args:
    predictions: answers, one text each.
    references: not looked at; as many as answers.
Returns:
    empty_share: share of answers that say nothing, in [0, 1]; None for no items.
    per_item: 1.0 or 0.0 for each answer, in order.
Examples:
    >>> metric.compute(predictions=[" ...", "Yes."], references=["", ""])["empty_share"]
    0.5
"""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS)
class EmptyShare(evaluate.Metric):  # type: ignore[misc]
    """Answers that say nothing."""

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
        per_item = [float(not any(c.isalnum() for c in p)) for p in predictions]
        return {"empty_share": sum(per_item) / len(per_item) if per_item else None, "per_item": per_item}
