"""How much an answer repeats itself, as a module of the `evaluate` library."""

from typing import Any

from evaluation.metrics import frame

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


class Repetition(frame.PerAnswer):
    """Runs of words said twice."""

    about = _DESCRIPTION
    inputs = _KWARGS

    def scores(self, predictions: list[str], references: list[str], **given: Any) -> list[float | None]:
        return [repeated(p) for p in predictions]


def repeated(text: str, n: int = 4) -> float:
    """Share of runs of ``n`` words that are not their first occurrence."""
    words = frame.words(text)
    runs = [tuple(words[k : k + n]) for k in range(len(words) - n + 1)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0
