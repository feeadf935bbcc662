"""How many answers were cut before they ended, as a module of the `evaluate` library."""

from typing import Any

from evaluation.metrics import frame

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


class TruncatedShare(frame.PerAnswer):
    """Answers that were cut."""

    about = _DESCRIPTION
    inputs = _KWARGS

    def scores(self, predictions: list[str], references: list[str], **given: Any) -> list[float | None]:
        return [None if cut is None else float(cut) for _, cut in zip(predictions, given["truncated"], strict=True)]
