"""How much of the reference's word order an answer keeps, as a module of the `evaluate` library."""

from typing import Any

from evaluation.metrics import frame

_DESCRIPTION = r"""
ROUGE-L of Lin (2004): F1 over the longest common subsequence of words of answer and reference, with Unicode words (\w+)
after NFKC and folding of case, no stemming. The usual package drops every letter outside ASCII; this one does not.
Both empty: 1; one: 0.
"""
_KWARGS = """
Args:
    predictions: answers, one text each.
    references: the reference answer of each.
Returns:
    rouge_l: mean over items, in [0, 1]; None for no items.
    per_item: F1 of each item, in order.
Examples:
    >>> metric.compute(predictions=["police kill the gunman"], references=["police killed the gunman"])["rouge_l"]
    0.75
"""


class RougeL(frame.PerAnswer):
    """Overlap of words in their order."""

    about = _DESCRIPTION
    inputs = _KWARGS

    def scores(self, predictions: list[str], references: list[str], **given: Any) -> list[float | None]:
        return [f1(frame.words(p), frame.words(r)) for p, r in zip(predictions, references, strict=True)]


def f1(answer: list[str], reference: list[str]) -> float:
    """2 L / (n + m), which is the harmonic mean of L / n and L / m."""
    if not answer or not reference:
        return float(answer == reference)
    return 2 * common(answer, reference) / (len(answer) + len(reference))


def common(first: list[str], second: list[str]) -> int:
    """Length of the longest common subsequence, by the bit vectors of Hyyrö (2004): as fast as there are words."""
    places: dict[str, int] = {}
    for k, word in enumerate(first):
        places[word] = places.get(word, 0) | 1 << k
    every = (1 << len(first)) - 1
    row = every
    for word in second:
        hits = row & places.get(word, 0)
        row = (row + hits | row - hits) & every
    return len(first) - row.bit_count()
