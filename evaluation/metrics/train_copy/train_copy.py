"""How much of an answer was copied from the training set, as a module of the `evaluate` library."""

import datasets
import evaluate

_DESCRIPTION = r"""
For each answer, the share of its words that stand in a run of at least eight words which also stands in an answer of
the training set. A set of templated answers makes any good answer score high, so it is read beside the references'
own share: far above it, the model recites. Words are runs of \w, case folded.
"""
_KWARGS = """
Args:
    predictions: answers, one text each.
    references: the reference answer of each.
    training: the answers of the training set.
Returns:
    train_copy: mean over answers of at least eight words, in [0, 1]; None where there are none.
    per_item: share of each answer, in order; None where it has fewer than eight words.
    references: the same mean over the references.
Examples:
    >>> text = "one two three four five six seven eight"
    >>> metric.compute(predictions=[text + " nine ten"], references=[""], training=["So: " + text])["train_copy"]
    0.8
"""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS)
class TrainCopy(evaluate.Metric):  # type: ignore[misc]
    """Words recited from training."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_KWARGS,
            features=datasets.Features(
                {"predictions": datasets.Value("string"), "references": datasets.Value("string")}
            ),
        )

    def _compute(self, predictions: list[str], references: list[str], training: list[str]) -> dict[str, object]:
        # The training set may be large and the answers are few: of its runs only those are kept that they have.
        asked = {run for text in (*predictions, *references) for run in runs(words(text))}
        known = {run for text in training for run in runs(words(text)) if run in asked}
        per_item, wanted = [copied(p, known) for p in predictions], [copied(r, known) for r in references]
        return {"train_copy": mean(per_item), "per_item": per_item, "references": mean(wanted)}


RUN = 8


def words(text: str) -> list[str]:
    """Words, case folded."""
    import re

    return re.findall(r"\w+", text.casefold())


def runs(said: list[str]) -> list[int]:
    """A number for each run of eight words, in order: equal runs have equal numbers."""
    return [hash(tuple(said[k : k + RUN])) for k in range(len(said) - RUN + 1)]


def copied(text: str, known: set[int]) -> float | None:
    """Share of a text's words that stand in a known run; None where it is shorter than a run."""
    said = words(text)
    if len(said) < RUN:
        return None
    inside = [False] * len(said)
    for k, run in enumerate(runs(said)):
        if run in known:
            inside[k : k + RUN] = [True] * RUN
    return sum(inside) / len(said)


def mean(values: list[float | None]) -> float | None:
    """Mean of those that are known."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
