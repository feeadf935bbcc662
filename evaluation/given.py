"""Gathers what some metrics need beside answers and references: the dataset's norms, training answers, what was cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from core.ids import example_id
from core.types import Example, Message
from evaluation.metrics_loader import Given


@dataclass(frozen=True, slots=True)
class Looked:
    """What the checks of a dataset say of an answer.

    Attributes:
        departures: How many of the norms that the dataset taught it breaks; None = no norms are known.
        leaks: Personal values in it that its prompt does not hold.
    """

    departures: int | None
    leaks: int


Look = Callable[[Example], Looked]
"""Holds the last turn of an example against the checks; evaluation knows none, see ``flows.looking``."""


def given(
    examples: Sequence[Example],
    texts: tuple[Sequence[str], Sequence[str]],
    truncated: tuple[Sequence[bool | None], Sequence[bool | None]],
    *,
    training: Sequence[str] = (),
    look: Look | None = None,
) -> Given:
    """What metrics are given, by name; a part that is not at hand is left out.

    Args:
        examples: Whose prompts were answered.
        texts: Both models' answers, in the same order.
        truncated: Whether each was cut; None = not known.
        training: Answers of the training set.
        look: Holds an answer against the checks.
    """
    found: dict[str, tuple[Sequence[Any], Sequence[Any]]] = {"truncated": truncated}
    if training:
        found["training"] = (training, training)
    if look is not None:
        sides = [
            [look(_answered(example, text)) for example, text in zip(examples, said, strict=True)] for said in texts
        ]
        found["leaks"] = ([one.leaks for one in sides[0]], [one.leaks for one in sides[1]])
        departures = [[one.departures for one in side] for side in sides]
        if not examples or any(many is not None for side in departures for many in side):
            found["departures"] = (departures[0], departures[1])
    return found


def _answered(example: Example, text: str) -> Example:
    """The example with another answer."""
    messages = (*example.prompt, Message("assistant", text))
    return Example(example_id(messages), messages, example.meta)
