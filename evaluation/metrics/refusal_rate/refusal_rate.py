"""How often a model declines to answer, as a module of the `evaluate` library."""

from typing import Any

from evaluation.metrics import frame

_DESCRIPTION = r"""
Share of answers that begin by declining ("I'm sorry, but I can't …", "Das kann ich leider nicht …"), by wordings of
English, German, French and Spanish within the first 200 characters; an answer in another language is never counted.
Neither more nor less is better by itself: a refusal where the reference answers is a failure, and so is an answer where
the reference declines; read it beside the references' own rate.
"""
_KWARGS = """
Args:
    predictions: answers, one text each.
    references: the reference answer of each.
Returns:
    refusal_rate: share of answers that decline, in [0, 1]; None for no items.
    per_item: 1.0 or 0.0 for each answer, in order.
    references: share of references that decline.
Examples:
    >>> metric.compute(predictions=["I'm sorry, but I cannot help with that."], references=["Yes."])["refusal_rate"]
    1.0
"""


class RefusalRate(frame.PerAnswer):
    """Answers that decline."""

    about = _DESCRIPTION
    inputs = _KWARGS

    def scores(self, predictions: list[str], references: list[str], **given: Any) -> list[float | None]:
        return [float(declines(p)) for p in predictions]

    def _compute(self, predictions: list[str], references: list[str], **given: Any) -> dict[str, object]:
        found = super()._compute(predictions, references)
        return {**found, "references": frame.mean(self.scores(references, predictions))}


def declines(text: str) -> bool:
    """Whether an answer declines where it begins."""
    from core.general import REFUSES

    return REFUSES.search(text[:200]) is not None
