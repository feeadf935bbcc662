"""How much of an answer was copied from the training set, as a module of the `evaluate` library."""

from typing import Any

from evaluation.metrics import frame

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


class TrainCopy(frame.PerAnswer):
    """Words recited from training."""

    about = _DESCRIPTION
    inputs = _KWARGS

    def scores(self, predictions: list[str], references: list[str], **given: Any) -> list[float | None]:
        # The training set may be large and the answers are few: of its runs only those are kept that they have.
        asked = {run for text in predictions for run in runs(frame.words(text))}
        known = {run for text in given["training"] for run in runs(frame.words(text)) if run in asked}
        return [copied(p, known) for p in predictions]

    def _compute(self, predictions: list[str], references: list[str], **given: Any) -> dict[str, object]:
        both = self.scores([*predictions, *references], [], **given)
        own, wanted = both[: len(predictions)], both[len(predictions) :]
        return {"train_copy": frame.mean(own), "per_item": own, "references": frame.mean(wanted)}


RUN = 8


def runs(said: list[str]) -> list[int]:
    """A number for each run of eight words, in order: equal runs have equal numbers."""
    return [hash(tuple(said[k : k + RUN])) for k in range(len(said) - RUN + 1)]


def copied(text: str, known: set[int]) -> float | None:
    """Share of a text's words that stand in a known run; None where it is shorter than a run."""
    said = frame.words(text)
    if len(said) < RUN:
        return None
    inside = [False] * len(said)
    for k, run in enumerate(runs(said)):
        if run in known:
            inside[k : k + RUN] = [True] * RUN
    return sum(inside) / len(said)
