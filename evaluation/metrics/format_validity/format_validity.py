"""How many answers keep the form that the training set taught, as a module of the `evaluate` library."""

import datasets
import evaluate

_DESCRIPTION = r"""
Share of answers that depart from none of the norms which the checks learned from the training set (closing marks, form
of lists and numbers, keys of JSON, length, role text, placeholders and the like). The caller holds each answer against
them, as an example that would join the set, and gives the number of departures.
"""
_KWARGS = """
Args:
    predictions: answers, one text each.
    references: not looked at; as many as answers.
    departures: how many norms each answer breaks; None = nothing was learned that it could be held against.
Returns:
    format_validity: share of answers without a departure, in [0, 1]; None where none could be judged.
    per_item: 1.0 or 0.0 for each answer, in order; None where it could not be judged.
Examples:
    >>> metric.compute(predictions=["a", "b"], references=["", ""], departures=[0, 2])["format_validity"]
    0.5
"""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS)
class FormatValidity(evaluate.Metric):  # type: ignore[misc]
    """Answers of the right form."""

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
        self, predictions: list[str], references: list[str], departures: list[int | None]
    ) -> dict[str, object]:
        per_item = [None if many is None else float(many == 0) for _, many in zip(predictions, departures, strict=True)]
        known = [value for value in per_item if value is not None]
        return {"format_validity": sum(known) / len(known) if known else None, "per_item": per_item}
