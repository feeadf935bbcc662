"""Overlap of runs of characters between answer and reference, as a module of the `evaluate` library."""

from typing import Any

from evaluation.metrics import frame

_DESCRIPTION = r"""
chrF2 of Popović (2015): F-score with beta 2 over precision and recall of runs of 1 to 6 characters, white space left
out, averaged over those lengths that both texts have. It needs no words, so it suits every script and forms of words.
The figures are those of sacrebleu's chrF divided by 100. An empty answer scores 0, two empty texts 1.
"""
_KWARGS = """
Args:
    predictions: answers, one text each.
    references: the reference answer of each.
Returns:
    chrf: mean over items, in [0, 1]; None for no items.
    per_item: score of each item, in order.
Examples:
    >>> metric.compute(predictions=["the same"], references=["the same"])["chrf"]
    1.0
"""


class Chrf(frame.PerAnswer):
    """Overlap of runs of characters."""

    about = _DESCRIPTION
    inputs = _KWARGS

    def scores(self, predictions: list[str], references: list[str], **given: Any) -> list[float | None]:
        return [score(p, r) for p, r in zip(predictions, references, strict=True)]


def score(answer: str, reference: str, longest: int = 6, beta: float = 2.0) -> float:
    """chrF of one pair, in [0, 1]."""
    from collections import Counter

    said, wanted = "".join(answer.split()), "".join(reference.split())
    if not said or not wanted:
        return float(said == wanted)
    precision, recall, used = 0.0, 0.0, 0
    for n in range(1, longest + 1):
        own = Counter(said[k : k + n] for k in range(len(said) - n + 1))
        other = Counter(wanted[k : k + n] for k in range(len(wanted) - n + 1))
        if own and other:
            shared = sum((own & other).values())
            precision, recall, used = precision + shared / own.total(), recall + shared / other.total(), used + 1
    precision, recall = precision / used, recall / used
    if precision + recall == 0:
        return 0.0
    return (1 + beta**2) * precision * recall / (beta**2 * precision + recall)
