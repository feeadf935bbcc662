"""How much of the reference's word order an answer keeps, as a module of the `evaluate` library."""

import datasets
import evaluate

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


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS)
class RougeL(evaluate.Metric):  # type: ignore[misc]
    """Overlap of words in their order."""

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
        per_item = [f1(words(p), words(r)) for p, r in zip(predictions, references, strict=True)]
        return {"rouge_l": sum(per_item) / len(per_item) if per_item else None, "per_item": per_item}


def words(text: str) -> list[str]:
    """Unicode words, case folded."""
    import re
    import unicodedata

    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())


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
