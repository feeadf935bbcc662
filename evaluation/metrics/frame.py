"""What the shipped metrics share: their frame as modules of the `evaluate` library, their mean, and what a word is."""

import abc
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import datasets
import evaluate


class PerAnswer(evaluate.Metric, abc.ABC):  # type: ignore[misc]
    """A metric with a score for each answer, whose figure is their mean.

    It is abstract, so that `evaluate` takes the class of the module that imports it, not this one.

    Attributes:
        about, inputs: The module's description, and that of what it takes and gives.
    """

    about: str
    inputs: str

    def _info(self) -> Any:
        texts = {name: datasets.Value("string") for name in ("predictions", "references")}
        return evaluate.MetricInfo(
            description=self.about, citation="", inputs_description=self.inputs, features=datasets.Features(texts)
        )

    @abc.abstractmethod
    def scores(self, predictions: list[str], references: list[str], **given: Any) -> Sequence[float | None]:
        """A score for each answer, in order; None where it cannot be scored."""

    def _compute(self, predictions: list[str], references: list[str], **given: Any) -> dict[str, object]:
        per_item = list(self.scores(predictions, references, **given))
        return {self.name: mean(per_item), "per_item": per_item}


def mean(values: Sequence[float | None]) -> float | None:
    """Mean of those that are known; None where none is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def words(text: str) -> list[str]:
    """Unicode words: runs of word characters after NFKC, case folded."""
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())
