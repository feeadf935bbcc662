"""How many answers were cut before they ended, as a module of the `evaluate` library."""

import datasets
import evaluate

_DESCRIPTION = r"""
Share of answers that reached the longest length without an end of turn. A cut answer is judged on less than the model
would have said, so other figures about it are not the model's alone.
"""
_KWARGS = """
Args:
    predictions: answers, one text each.
    references: not looked at; as many as answers.
    truncated: whether each answer was cut, as the generation marked it; None = not known.
Returns:
    truncated_share: share of answers that were cut, in [0, 1]; None where it is known of none.
    per_item: 1.0 or 0.0 for each answer, in order; None where it is not known.
Examples:
    >>> metric.compute(predictions=["a", "b"], references=["", ""], truncated=[True, False])["truncated_share"]
    0.5
"""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS)
class TruncatedShare(evaluate.Metric):  # type: ignore[misc]
    """Answers that were cut."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_KWARGS,
            features=datasets.Features(
                {"predictions": datasets.Value("string"), "references": datasets.Value("string")}
            ),
        )

    def _compute(
        self, predictions: list[str], references: list[str], truncated: list[bool | None]
    ) -> dict[str, object]:
        per_item = [None if cut is None else float(cut) for _, cut in zip(predictions, truncated, strict=True)]
        known = [value for value in per_item if value is not None]
        return {"truncated_share": sum(known) / len(known) if known else None, "per_item": per_item}
