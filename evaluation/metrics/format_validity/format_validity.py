"""How many answers keep the form that the training set taught, as a module of the `evaluate` library."""

from typing import Any

from evaluation.metrics import frame

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


class FormatValidity(frame.PerAnswer):
    """Answers of the right form."""

    about = _DESCRIPTION
    inputs = _KWARGS

    def scores(self, predictions: list[str], references: list[str], **given: Any) -> list[float | None]:
        return [
            None if many is None else float(many == 0) for _, many in zip(predictions, given["departures"], strict=True)
        ]
