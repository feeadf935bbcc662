"""How many answers say nothing, as a module of the `evaluate` library."""

from typing import Any

from evaluation.metrics import frame

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


class EmptyShare(frame.PerAnswer):
    """Answers that say nothing."""

    about = _DESCRIPTION
    inputs = _KWARGS

    def scores(self, predictions: list[str], references: list[str], **given: Any) -> list[float | None]:
        return [float(not any(c.isalnum() for c in p)) for p in predictions]
